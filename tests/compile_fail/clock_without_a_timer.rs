//! A clock that can only block.
use std::time::Duration;

use relent::{Retry, BlockingClock};

struct BlockingOnly;

impl BlockingClock for BlockingOnly {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

async fn call() -> Result<(), &'static str> {
    Retry::expo().clock(BlockingOnly).run_async(async || Err("down")).await
}

fn main() {
    drop(call());
}
