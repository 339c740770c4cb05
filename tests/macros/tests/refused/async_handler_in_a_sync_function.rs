use relent::retry;

#[retry(on_try_async = |_| async {})]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
