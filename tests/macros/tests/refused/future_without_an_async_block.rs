use relent::retry;

#[retry(max_tries = 5)]
fn get() -> impl Future<Output = Result<u32, String>> {
    std::future::ready(Ok(1))
}

fn main() {}
