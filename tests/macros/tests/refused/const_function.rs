use relent::retry;

#[retry(max_tries = 5)]
const fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
