use relent::retry;

#[retry(attempt_timeout = "5s")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
