use relent::retry;

#[retry(colour = 5)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
