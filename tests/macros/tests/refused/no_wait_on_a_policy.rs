use relent::retry;

#[retry(relent::Retry::expo(), max_wait = "0s")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
