use relent::retry;

#[retry(max_time = 60)]
fn get() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
