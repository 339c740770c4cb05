//! `run` cannot await.
use relent::Retry;

fn main() {
    let policy = Retry::expo().on_backoff_async(|_| async {});
    let _ = policy.run(|| Err::<(), _>("down"));
}
