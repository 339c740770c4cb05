use relent::retry;

#[retry(fibo, factor = 2.0)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
