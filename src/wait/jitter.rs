//! Jitter: random waits, so that clients do not return together.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::error::InvalidSetting;
use crate::nanos::nanos;
use crate::wait::floats::{rounded, unrounded};

/// How waits are randomised, so that clients that failed together do not return together.
///
/// Jitter turns the strategy's wait into a window, and draws the wait from it. Each length in the window is equally
/// likely.
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
/// If a window ends beyond [`max_wait`](crate::Retry::max_wait), all of it moves down, but not below zero. So capped
/// waits are spread too. A wait that the server requests ([`retry_after`](crate::Retry::retry_after)) moves the window
/// up, so that clients with the same requested wait do not return together either.
///
/// Draws also depend on the system's time, so that processes differ after a `fork`, or after they are restored from one
/// snapshot. A [`seed`](crate::Retry::seed) fixes the draws for tests.
///
/// Without the feature `std`, unseeded draws depend on the time of the policy's clock. On `wasm32-unknown-unknown`,
/// they depend on its [`Entropy`](crate::clock::Entropy).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Draws from zero to the whole wait, like Python's `backoff`. The strategy's waits are then *maxima*.
    #[default]
    Full,
    /// Draws from half the wait to the whole wait.
    Equal,
    /// Draws from the wait to the wait plus this duration.
    Additive(Duration),
    /// Draws from the wait minus this fraction to the wait plus this fraction. With `0.2`, that is 80 % to 120 %.
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
    /// The fraction must be from 0 to 1: the setter refuses other numbers.
    Proportional(f64),
    /// Draws from the range that the function returns for the wait. If the range is empty, the wait is its start.
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
    /// Waits as long as the function returns, but at most [`max_wait`](crate::Retry::max_wait). Use it for other
    /// distributions.
    ///
    /// The function must provide its own randomness, which a [`seed`](crate::Retry::seed) does not affect.
    Custom(fn(Duration) -> Duration),
}

impl Jitter {
    /// Returns this jitter, unless its fraction is not from 0 to 1.
    pub(crate) const fn checked(self) -> Result<Self, InvalidSetting> {
        match self {
            // This order also refuses NaN.
            Self::Proportional(part) if !(part >= 0.0 && part <= 1.0) => {
                Err(InvalidSetting::new("the part of Jitter::Proportional must be from 0 to 1"))
            }
            jitter => Ok(jitter),
        }
    }

    /// Returns the window of a wait.
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

/// A range of waits in nanoseconds, from which one is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) width: u64,
}

impl Window {
    /// Creates the window of a range of nanoseconds. If the range is empty, the window is its start.
    pub(crate) fn of(range: &RangeInclusive<u64>) -> Self {
        let start = *range.start();
        Self { start, width: range.end().saturating_sub(start) }
    }

    /// Returns the longest wait in the window.
    #[cfg(feature = "std")]
    pub(crate) fn end(self) -> u64 {
        self.start.saturating_add(self.width)
    }

    /// Reduces the window to its middle.
    pub(crate) fn middle(self) -> Self {
        Self { start: self.start.saturating_add(self.width / 2), width: 0 }
    }

    /// Moves the whole window down so that it ends at `most` or before, but not below zero.
    pub(crate) fn moved_below(self, most: u64) -> Self {
        let width = self.width.min(most);
        Self { start: self.start.min(most - width), width }
    }

    /// Cuts the window off at `most`.
    pub(crate) fn cut_at(self, most: u64) -> Self {
        let start = self.start.min(most);
        Self { start, width: self.width.min(most - start) }
    }

    /// Moves the window's start up to `least`. The window keeps its width if it would shrink, but is not wider than
    /// `least` is long.
    pub(crate) fn moved_above(self, least: u64) -> Self {
        let start = self.start.max(least);
        let end = self.start.saturating_add(self.width);
        Self { start, width: end.saturating_sub(start).max(self.width.min(least)) }
    }
}
