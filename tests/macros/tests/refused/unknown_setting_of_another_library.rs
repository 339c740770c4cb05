use relent::retry;

#[retry(expo, max_attempts = 5)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
