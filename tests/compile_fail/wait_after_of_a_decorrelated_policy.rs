//! The waits depend on the ones before, not on the number of attempts alone.
use std::time::Duration;

use relent::Retry;

fn main() {
    let policy = Retry::decorrelated(Duration::from_millis(100));
    let _ = policy.wait_after(3);
}
