use relent::retry;

#[retry(relent::Retry::expo(), max_tries = 0)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
