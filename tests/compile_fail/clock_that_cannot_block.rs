//! A clock that has only an async timer.
use std::future::Ready;
use std::time::Duration;

use relent::{AsyncSleep, Retry};

struct AsyncOnly;

impl AsyncSleep for AsyncOnly {
    type Sleep = Ready<()>;

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Ready<()> {
        std::future::ready(())
    }
}

fn main() {
    let _ = Retry::expo().clock(AsyncOnly).run(|| Err::<(), _>("down"));
}
