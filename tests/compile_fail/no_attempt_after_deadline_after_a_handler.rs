//! `no_attempt_after_deadline` comes before handlers.
use std::time::Duration;

use relent::Retry;

fn main() {
    let policy = Retry::expo()
        .max_time(Duration::from_secs(10))
        .on_backoff(|d| println!("{}", d.tries))
        .no_attempt_after_deadline();
    let _ = policy.run(|| Err::<(), _>("down"));
}
