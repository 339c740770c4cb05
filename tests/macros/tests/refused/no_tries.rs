use relent::retry;

#[retry(max_tries = 0)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
