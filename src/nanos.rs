//! Durations in whole nanoseconds, as runs count them.

use core::fmt;
use core::time::Duration;

/// A duration in whole nanoseconds, at most 584 years.
///
/// Settings are converted when the policy is built, so that runs need not convert them for each wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nanos(pub(crate) u64);

impl Nanos {
    pub(crate) const MAX: Self = Self(u64::MAX);

    #[inline]
    pub(crate) const fn of(duration: Duration) -> Self {
        Self(nanos(duration))
    }

    pub(crate) const fn duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

/// Shown as a `Duration`.
impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.duration().fmt(f)
    }
}

/// Converts a duration to whole nanoseconds, at most 584 years.
#[inline]
pub(crate) const fn nanos(duration: Duration) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    let (secs, rest) = (duration.as_secs(), duration.subsec_nanos() as u64);
    // Below this bound nothing can overflow, and the compiler can prove it.
    if secs < u64::MAX / SECOND {
        secs * SECOND + rest
    } else {
        secs.saturating_mul(SECOND).saturating_add(rest)
    }
}

/// Converts a duration to whole milliseconds, as `tracing` records it.
#[cfg(feature = "tracing")]
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
