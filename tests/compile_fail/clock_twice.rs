//! A clock of one's own is set once.
use std::time::Duration;

use relent::{BlockingClock, Retry};

struct Frozen;

impl BlockingClock for Frozen {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

fn main() {
    let policy = Retry::expo().clock(Frozen).clock(Frozen);
    let _ = policy.run(|| Err::<(), _>("down"));
}
