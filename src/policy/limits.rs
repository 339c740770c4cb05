//! When to give up.

use core::time::Duration;

use crate::error::InvalidSetting;
use crate::policy::Retry;

/// # Limits
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Sets the maximum number of attempts: 5 means 5 calls and 4 waits.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut calls = 0;
    /// let outcome = Retry::expo().max_tries(5).clock(TestClock::new()).run(|| {
    ///     calls += 1;
    ///     Err::<(), _>("down")
    /// });
    /// assert_eq!((outcome, calls), (Err("down"), 5));
    /// ```
    ///
    /// It replaces the default of 10. If [`max_time`](Self::max_time) is set too, the first limit that is reached ends
    /// the run. `u32::MAX` means no limit.
    ///
    /// # Panics
    ///
    /// If `tries` is 0. In a `const` or `static` this is a compile error. See [`try_max_tries`](Self::try_max_tries).
    #[doc(alias("max_attempts", "max_retries", "retries"))]
    #[track_caller]
    pub const fn max_tries(mut self, tries: u32) -> Self {
        match self.settings.try_max_tries(tries) {
            Ok(settings) => self.settings = settings,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// Same as [`max_tries`](Self::max_tries), but returns an error instead of panicking: for a number known only at
    /// run time.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert!(Retry::expo().try_max_tries(3).is_ok());
    /// assert!(Retry::expo().try_max_tries(0).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `tries` is 0.
    pub fn try_max_tries(mut self, tries: u32) -> Result<Self, InvalidSetting> {
        self.settings = self.settings.try_max_tries(tries)?;
        Ok(self)
    }

    /// Sets how long a run may take: no wait begins once this much time has passed since the run began.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::expo().max_time(Duration::from_secs(10)).jitter(Jitter::None).clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(clock.waits(), [1, 2, 4, 3].map(Duration::from_secs));
    /// ```
    ///
    /// The last wait is shortened to the time that is left, so that a final attempt is made at the deadline. To leave
    /// that attempt out, see [`no_attempt_after_deadline`](Self::no_attempt_after_deadline).
    ///
    /// This limit does not interrupt an attempt. A run takes at most this time, plus one attempt, plus the time that
    /// handlers take between an attempt and the wait after it. To interrupt attempts, see
    /// [`attempt_timeout`](Self::attempt_timeout).
    ///
    /// A time of zero means a single attempt. This limit replaces the default of 10 tries.
    #[doc(alias("deadline", "timeout", "max_elapsed_time"))]
    pub const fn max_time(mut self, time: Duration) -> Self {
        self.settings = self.settings.without_default_tries();
        self.settings.max_time = Some(time);
        self
    }

    /// Gives up if the next wait is longer than what is left of [`max_time`](Self::max_time), instead of shortening it
    /// for a final attempt at the deadline.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::expo()
    ///     .max_time(Duration::from_secs(10))
    ///     .no_attempt_after_deadline()
    ///     .jitter(Jitter::None)
    ///     .clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(clock.waits(), [1, 2, 4].map(Duration::from_secs));
    /// ```
    ///
    /// Use it if the caller no longer waits for the result after the deadline. Ignored without `max_time`.
    #[doc(alias = "deadline")]
    pub const fn no_attempt_after_deadline(mut self) -> Self {
        self.settings.no_attempt_after_deadline = true;
        self
    }

    /// Removes the default limit of 10 tries.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut calls = 0;
    /// let outcome = Retry::expo().forever().clock(TestClock::new()).run(|| {
    ///     calls += 1;
    ///     if calls < 1000 { Err("not yet") } else { Ok(calls) }
    /// });
    /// assert_eq!(outcome, Ok(1000));
    /// ```
    ///
    /// It changes nothing else: a [`max_tries`](Self::max_tries) or [`max_time`](Self::max_time) that is set before or
    /// after this call still applies.
    pub const fn forever(mut self) -> Self {
        self.settings = self.settings.without_default_tries();
        self
    }
}
