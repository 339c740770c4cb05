use relent::retry;

#[retry(max_tries = 5)]
fn get() {}

fn main() {}
