use relent::retry;

#[retry(crate = "relent")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
