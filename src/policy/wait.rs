//! Setters of the cap and of jitter, and those of single strategies.

use core::time::Duration;

use crate::error::InvalidSetting;
use crate::nanos::Nanos;
use crate::policy::Retry;
use crate::wait::jitter::Jitter;
use crate::wait::strategies::{Decay, Expo, Fibo, Linear};

/// # Waits and jitter
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Caps the policy's own waits.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().max_wait(Duration::from_secs(5)).max_tries(6);
    /// assert!(policy.waits().eq([1, 2, 4, 5, 5].map(Duration::from_secs)));
    /// ```
    ///
    /// The cap applies to the strategy's wait before jitter, including the first wait. If the window that
    /// [jitter](crate::Jitter) makes of it ends beyond the cap, the whole window moves down, so that capped waits are
    /// spread like all others.
    ///
    /// A wait that the server requests is not capped: see [`retry_after`](Self::retry_after) and
    /// [`max_asked_wait`](Self::max_asked_wait). The cap does not limit attempts.
    ///
    /// # Panics
    ///
    /// If `wait` is zero: all retries would follow each other without a pause. In a `const` or `static` this is a
    /// compile error. See [`try_max_wait`](Self::try_max_wait).
    #[doc(alias("max_delay", "max_interval"))]
    #[track_caller]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        match self.settings.try_max_wait(wait) {
            Ok(settings) => self.settings = settings,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`max_wait`](Self::max_wait), but returns an error instead of panicking: for a wait known only at run
    /// time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::expo().try_max_wait(Duration::from_secs(5)).is_ok());
    /// assert!(Retry::expo().try_max_wait(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `wait` is zero.
    pub fn try_max_wait(mut self, wait: Duration) -> Result<Self, InvalidSetting> {
        self.settings = self.settings.try_max_wait(wait)?;
        Ok(self)
    }

    /// Sets how much of each wait is random. The default is [`Jitter::Full`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::expo().jitter(Jitter::None).max_tries(4).clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(clock.waits(), [1, 2, 4].map(Duration::from_secs));
    /// ```
    ///
    /// A strategy with its own [window](crate::Wait::window) ignores every jitter but [`Jitter::None`]. A policy from
    /// [`decorrelated`](Retry::decorrelated) refuses the others. A policy from [`Retry::new`] with a
    /// [`Decorrelated`](crate::wait::Decorrelated) or a [`Schedule`](crate::Schedule) accepts and ignores them.
    ///
    /// # Panics
    ///
    /// Panics if the number in a [`Jitter::Proportional`] is not between 0 and 1. Also panics if the policy is
    /// [`decorrelated`](Retry::decorrelated) and the jitter is not [`Jitter::None`]. In a `const` or `static` this is a
    /// compile error. See [`try_jitter`](Self::try_jitter).
    #[track_caller]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        match self.settings.try_jitter(jitter) {
            Ok(settings) => self.settings = settings,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`jitter`](Self::jitter), for a jitter that is known only at run time.
    ///
    /// ```
    /// use relent::{Jitter, Retry};
    ///
    /// assert!(Retry::expo().try_jitter(Jitter::Proportional(0.2)).is_ok());
    /// assert!(Retry::expo().try_jitter(Jitter::Proportional(f64::NAN)).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error where [`jitter`](Self::jitter) panics.
    pub fn try_jitter(mut self, jitter: Jitter) -> Result<Self, InvalidSetting> {
        self.settings = self.settings.try_jitter(jitter)?;
        Ok(self)
    }

    /// Sets the longest wait that the server may request. The default is one hour.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, StopReason, TestClock};
    ///
    /// let mut reason = None;
    /// let policy = Retry::expo()
    ///     .retry_after(|_: &&str| Some(Duration::from_secs(315_360_000))) // ten years
    ///     .clock(TestClock::new());
    /// policy.on_giveup(|d| reason = d.reason).run(|| Err::<(), _>("busy")).unwrap_err();
    /// assert_eq!(reason, Some(StopReason::MaxAskedWait));
    /// ```
    ///
    /// A longer wait ends the run with [`StopReason::MaxAskedWait`](crate::StopReason::MaxAskedWait). It is not
    /// shortened, because the server would refuse an earlier attempt again. If you want to shorten it anyway, do so in
    /// [`retry_after`](Self::retry_after): `|e| e.retry_after.map(|wait| wait.min(MINUTE))`.
    ///
    /// The limit applies to every requested wait, including those from your own [`Condition`](crate::Condition).
    /// `Duration::MAX` removes it. A shorter [`max_time`](Self::max_time) ends the run first.
    #[doc(alias = "retry-after")]
    pub const fn max_asked_wait(mut self, wait: Duration) -> Self {
        self.settings.max_asked_wait = Nanos::of(wait);
        self
    }

    /// Seeds the jitter, so that each run draws the same waits. Use it in tests.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::expo().seed(42).max_tries(3).clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// let waits = clock.waits();
    /// assert_eq!(waits[..2], waits[2..]);
    /// ```
    ///
    /// Without a seed, runs differ. The same seed may give other waits on another platform or with another version of
    /// `rand`. [`Jitter::Custom`] ignores the seed.
    ///
    /// Without the feature `std`, the system's randomness is not available, and unseeded jitter depends only on the
    /// clock. Give each device its own seed.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }
}

/// # Exponential waits
impl<C, H, Z> Retry<Expo, C, H, Z> {
    /// Sets the first wait. The default is 1 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::expo().first_wait(Duration::from_millis(50));
    /// assert!(policy.waits().take(3).eq([50, 100, 200].map(Duration::from_millis)));
    /// ```
    ///
    /// Python's `backoff` calls it `factor`.
    ///
    /// # Panics
    ///
    /// If `wait` is zero. In a `const` or `static` this is a compile error. See
    /// [`try_first_wait`](Self::try_first_wait).
    #[doc(alias = "min_delay")]
    #[track_caller]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        match self.strategy.try_with_first_wait(wait) {
            Ok(strategy) => self.strategy = strategy,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`first_wait`](Self::first_wait), but returns an error instead of panicking: for a wait known only at
    /// run time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::expo().try_first_wait(Duration::from_millis(50)).is_ok());
    /// assert!(Retry::expo().try_first_wait(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `wait` is zero.
    pub fn try_first_wait(mut self, wait: Duration) -> Result<Self, InvalidSetting> {
        self.strategy = self.strategy.try_with_first_wait(wait)?;
        Ok(self)
    }

    /// Sets the number by which each wait is multiplied to give the next. The default is 2.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::expo().factor(1.5);
    /// assert!(policy.waits().take(3).eq([1000, 1500, 2250].map(Duration::from_millis)));
    /// ```
    ///
    /// Python's `backoff` calls it `base`.
    ///
    /// With a factor below 1 the waits shrink, and after some tries they are zero: with the default first wait and a
    /// factor of 0.5, after 31. A longer run then retries without a pause. For shrinking waits with a minimum, use
    /// [`decay`](Self::decay) with a [`min_wait`](Retry::min_wait).
    ///
    /// # Panics
    ///
    /// If `factor` is not a finite number above zero. In a `const` or `static` this is a compile error. See
    /// [`try_factor`](Self::try_factor).
    #[doc(alias = "multiplier")]
    #[track_caller]
    pub const fn factor(mut self, factor: f64) -> Self {
        match self.strategy.try_with_factor(factor) {
            Ok(strategy) => self.strategy = strategy,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`factor`](Self::factor), but returns an error instead of panicking: for a number known only at run
    /// time.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert!(Retry::expo().try_factor(1.5).is_ok());
    /// assert!(Retry::expo().try_factor(f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `factor` is not a finite number above zero.
    pub fn try_factor(mut self, factor: f64) -> Result<Self, InvalidSetting> {
        self.strategy = self.strategy.try_with_factor(factor)?;
        Ok(self)
    }
}

/// # Fibonacci waits
impl<C, H, Z> Retry<Fibo, C, H, Z> {
    /// Sets the first wait; all others are multiples of it. The default is 1 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::fibo().first_wait(Duration::from_millis(50));
    /// assert!(policy.waits().take(4).eq([50, 50, 100, 150].map(Duration::from_millis)));
    /// ```
    ///
    /// # Panics
    ///
    /// If `wait` is zero. In a `const` or `static` this is a compile error. See
    /// [`try_first_wait`](Self::try_first_wait).
    #[track_caller]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        match self.strategy.try_with_first_wait(wait) {
            Ok(strategy) => self.strategy = strategy,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`first_wait`](Self::first_wait), but returns an error instead of panicking: for a wait known only at
    /// run time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::fibo().try_first_wait(Duration::from_millis(50)).is_ok());
    /// assert!(Retry::fibo().try_first_wait(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `wait` is zero.
    pub fn try_first_wait(mut self, wait: Duration) -> Result<Self, InvalidSetting> {
        self.strategy = self.strategy.try_with_first_wait(wait)?;
        Ok(self)
    }
}

/// # Linear waits
impl<C, H, Z> Retry<Linear, C, H, Z> {
    /// Sets the first wait. The default is one step.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::linear(Duration::from_secs(5)).first_wait(Duration::from_secs(1));
    /// assert!(policy.waits().take(3).eq([1, 6, 11].map(Duration::from_secs)));
    /// ```
    ///
    /// # Panics
    ///
    /// If `wait` is zero. In a `const` or `static` this is a compile error. See
    /// [`try_first_wait`](Self::try_first_wait).
    #[track_caller]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        match self.strategy.try_with_first_wait(wait) {
            Ok(strategy) => self.strategy = strategy,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`first_wait`](Self::first_wait), but returns an error instead of panicking: for a wait known only at
    /// run time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::linear(Duration::from_secs(5)).try_first_wait(Duration::from_millis(50)).is_ok());
    /// assert!(Retry::linear(Duration::from_secs(5)).try_first_wait(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `wait` is zero.
    pub fn try_first_wait(mut self, wait: Duration) -> Result<Self, InvalidSetting> {
        self.strategy = self.strategy.try_with_first_wait(wait)?;
        Ok(self)
    }
}

/// # Decaying waits
impl<C, H, Z> Retry<Decay, C, H, Z> {
    /// Sets the first wait. The default is 1 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::decay().first_wait(Duration::from_secs(100));
    /// assert_eq!(policy.waits().next(), Some(Duration::from_secs(100)));
    /// ```
    ///
    /// Python's `backoff` calls it `initial_value`.
    ///
    /// # Panics
    ///
    /// If `wait` is zero. In a `const` or `static` this is a compile error. See
    /// [`try_first_wait`](Self::try_first_wait).
    #[track_caller]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        match self.strategy.try_with_first_wait(wait) {
            Ok(strategy) => self.strategy = strategy,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`first_wait`](Self::first_wait), but returns an error instead of panicking: for a wait known only at
    /// run time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::decay().try_first_wait(Duration::from_millis(50)).is_ok());
    /// assert!(Retry::decay().try_first_wait(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `wait` is zero.
    pub fn try_first_wait(mut self, wait: Duration) -> Result<Self, InvalidSetting> {
        self.strategy = self.strategy.try_with_first_wait(wait)?;
        Ok(self)
    }

    /// Sets how fast the waits shrink: each wait is the previous one divided by e to this power. The default is 1.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::decay().decay_factor(std::f64::consts::LN_2);
    /// assert!(policy.waits().take(3).eq([1000, 500, 250].map(Duration::from_millis)));
    /// ```
    ///
    /// # Panics
    ///
    /// If `factor` is negative or not finite. In a `const` or `static` this is a compile error. See
    /// [`try_decay_factor`](Self::try_decay_factor).
    #[track_caller]
    pub const fn decay_factor(mut self, factor: f64) -> Self {
        let Decay { first_wait, min_wait, .. } = self.strategy;
        self.strategy = Decay::new(first_wait.duration(), factor, min_wait);
        self
    }

    /// Same as [`decay_factor`](Self::decay_factor), but returns an error instead of panicking: for a number known
    /// only at run time.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert!(Retry::decay().try_decay_factor(0.5).is_ok());
    /// assert!(Retry::decay().try_decay_factor(-1.0).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `factor` is negative or not finite.
    pub fn try_decay_factor(mut self, factor: f64) -> Result<Self, InvalidSetting> {
        let Decay { first_wait, min_wait, .. } = self.strategy;
        self.strategy = Decay::try_new(first_wait.duration(), factor, min_wait)?;
        Ok(self)
    }

    /// Sets the minimum to which the waits shrink. The default is zero.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::decay().min_wait(Duration::from_millis(500));
    /// assert!(policy.waits().take(3).eq([1000, 500, 500].map(Duration::from_millis)));
    /// ```
    ///
    /// Only jitter makes a wait shorter. Python's `backoff` calls it `min_value`.
    #[doc(alias = "min_delay")]
    pub const fn min_wait(mut self, wait: Duration) -> Self {
        self.strategy.min_wait = wait;
        self
    }
}
