//! An async closure belongs in `on_backoff_async`.
use relent::Retry;

async fn post(_: u32) {}

fn main() {
    let policy = Retry::expo().on_backoff(async |d| post(d.tries).await);
    let _ = policy.run(|| Err::<(), _>("down"));
}
