use relent::retry;

#[retry(max_tries = 5, fibo)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
