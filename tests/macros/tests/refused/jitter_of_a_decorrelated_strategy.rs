use relent::retry;

#[retry(decorrelated("1s"), jitter = full)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
