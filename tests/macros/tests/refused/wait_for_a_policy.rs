use relent::retry;

#[retry("100ms")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
