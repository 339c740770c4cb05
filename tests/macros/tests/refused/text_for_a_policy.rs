use relent::retry;

#[retry("API")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
