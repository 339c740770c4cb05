#[relent::retry(traced)]
fn load() -> Result<u32, ()> {
    Ok(7)
}

fn main() {
    load().unwrap();
}
