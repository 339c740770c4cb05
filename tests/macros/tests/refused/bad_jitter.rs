use relent::retry;

#[retry(jitter = "full")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
