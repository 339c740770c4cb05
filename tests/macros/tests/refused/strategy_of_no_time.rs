use relent::retry;

#[retry(linear("0s"), max_tries = 3)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
