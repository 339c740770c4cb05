//! A policy of any type needs a bound.

async fn load<P>(retry: P) -> Result<u32, String> {
    retry.run_async(|| async { Ok(7) }).await
}

fn main() {
    drop(load(relent::Retry::expo()));
}
