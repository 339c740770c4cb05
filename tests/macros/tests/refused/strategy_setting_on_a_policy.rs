use relent::retry;

static API: relent::Retry = relent::Retry::expo();

#[retry(API, first_wait = "1s")]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
