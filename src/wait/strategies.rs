//! The built-in strategies that depend only on numbers.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::error::{InvalidSetting, checked_wait};
use crate::event::Details;
use crate::nanos::{Nanos, nanos};
use crate::sealed::Sealed;
use crate::wait::floats::{decayed, power, rounded, unrounded};
use crate::wait::{ByTries, Decorrelated, FromFn, Numeric, Wait};

const SECOND: Duration = Duration::from_secs(1);

/// Returns a first wait, unless it is zero.
const fn checked_first(wait: Duration) -> Result<Nanos, InvalidSetting> {
    const ZERO: &str = "first_wait must be longer than zero; for retries without a wait use `constant(Duration::ZERO)`";
    match checked_wait(wait, ZERO) {
        Ok(wait) => Ok(Nanos::of(wait)),
        Err(refused) => Err(refused),
    }
}

macro_rules! numeric {
    ($($strategy:ty $(where $L:ident: $bound:path)?),* $(,)?) => { $(
        impl<T, E $(, $L: $bound)?> Wait<T, E> for $strategy {
            fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
                self.nanos(details.tries).map(Duration::from_nanos)
            }

            fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
                let window = Numeric::window(self, nanos(details.last_wait))?;
                let (start, end) = window.into_inner();
                Some(Duration::from_nanos(start)..=Duration::from_nanos(end))
            }

            fn numeric(&self) -> Option<&dyn Numeric> {
                Some(self)
            }

            fn needs_elapsed(&self) -> bool {
                false
            }

            fn ends(&self) -> bool {
                Numeric::ends(self)
            }
        }
    )* };
}

numeric! {
    Expo, Fibo, Constant, Linear, Decorrelated,
    Sequence<L> where L: AsRef<[Duration]>,
    FromFn<F> where F: Fn(u32) -> Option<Duration>,
}

impl ByTries for Expo {}
impl ByTries for Fibo {}
impl ByTries for Constant {}
impl ByTries for Linear {}
impl ByTries for Decay {}
impl<L: AsRef<[Duration]>> ByTries for Sequence<L> {}
impl<F: Fn(u32) -> Option<Duration>> ByTries for FromFn<F> {}

impl Sealed for Expo {}
impl Sealed for Fibo {}
impl Sealed for Constant {}
impl Sealed for Linear {}
impl Sealed for Decay {}
impl<L> Sealed for Sequence<L> {}
impl<F> Sealed for FromFn<F> {}

/// Exponential back-off: each wait is the previous one times a factor. See [`Retry::expo`](crate::Retry::expo).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expo {
    pub(crate) first_wait: Nanos,
    pub(crate) factor: f64,
}

impl Expo {
    pub(crate) const DEFAULT: Self = Self::new(SECOND, 2.0);

    /// Creates waits of `first_wait`, `first_wait * factor`, `first_wait * factor²` and so on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Expo;
    /// use relent::Retry;
    ///
    /// let policy = Retry::new(Expo::new(Duration::from_secs(3), 2.0));
    /// assert!(policy.waits().take(3).eq([3, 6, 12].map(Duration::from_secs)));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `first_wait` is zero, or if `factor` is not a finite number above zero. In a `const` that is a compile
    /// error.
    #[must_use]
    #[track_caller]
    pub const fn new(first_wait: Duration, factor: f64) -> Self {
        match Self::try_new(first_wait, factor) {
            Ok(expo) => expo,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`new`](Self::new), but returns an error instead of panicking, for numbers read at run time.
    ///
    /// # Errors
    ///
    /// Returns an error where [`new`](Self::new) panics.
    pub const fn try_new(first_wait: Duration, factor: f64) -> Result<Self, InvalidSetting> {
        match checked_first(first_wait) {
            Ok(first_wait) if factor.is_finite() && factor > 0.0 => Ok(Self { first_wait, factor }),
            Ok(_) => Err(InvalidSetting::new("factor must be a finite number above zero")),
            Err(refused) => Err(refused),
        }
    }

    pub(crate) const fn try_with_first_wait(self, wait: Duration) -> Result<Self, InvalidSetting> {
        Self::try_new(wait, self.factor)
    }

    pub(crate) const fn try_with_factor(self, factor: f64) -> Result<Self, InvalidSetting> {
        Self::try_new(self.first_wait.duration(), factor)
    }

    #[expect(clippy::float_cmp, reason = "doubling is exact in integers")]
    const fn doubles(&self) -> bool {
        self.factor == 2.0
    }
}

/// Waits of 1 s, 2 s, 4 s, 8 s and so on.
impl Default for Expo {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Numeric for Expo {
    fn nanos(&self, tries: u32) -> Option<u64> {
        let (Nanos(first), growths) = (self.first_wait, tries.saturating_sub(1));
        Some(if self.doubles() {
            first.saturating_mul(1_u64.checked_shl(growths).unwrap_or(u64::MAX))
        } else {
            rounded(unrounded(first) * power(self.factor, growths))
        })
    }
}

/// Fibonacci back-off: each wait is the sum of the previous two. See [`Retry::fibo`](crate::Retry::fibo).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fibo {
    pub(crate) first_wait: Nanos,
}

/// All Fibonacci numbers that fit into a `u64`.
const FIBONACCI: [u64; 93] = {
    let mut numbers = [1; 93];
    let mut n = 2;
    while n < numbers.len() {
        numbers[n] = numbers[n - 1] + numbers[n - 2];
        n += 1;
    }
    numbers
};

impl Fibo {
    pub(crate) const DEFAULT: Self = Self::new(SECOND);

    /// Creates waits of 1, 1, 2, 3, 5, 8, 13 and so on times `first_wait`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Fibo;
    /// use relent::Retry;
    ///
    /// let policy = Retry::new(Fibo::new(Duration::from_millis(10)));
    /// assert!(policy.waits().take(5).eq([10, 10, 20, 30, 50].map(Duration::from_millis)));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `first_wait` is zero. In a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(first_wait: Duration) -> Self {
        match Self::try_new(first_wait) {
            Ok(fibo) => fibo,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`new`](Self::new), but returns an error instead of panicking, for a wait read at run time.
    ///
    /// # Errors
    ///
    /// Returns an error if `first_wait` is zero.
    pub const fn try_new(first_wait: Duration) -> Result<Self, InvalidSetting> {
        match checked_first(first_wait) {
            Ok(first_wait) => Ok(Self { first_wait }),
            Err(refused) => Err(refused),
        }
    }

    #[expect(clippy::unused_self, reason = "the method of every strategy with a first wait")]
    pub(crate) const fn try_with_first_wait(self, wait: Duration) -> Result<Self, InvalidSetting> {
        Self::try_new(wait)
    }
}

/// Waits of 1 s, 1 s, 2 s, 3 s, 5 s and so on.
impl Default for Fibo {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Numeric for Fibo {
    fn nanos(&self, tries: u32) -> Option<u64> {
        let place = usize::try_from(tries.saturating_sub(1)).ok();
        let times = place.and_then(|place| FIBONACCI.get(place)).copied().unwrap_or(u64::MAX);
        Some(self.first_wait.0.saturating_mul(times))
    }
}

/// Constant back-off: the same wait each time. See [`Retry::constant`](crate::Retry::constant).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    pub(crate) wait: Nanos,
}

impl Constant {
    /// Creates waits that all equal `wait`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Constant;
    /// use relent::Retry;
    ///
    /// let policy = Retry::new(Constant::new(Duration::from_secs(3)));
    /// assert!(policy.waits().all(|wait| wait == Duration::from_secs(3)));
    /// ```
    #[must_use]
    pub const fn new(wait: Duration) -> Self {
        Self { wait: Nanos::of(wait) }
    }
}

impl Numeric for Constant {
    fn nanos(&self, _: u32) -> Option<u64> {
        Some(self.wait.0)
    }
}

/// Linear back-off: each wait is longer than the previous one by the same amount. See
/// [`Retry::linear`](crate::Retry::linear).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    pub(crate) first_wait: Nanos,
    pub(crate) step: Nanos,
}

impl Linear {
    /// Creates waits of `first_wait`, `first_wait + step`, `first_wait + 2 * step` and so on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Linear;
    /// use relent::Retry;
    ///
    /// let policy = Retry::new(Linear::new(Duration::from_secs(1), Duration::from_secs(5)));
    /// assert!(policy.waits().take(3).eq([1, 6, 11].map(Duration::from_secs)));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `first_wait` is zero. In a `const` that is a compile error. `step` may be zero.
    #[must_use]
    #[track_caller]
    pub const fn new(first_wait: Duration, step: Duration) -> Self {
        match Self::try_new(first_wait, step) {
            Ok(linear) => linear,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`new`](Self::new), but returns an error instead of panicking, for waits read at run time.
    ///
    /// # Errors
    ///
    /// Returns an error if `first_wait` is zero.
    pub const fn try_new(first_wait: Duration, step: Duration) -> Result<Self, InvalidSetting> {
        match checked_first(first_wait) {
            Ok(first_wait) => Ok(Self { first_wait, step: Nanos::of(step) }),
            Err(refused) => Err(refused),
        }
    }

    /// Waits of 1, 2, 3 and so on times `step`.
    pub(crate) const fn try_by_step(step: Duration) -> Result<Self, InvalidSetting> {
        match checked_wait(step, "the step of `linear` must be longer than zero") {
            Ok(step) => Self::try_new(step, step),
            Err(refused) => Err(refused),
        }
    }

    pub(crate) const fn try_with_first_wait(self, wait: Duration) -> Result<Self, InvalidSetting> {
        Self::try_new(wait, self.step.duration())
    }
}

impl Numeric for Linear {
    fn nanos(&self, tries: u32) -> Option<u64> {
        let steps = u64::from(tries.saturating_sub(1));
        Some(self.first_wait.0.saturating_add(self.step.0.saturating_mul(steps)))
    }
}

/// Waits that shrink exponentially, down to a minimum. See [`Retry::decay`](crate::Retry::decay).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    pub(crate) first_wait: Nanos,
    pub(crate) factor: f64,
    pub(crate) min_wait: Duration,
}

impl Decay {
    pub(crate) const DEFAULT: Self = Self::new(SECOND, 1.0, Duration::ZERO);

    /// Creates waits of `first_wait * e^(-decay_factor * n)` for n = 0, 1, 2 and so on, but never less than `min_wait`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Decay;
    /// use relent::Retry;
    ///
    /// let policy = Retry::new(Decay::new(Duration::from_secs(100), 3.0, Duration::from_secs(5)));
    /// assert!(policy.waits().take(3).eq([100, 5, 5].map(Duration::from_secs)));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `first_wait` is zero, or if `decay_factor` is negative or not finite. In a `const` that is a compile
    /// error.
    #[must_use]
    #[track_caller]
    pub const fn new(first_wait: Duration, decay_factor: f64, min_wait: Duration) -> Self {
        match Self::try_new(first_wait, decay_factor, min_wait) {
            Ok(decay) => decay,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`new`](Self::new), but returns an error instead of panicking, for numbers read at run time.
    ///
    /// # Errors
    ///
    /// Returns an error where [`new`](Self::new) panics.
    pub const fn try_new(
        first_wait: Duration,
        decay_factor: f64,
        min_wait: Duration,
    ) -> Result<Self, InvalidSetting> {
        match checked_first(first_wait) {
            Ok(first_wait) if decay_factor.is_finite() && decay_factor >= 0.0 => {
                Ok(Self { first_wait, factor: decay_factor, min_wait })
            }
            Ok(_) => {
                Err(InvalidSetting::new("decay_factor must be a finite number and not negative"))
            }
            Err(refused) => Err(refused),
        }
    }

    pub(crate) const fn try_with_first_wait(self, wait: Duration) -> Result<Self, InvalidSetting> {
        Self::try_new(wait, self.factor, self.min_wait)
    }
}

/// Waits of 1 s, 0.368 s, 0.135 s, 0.0498 s and so on.
impl Default for Decay {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Decay {
    fn after(&self, tries: u32) -> Duration {
        let steps = f64::from(tries.saturating_sub(1));
        let wait = unrounded(self.first_wait.0) * decayed(self.factor * steps);
        Duration::from_nanos(rounded(wait)).max(self.min_wait)
    }
}

impl Numeric for Decay {
    fn nanos(&self, tries: u32) -> Option<u64> {
        Some(nanos(self.after(tries)))
    }
}

impl<T, E> Wait<T, E> for Decay {
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        Some(self.after(details.tries))
    }

    fn numeric(&self) -> Option<&dyn Numeric> {
        Some(self)
    }

    fn needs_elapsed(&self) -> bool {
        false
    }
}

/// The waits of a list, in order, each used once. See [`Retry::sequence`](crate::Retry::sequence).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence<L> {
    pub(crate) waits: L,
}

impl<L> Sequence<L> {
    /// Creates waits from an array, a slice or a `Vec`. After the last one, a run gives up.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Sequence;
    /// use relent::Retry;
    ///
    /// let policy = Retry::new(Sequence::new([1, 5, 30].map(Duration::from_secs)));
    /// assert!(policy.waits().eq([1, 5, 30].map(Duration::from_secs)));
    /// ```
    #[must_use]
    pub const fn new(waits: L) -> Self {
        Self { waits }
    }
}

impl<L: AsRef<[Duration]>> Numeric for Sequence<L> {
    fn nanos(&self, tries: u32) -> Option<u64> {
        let place = usize::try_from(tries.checked_sub(1)?).ok()?;
        self.waits.as_ref().get(place).copied().map(nanos)
    }

    fn ends(&self) -> bool {
        true
    }
}
