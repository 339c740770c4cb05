use relent::retry;

#[retry(max_tries = 3)]
impl Client {
    fn get() -> Result<u32, String> {
    Ok(1)
}
}

struct Client;

fn main() {}
