//! What the drivers ask of `scope.rs` where the feature `test-util` is off: nothing is in a scope.

use core::time::Duration;

use crate::clock::AsyncSleep;

/// The future of a wait.
pub(crate) type Sleeping<S> = S;

pub(crate) fn now(real: impl FnOnce() -> Duration) -> Duration {
    real()
}

pub(crate) fn sleep(_: Duration, real: impl FnOnce()) {
    real();
}

pub(crate) fn sleeping<Z: AsyncSleep>(clock: &Z, wait: Duration) -> Z::Sleep {
    clock.sleep(wait)
}

pub(crate) fn timer<Z: AsyncSleep>(clock: &Z, after: Duration) -> Z::Sleep {
    clock.timer(after)
}

pub(crate) fn check<Z: AsyncSleep>(clock: &Z) {
    clock.check();
}

pub(crate) const fn is_last_try(_: u32) -> bool {
    false
}
