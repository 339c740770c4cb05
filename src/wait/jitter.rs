//! Jitter: random waits, so that clients do not return together.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::error::InvalidSetting;
use crate::nanos::nanos;
use crate::wait::floats::{rounded, unrounded};

/// How a wait is spread at random, so that clients that failed together do not come back together.
///
/// Jitter makes a window of the strategy's wait, and the wait is drawn from it: each length in the window is as
/// likely as any other.
///
/// | jitter | window of a wait `w` |
/// |---|---|
/// | [`Full`](Self::Full), the default | 0 to w |
/// | [`Equal`](Self::Equal) | w / 2 to w |
/// | [`Additive(a)`](Self::Additive) | w to w + a |
/// | [`Proportional(p)`](Self::Proportional) | w (1 - p) to w (1 + p) |
/// | [`Between(f)`](Self::Between) | the range that `f(w)` returns |
/// | [`None`](Self::None) | w |
/// | [`Custom(f)`](Self::Custom) | `f(w)`, without a draw |
///
/// ```
/// use std::time::Duration;
/// use relent::{Jitter, Retry, TestClock};
///
/// let clock = TestClock::new();
/// let policy = Retry::constant(Duration::from_secs(8)).max_tries(2).clock(&clock);
/// policy.run(|| Err::<(), _>("down")).unwrap_err();
/// policy.jitter(Jitter::Equal).run(|| Err::<(), _>("down")).unwrap_err();
/// policy.jitter(Jitter::None).run(|| Err::<(), _>("down")).unwrap_err();
///
/// let waits = clock.waits();
/// assert!(waits[0] <= Duration::from_secs(8));
/// assert!(waits[1] >= Duration::from_secs(4) && waits[1] <= Duration::from_secs(8));
/// assert_eq!(waits[2], Duration::from_secs(8));
/// ```
///
/// A window that ends beyond [`max_wait`](crate::Retry::max_wait) is moved down as a whole, though not below zero, so
/// that capped waits are spread too. A wait that the server asks for ([`retry_after`](crate::Retry::retry_after)) moves
/// the window up, so that clients that are asked for the same wait do not come back together either.
///
/// Draws also depend on the system's time, so that processes differ after a `fork`, or if they are restored from the
/// same snapshot. A [`seed`](crate::Retry::seed) fixes the draws, for tests.
///
/// Without the feature `std`, unseeded draws depend on the time of the policy's clock, and on `wasm32-unknown-unknown` on
/// its [`Entropy`](crate::clock::Entropy).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Draws from zero to the whole wait, as Python's `backoff` does. The strategy's waits are then *maxima*.
    #[default]
    Full,
    /// Draws from half the wait to the whole wait.
    Equal,
    /// Draws from the wait to this much more.
    Additive(Duration),
    /// Draws from this part of the wait less to this part more: with `0.2`, from 80 % to 120 %.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::constant(Duration::from_secs(10)).jitter(Jitter::Proportional(0.2)).max_tries(9);
    /// policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    /// assert!(clock.waits().iter().all(|wait| (8.0..=12.0).contains(&wait.as_secs_f64())));
    /// ```
    ///
    /// From 0 to 1: the setter refuses other numbers.
    Proportional(f64),
    /// Draws from the range that the function makes of the wait. An empty range is its start.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// /// Never less than 100 ms.
    /// const AT_LEAST: Jitter = Jitter::Between(|wait| Duration::from_millis(100)..=wait);
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::constant(Duration::from_secs(1)).jitter(AT_LEAST).max_tries(9);
    /// policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    /// assert!(clock.waits().iter().all(|wait| wait.as_millis() >= 100));
    /// ```
    Between(fn(Duration) -> RangeInclusive<Duration>),
    /// Waits exactly as long as the strategy computes.
    None,
    /// Waits as long as the function computes, at most [`max_wait`](crate::Retry::max_wait): for other distributions.
    ///
    /// The function has to bring its own randomness, which a [`seed`](crate::Retry::seed) does not fix.
    Custom(fn(Duration) -> Duration),
}

impl Jitter {
    /// This jitter, unless it has a part that is not from 0 to 1.
    pub(crate) const fn checked(self) -> Result<Self, InvalidSetting> {
        match self {
            // In this order NaN is refused too.
            Self::Proportional(part) if !(part >= 0.0 && part <= 1.0) => {
                Err(InvalidSetting::new("the part of Jitter::Proportional must be from 0 to 1"))
            }
            jitter => Ok(jitter),
        }
    }

    /// The window of a wait.
    pub(crate) fn window(self, wait: u64) -> Window {
        match self {
            Self::Full => Window { start: 0, width: wait },
            Self::Equal => Window { start: wait - wait / 2, width: wait / 2 },
            Self::Additive(most) => Window { start: wait, width: nanos(most) },
            Self::Proportional(part) => {
                let less = rounded(unrounded(wait) * part).min(wait);
                Window { start: wait - less, width: less.saturating_mul(2) }
            }
            Self::Between(function) => {
                let range = function(Duration::from_nanos(wait));
                Window::of(&(nanos(*range.start())..=nanos(*range.end())))
            }
            Self::None => Window { start: wait, width: 0 },
            Self::Custom(function) => {
                Window { start: nanos(function(Duration::from_nanos(wait))), width: 0 }
            }
        }
    }
}

/// The waits from which one is drawn, in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) width: u64,
}

impl Window {
    /// The window of a range of nanoseconds. An empty range is its start.
    pub(crate) fn of(range: &RangeInclusive<u64>) -> Self {
        let start = *range.start();
        Self { start, width: range.end().saturating_sub(start) }
    }

    /// The longest wait in it.
    #[cfg(feature = "std")]
    pub(crate) fn end(self) -> u64 {
        self.start.saturating_add(self.width)
    }

    /// The middle of it alone.
    pub(crate) fn middle(self) -> Self {
        Self { start: self.start.saturating_add(self.width / 2), width: 0 }
    }

    /// Moves it down as a whole, so that it ends at `most` at the latest, though not below zero.
    pub(crate) fn moved_below(self, most: u64) -> Self {
        let width = self.width.min(most);
        Self { start: self.start.min(most - width), width }
    }

    /// Cuts it off at `most`.
    pub(crate) fn cut_at(self, most: u64) -> Self {
        let start = self.start.min(most);
        Self { start, width: self.width.min(most - start) }
    }

    /// Moves its start up to `least`. Where that leaves less than its width, it is as wide as it was, though not wider
    /// than `least` is long.
    pub(crate) fn moved_above(self, least: u64) -> Self {
        let start = self.start.max(least);
        let end = self.start.saturating_add(self.width);
        Self { start, width: end.saturating_sub(start).max(self.width.min(least)) }
    }
}
