use relent::retry;

#[retry(max_tries = 5)]
fn get() -> Option<u32> {
    None
}

fn main() {}
