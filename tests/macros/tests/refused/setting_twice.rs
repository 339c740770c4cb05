use relent::retry;

#[retry(max_tries = 5, max_tries = 6)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
