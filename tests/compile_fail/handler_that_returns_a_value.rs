//! What a handler returns would be lost.
use std::collections::HashSet;

use relent::Retry;

fn main() {
    let mut tries = HashSet::new();
    let policy = Retry::expo().on_backoff(|d| tries.insert(d.tries));
    let _ = policy.run(|| Err::<(), _>("down"));
}
