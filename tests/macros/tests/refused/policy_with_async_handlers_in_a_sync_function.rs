use relent::retry;

#[retry(relent::Retry::expo().on_try_async(|_| async {}))]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
