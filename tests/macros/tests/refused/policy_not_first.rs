use relent::retry;

static API: relent::Retry = relent::Retry::expo();

#[retry(max_tries = 5, API)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
