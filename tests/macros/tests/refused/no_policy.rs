use relent::retry;

#[retry(5 + 5)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
