use relent::retry;

#[retry(max_tries = -1)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
