use relent::retry;

#[retry(attempt = id)]
fn get(id: u32) -> Result<u32, String> {
    Ok(id)
}

fn main() {}
