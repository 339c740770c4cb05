use relent::retry;

#[retry(forever = true)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
