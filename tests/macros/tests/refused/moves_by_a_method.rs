use relent::retry;

#[retry(max_tries = 5)]
fn get(text: String) -> Result<Vec<u8>, String> {
    Ok(text.into_bytes())
}

fn main() {}
