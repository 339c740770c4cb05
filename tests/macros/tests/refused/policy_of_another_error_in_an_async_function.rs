use relent::retry;

#[retry(relent::Retry::expo().retry_if(|e: &u32| *e > 1))]
async fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
