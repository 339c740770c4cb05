use relent::retry;

#[retry(on_try = |_| (), on_try = |_| ())]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
