use relent::retry;

#[retry(max_tries)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
