//! The system clock's blocking side, with std.

use core::time::Duration;

use crate::clock::{BlockingClock, Cancel, SystemClock};

impl SystemClock {
    /// Returns the time from a fixed moment to `instant`.
    pub(crate) fn since_origin(instant: std::time::Instant) -> Duration {
        use std::sync::LazyLock;
        use std::time::Instant;

        static FIRST_READ: LazyLock<Instant> = LazyLock::new(Instant::now);
        // The clock of a paused runtime may be earlier than the first read.
        const BEFORE: Duration = Duration::from_secs(1 << 32);

        match instant.checked_duration_since(*FIRST_READ) {
            Some(after) => BEFORE.saturating_add(after),
            None => BEFORE.saturating_sub(FIRST_READ.duration_since(instant)),
        }
    }
}

impl BlockingClock for SystemClock {
    fn now(&self) -> Duration {
        Self::since_origin(std::time::Instant::now())
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }

    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        cancel.block_for(wait);
    }
}
