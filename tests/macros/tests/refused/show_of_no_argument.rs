use relent::retry;

#[retry(show(body))]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
