use relent::retry;

#[retry(attempt_timeout = "5s", attempt_timeout_with("5s", |_| String::new()))]
async fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
