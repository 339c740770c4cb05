//! A handler that returns a future belongs in `on_backoff_async`.
use relent::Retry;

fn main() {
    let policy = Retry::expo().on_backoff(|_| async {});
    let _ = policy.run(|| Ok::<u8, &str>(7));
}
