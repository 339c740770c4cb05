//! A clock that can only block.
use std::time::Duration;

use relent::{BlockingClock, Retry};

struct BlockingOnly;

impl BlockingClock for BlockingOnly {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

fn main() {
    let policy = Retry::expo().clock(BlockingOnly);
    let _ = policy.attempts_async::<(), String>();
}
