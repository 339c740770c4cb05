use relent::retry;

struct Client(Vec<u32>);

impl Client {
    #[retry(max_tries = 5)]
    fn last(&mut self) -> Result<&mut u32, String> {
        self.0.push(1);
        self.0.last_mut().ok_or_else(String::new)
    }
}

fn main() {}
