use relent::retry;

#[retry(max_tries = 3)]
fn get() -> impl Iterator<Item = u32> {
    0..3
}

fn main() {}
