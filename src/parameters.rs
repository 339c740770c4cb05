//! The settings that belong to one strategy each.

use core::time::Duration;

use crate::nanos::Nanos;
use crate::retry::Retry;
use crate::settings::InvalidSetting;
use crate::strategies::{Decay, Expo, Fibo, Linear};

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
