use relent::retry;

#[retry(first_wait = "30s 1m")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
