use relent::retry;

struct Client;

impl Client {
    #[retry(clone(self))]
    fn get(&self) -> Result<u32, String> {
        Ok(1)
    }
}

fn main() {}
