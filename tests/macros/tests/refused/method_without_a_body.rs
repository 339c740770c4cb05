use relent::retry;

trait Get {
    #[retry(max_tries = 5)]
    fn get(&self) -> Result<u32, String>;
}

fn main() {}
