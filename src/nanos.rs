//! Time as the engine counts it: in whole nanoseconds.

use core::fmt;
use core::time::Duration;

/// A time in whole nanoseconds; more than 584 years are 584 years.
///
/// What a policy holds is turned into these when it is built, so that a run does not do it for each
/// wait.
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

/// As the duration that it is.
impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.duration().fmt(f)
    }
}

/// A duration in whole nanoseconds; more than 584 years are 584 years.
#[inline]
pub(crate) const fn nanos(duration: Duration) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    let (secs, rest) = (duration.as_secs(), duration.subsec_nanos() as u64);
    // All but the last seconds that there are numbers for cannot overflow, which the compiler sees.
    if secs < u64::MAX / SECOND {
        secs * SECOND + rest
    } else {
        secs.saturating_mul(SECOND).saturating_add(rest)
    }
}
