use relent::retry;

#[retry(attempt_timeout = "5s")]
async fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
