//! How long to wait? The constructors, and what only one strategy has.

use core::time::Duration;

use crate::clock::SystemClock;
use crate::condition::AnyError;
use crate::error::InvalidSetting;
use crate::event::Details;
use crate::nanos::Nanos;
use crate::policy::Retry;
use crate::policy::settings::Settings;
use crate::wait::strategies::{Constant, Decay, Expo, Fibo, Linear, Runtime, Sequence};

/// # How long to wait
impl Retry {
    /// Waits of 1 s, 2 s, 4 s, 8 s and so on: maxima, since full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().first_wait(Duration::from_millis(100)).factor(3.0);
    /// assert!(policy.waits().take(3).eq([100, 300, 900].map(Duration::from_millis)));
    /// ```
    ///
    /// It grows without end unless [`max_wait`](Retry::max_wait) caps it.
    pub const fn expo() -> Self {
        Self::new(Expo::DEFAULT)
    }

    /// Waits of 1 s, 1 s, 2 s, 3 s, 5 s, 8 s and so on: maxima, since full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::fibo().max_wait(Duration::from_secs(4));
    /// assert!(policy.waits().take(6).eq([1, 1, 2, 3, 4, 4].map(Duration::from_secs)));
    /// ```
    pub const fn fibo() -> Retry<Fibo> {
        Retry::new(Fibo::DEFAULT)
    }

    /// The same wait each time: a maximum, since full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::constant(Duration::from_secs(2)).max_tries(4);
    /// assert!(policy.waits().eq([2, 2, 2].map(Duration::from_secs)));
    /// ```
    pub const fn constant(wait: Duration) -> Retry<Constant> {
        Retry::new(Constant::new(wait))
    }

    /// Waits of once, twice, three times `step` and so on: maxima, since full jitter is on by
    /// default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::linear(Duration::from_secs(2)).max_tries(4);
    /// assert!(policy.waits().eq([2, 4, 6].map(Duration::from_secs)));
    /// ```
    pub const fn linear(step: Duration) -> Retry<Linear> {
        Retry::new(Linear::new(step, step))
    }

    /// Waits that shrink: 1 s, 0.368 s, 0.135 s and so on, divided by e each time. Maxima, since
    /// full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::decay().min_wait(Duration::from_millis(100));
    /// let millis: Vec<_> = policy.waits().map(|wait| wait.as_millis()).take(5).collect();
    /// assert_eq!(millis, [1000, 367, 135, 100, 100]);
    /// ```
    ///
    /// For what is likely to be ready soon after it was not: a lock, a replica that catches up. After
    /// some twenty tries the waits are zero: give a run that may last longer a
    /// [`min_wait`](Retry::min_wait), below which only jitter goes.
    pub const fn decay() -> Retry<Decay> {
        Retry::new(Decay::DEFAULT)
    }

    /// These waits, each once and in order: N waits make N + 1 attempts. Maxima, since full jitter
    /// is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// const SECOND: Duration = Duration::from_secs(1);
    /// const MINUTE: Duration = Duration::from_secs(60);
    ///
    /// let policy = Retry::sequence([SECOND, SECOND, MINUTE]);
    /// assert!(policy.waits().eq([1, 1, 60].map(Duration::from_secs)));
    /// ```
    ///
    /// An array, a slice, a `Vec`: anything that lends a slice of durations. The end of the list is
    /// the limit; there is no other unless one is set. Waits that are computed one by one are for
    /// [`runtime`](Self::runtime), or for a [`Wait`](crate::Wait) of your own.
    pub const fn sequence<L: AsRef<[Duration]>>(waits: L) -> Retry<Sequence<L>> {
        Retry::new(Sequence::new(waits))
    }

    /// Waits that a function computes from what happened. Maxima, since full jitter is on by
    /// default; switch it off where the wait is one that was asked for.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// struct Busy { retry_after: u64 }
    ///
    /// let clock = TestClock::new();
    /// let mut answers = [1, 3, 7].into_iter();
    /// Retry::runtime(|d| Duration::from_secs(d.error().map_or(1, |e: &Busy| e.retry_after)))
    ///     .jitter(Jitter::None)
    ///     .clock(&clock)
    ///     .run(|| answers.next().map_or(Ok(()), |retry_after| Err(Busy { retry_after })))
    ///     .ok();
    /// assert_eq!(clock.waits(), [1, 3, 7].map(Duration::from_secs));
    /// ```
    pub const fn runtime<T, E, F>(compute: F) -> Retry<Runtime<F>>
    where
        F: Fn(&Details<'_, T, E>) -> Duration,
    {
        Retry::new(Runtime::new(compute))
    }

    /// Waits of a strategy of your own, or of one that is chosen at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Fibo;
    /// use relent::{Retry, Schedule};
    ///
    /// let chosen = Schedule::from(Fibo::default());
    /// let policy = Retry::new(chosen).max_tries(6);
    /// assert!(policy.waits().eq([1, 1, 2, 3, 5].map(Duration::from_secs)));
    /// ```
    ///
    /// See [`Wait`](crate::Wait) and [`Schedule`](crate::Schedule).
    pub const fn new<S>(strategy: S) -> Retry<S> {
        Retry {
            strategy,
            condition: AnyError,
            observer: (),
            clock: SystemClock,
            settings: Settings::DEFAULT,
        }
    }
}

/// # Of exponential waits
impl<C, H, Z> Retry<Expo, C, H, Z> {
    /// The first wait. The default is 1 s; Python's `backoff` calls it `factor`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::expo().first_wait(Duration::from_millis(50));
    /// assert!(policy.waits().take(3).eq([50, 100, 200].map(Duration::from_millis)));
    /// ```
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.strategy = self.strategy.with_first_wait(wait);
        self
    }

    /// What each wait is multiplied by to give the next. The default is 2; Python's
    /// `backoff` calls it `base`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::expo().factor(1.5);
    /// assert!(policy.waits().take(3).eq([1000, 1500, 2250].map(Duration::from_millis)));
    /// ```
    ///
    /// # Panics
    ///
    /// When it is not a finite number above zero; in a `const` or `static` that is a compile error.
    #[track_caller]
    pub const fn factor(mut self, factor: f64) -> Self {
        match self.strategy.try_with_factor(factor) {
            Ok(strategy) => self.strategy = strategy,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// [`factor`](Self::factor) for a number that is known at run time only.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert!(Retry::expo().try_factor(1.5).is_ok());
    /// assert!(Retry::expo().try_factor(f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not a finite number above zero.
    pub fn try_factor(mut self, factor: f64) -> Result<Self, InvalidSetting> {
        self.strategy = self.strategy.try_with_factor(factor)?;
        Ok(self)
    }
}

/// # Of Fibonacci's waits
impl<C, H, Z> Retry<Fibo, C, H, Z> {
    /// The first wait, of which all are multiples. The default is 1 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::fibo().first_wait(Duration::from_millis(50));
    /// assert!(policy.waits().take(4).eq([50, 50, 100, 150].map(Duration::from_millis)));
    /// ```
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.strategy.first_wait = Nanos::of(wait);
        self
    }
}

/// # Of linear waits
impl<C, H, Z> Retry<Linear, C, H, Z> {
    /// The first wait. The default is one step.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::linear(Duration::from_secs(5)).first_wait(Duration::from_secs(1));
    /// assert!(policy.waits().take(3).eq([1, 6, 11].map(Duration::from_secs)));
    /// ```
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.strategy.first_wait = Nanos::of(wait);
        self
    }
}

/// # Of waits that shrink
impl<C, H, Z> Retry<Decay, C, H, Z> {
    /// The first wait. The default is 1 s; Python's `backoff` calls it `initial_value`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::decay().first_wait(Duration::from_secs(100));
    /// assert_eq!(policy.waits().next(), Some(Duration::from_secs(100)));
    /// ```
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.strategy.first_wait = Nanos::of(wait);
        self
    }

    /// How fast they shrink: each is the one before, divided by e to this power. The default is 1.
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
    /// When it is negative or not finite; in a `const` or `static` that is a compile error.
    #[track_caller]
    pub const fn decay_factor(mut self, factor: f64) -> Self {
        let Decay { first_wait, min_wait, .. } = self.strategy;
        self.strategy = Decay::new(first_wait.duration(), factor, min_wait);
        self
    }

    /// [`decay_factor`](Self::decay_factor) for a number that is known at run time only.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert!(Retry::decay().try_decay_factor(0.5).is_ok());
    /// assert!(Retry::decay().try_decay_factor(-1.0).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// When it is negative or not finite.
    pub fn try_decay_factor(mut self, factor: f64) -> Result<Self, InvalidSetting> {
        let Decay { first_wait, min_wait, .. } = self.strategy;
        self.strategy = Decay::try_new(first_wait.duration(), factor, min_wait)?;
        Ok(self)
    }

    /// What they do not shrink below. The default is zero; Python's `backoff` calls it `min_value`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// let policy = Retry::decay().min_wait(Duration::from_millis(500));
    /// assert!(policy.waits().take(3).eq([1000, 500, 500].map(Duration::from_millis)));
    /// ```
    pub const fn min_wait(mut self, wait: Duration) -> Self {
        self.strategy.min_wait = wait;
        self
    }
}
