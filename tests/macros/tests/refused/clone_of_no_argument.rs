use relent::retry;

#[retry(clone(body))]
fn get(id: u32) -> Result<u32, String> {
    Ok(id)
}

fn main() {}
