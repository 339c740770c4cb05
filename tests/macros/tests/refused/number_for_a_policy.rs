use relent::retry;

#[retry(3)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
