//! An async closure as an async handler borrows the details: they have to be read before the future is made.
use relent::Retry;

async fn post(_: u32) {}

async fn call() -> Result<(), &'static str> {
    let policy = Retry::expo().on_backoff_async(async |d| post(d.tries).await);
    policy.run_async(async || Err("down")).await
}

fn main() {
    drop(call());
}
