//! Decorrelated jitter: a strategy that draws its own waits.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::error::{InvalidSetting, checked_wait};
use crate::nanos::Nanos;
use crate::wait::Numeric;

/// Waits that are drawn between a shortest wait and three times the last one. See
/// [`Retry::decorrelated`](crate::Retry::decorrelated).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decorrelated {
    pub(crate) base: Nanos,
}

impl Decorrelated {
    /// Creates waits from `base` to three times the last wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Decorrelated;
    /// use relent::{Retry, TestClock};
    ///
    /// let base = Duration::from_millis(100);
    /// let clock = TestClock::new();
    /// let policy = Retry::new(Decorrelated::new(base)).max_tries(9).clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert!(clock.waits().iter().all(|wait| *wait >= base));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `base` is zero. In a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(base: Duration) -> Self {
        match Self::try_new(base) {
            Ok(decorrelated) => decorrelated,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`new`](Self::new), but returns an error instead of panicking: for a wait that is read at run time.
    ///
    /// # Errors
    ///
    /// Returns an error if `base` is zero.
    pub const fn try_new(base: Duration) -> Result<Self, InvalidSetting> {
        match checked_wait(base, "the base of `decorrelated` must be longer than zero") {
            Ok(base) => Ok(Self { base: Nanos::of(base) }),
            Err(refused) => Err(refused),
        }
    }

    fn end(self, last_wait: u64) -> u64 {
        last_wait.max(self.base.0).saturating_mul(3)
    }
}

impl Numeric for Decorrelated {
    fn nanos(&self, _: u32) -> Option<u64> {
        Some(self.base.0)
    }

    fn window(&self, last_wait: u64) -> Option<RangeInclusive<u64>> {
        Some(self.base.0..=self.end(last_wait))
    }

    fn is_linear(&self) -> bool {
        true
    }
}
