use relent::retry;

#[retry(expo, factor = 0, max_tries = 3)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
