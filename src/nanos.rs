//! Time as the engine counts it: in whole nanoseconds.

use core::time::Duration;

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
