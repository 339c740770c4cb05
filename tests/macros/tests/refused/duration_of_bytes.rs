use relent::retry;

#[retry(first_wait = b"1s")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
