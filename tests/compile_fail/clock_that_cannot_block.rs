//! A clock that has only an async timer.
use std::future::Ready;
use std::time::Duration;

use relent::{AsyncClock, Retry};

struct AsyncOnly;

impl AsyncClock for AsyncOnly {
    type Timer = Ready<()>;

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn timer(&self, _: Duration) -> Ready<()> {
        std::future::ready(())
    }
}

fn main() {
    let _ = Retry::expo().clock(AsyncOnly).run(|| Err::<(), _>("down"));
}
