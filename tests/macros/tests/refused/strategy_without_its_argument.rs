use relent::retry;

#[retry(constant)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
