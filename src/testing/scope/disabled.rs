//! Without the feature `test-util` there are no scopes: runs always use their policy's own clock.

use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock};

/// The future of a wait.
pub(crate) type Sleeping<S> = S;

pub(crate) fn now(own: impl FnOnce() -> Duration) -> Duration {
    own()
}

pub(crate) fn sleep<Z: BlockingClock>(own: &Z, wait: Duration) {
    own.sleep(wait);
}

pub(crate) fn sleeping<Z: AsyncClock>(own: &Z, wait: Duration) -> Z::Timer {
    own.timer(wait)
}

pub(crate) fn timeout<Z: AsyncClock>(own: &Z, after: Duration) -> Z::Timer {
    own.timeout(after)
}

pub(crate) const fn is_last_try(_: u32) -> bool {
    false
}
