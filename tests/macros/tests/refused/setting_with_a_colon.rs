use relent::retry;

#[retry(max_tries: 3)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
