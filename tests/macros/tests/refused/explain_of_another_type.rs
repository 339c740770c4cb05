use relent::retry;

#[retry(explain)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
