use relent::retry;

struct Body;

#[retry(show(body))]
fn get(body: &Body) -> Result<u32, String> {
    let Body = body;
    Ok(1)
}

fn main() {}
