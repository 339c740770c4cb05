//! When to give up, and how the waits come out.

use core::time::Duration;

use crate::error::InvalidSetting;
use crate::nanos::Nanos;
use crate::policy::Retry;
use crate::wait::jitter::Jitter;

/// # When to give up, and how the waits come out
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Makes at most this many attempts: 5 are 5 calls and 4 waits.
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
    /// It replaces the default of 10. With [`max_time`](Self::max_time) beside it the first limit
    /// that is reached ends the run. `u32::MAX` is no limit.
    ///
    /// # Panics
    ///
    /// When it is 0; in a `const` or `static` that is a compile error. See
    /// [`try_max_tries`](Self::try_max_tries).
    #[track_caller]
    pub const fn max_tries(mut self, tries: u32) -> Self {
        match self.settings.try_max_tries(tries) {
            Ok(settings) => self.settings = settings,
            Err(refused) => refused.panic(),
        }
        self
    }

    /// [`max_tries`](Self::max_tries) for a number that is known at run time only.
    ///
    /// # Errors
    ///
    /// When it is 0.
    pub fn try_max_tries(mut self, tries: u32) -> Result<Self, InvalidSetting> {
        self.settings = self.settings.try_max_tries(tries)?;
        Ok(self)
    }

    /// Begins no wait once this much time has passed since the run began.
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
    /// The last wait is shortened to what is left, so that one last attempt is made at the deadline.
    /// An attempt is never interrupted: a run takes at most this time and one attempt more, and what
    /// the handlers take between an attempt and the wait after it. Zero is one attempt. It replaces
    /// the default limit of 10 tries.
    pub const fn max_time(mut self, time: Duration) -> Self {
        self.settings = self.settings.without_default_tries();
        self.settings.max_time = Some(time);
        self
    }

    /// Gives up where the wait does not fit into what is left of [`max_time`](Self::max_time),
    /// instead of shortening it for one last attempt at the deadline.
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
    /// For a caller who is gone by then. Without `max_time` it changes nothing.
    pub const fn no_attempt_after_deadline(mut self) -> Self {
        self.settings.no_attempt_after_deadline = true;
        self
    }

    /// Waits at most this long, whatever the strategy and jitter say.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().max_wait(Duration::from_secs(5)).max_tries(6);
    /// assert!(policy.waits().eq([1, 2, 4, 5, 5].map(Duration::from_secs)));
    /// ```
    ///
    /// The cap is applied before jitter, so that capped waits are spread as others are, and again
    /// after it; and to the first wait too. A wait that was asked for
    /// ([`Verdict::RetryIn`](crate::Verdict::RetryIn)) is not capped. It limits the waits, not the attempts.
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.settings.max_wait = Nanos::of(wait);
        self
    }

    /// Does without the default limit of 10 tries, and changes nothing else: a
    /// [`max_tries`](Self::max_tries) or [`max_time`](Self::max_time) that is set stays.
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
    pub const fn forever(mut self) -> Self {
        self.settings = self.settings.without_default_tries();
        self
    }

    /// How much of each wait is left to chance. The default is [`Jitter::Full`].
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
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.settings.jitter = jitter;
        self
    }

    /// Draws the same jitter in each run, for tests. Unseeded runs differ.
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
    /// The same seed may give other waits on another platform or with another version of `rand`. It
    /// does not reach the function of a [`Jitter::Custom`].
    ///
    /// Without the feature `std` there is no randomness of the system's: unseeded jitter is then
    /// drawn from the clock, and devices that must not act alike each need a seed.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// What events call the thing that is retried. The default is the name of the operation's
    /// function, or of the function in which its closure was written.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut line = String::new();
    /// let policy = Retry::expo().target("fetch_user").max_tries(3).clock(TestClock::new());
    /// policy.on_giveup(|d| line = d.to_string()).run(|| Err::<(), _>("boom")).unwrap_err();
    /// assert_eq!(line, "Giving up fetch_user after 3 tries (boom)");
    /// ```
    pub const fn target(mut self, target: &'static str) -> Self {
        self.settings.target = Some(target);
        self
    }
}
