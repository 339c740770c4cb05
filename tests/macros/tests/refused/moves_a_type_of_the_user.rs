use relent::retry;

struct Body;

fn send(_: Body) -> Result<u32, String> {
    Ok(1)
}

#[retry(max_tries = 5)]
async fn get(body: Body) -> Result<u32, String> {
    send(body)
}

fn main() {}
