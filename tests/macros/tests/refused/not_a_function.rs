use relent::retry;

#[retry(max_tries = 5)]
struct Client;

fn main() {}
