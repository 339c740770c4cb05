//! A handler that is not async belongs in `on_backoff`.
use relent::Retry;

async fn call() -> Result<(), &'static str> {
    let policy = Retry::expo().on_backoff_async(|d| println!("{}", d.tries));
    policy.run_async(async || Err("down")).await
}

fn main() {
    drop(call());
}
