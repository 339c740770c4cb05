//! Where the feature `test-util` is off, nothing is in a scope.

use core::time::Duration;

use crate::clock::{AsyncSleep, Sleep};

/// The future of a wait.
pub(crate) type Sleeping<S> = S;

pub(crate) fn now(own: impl FnOnce() -> Duration) -> Duration {
    own()
}

pub(crate) fn sleep<Z: Sleep>(own: &Z, wait: Duration) {
    own.sleep(wait);
}

pub(crate) fn sleeping<Z: AsyncSleep>(own: &Z, wait: Duration) -> Z::Sleep {
    own.sleep(wait)
}

pub(crate) fn timer<Z: AsyncSleep>(own: &Z, after: Duration) -> Z::Sleep {
    own.timer(after)
}

pub(crate) fn check<Z: AsyncSleep>(own: &Z) {
    own.check();
}

pub(crate) const fn is_last_try(_: u32) -> bool {
    false
}
