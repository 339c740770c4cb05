//! Setters of limits.

use core::time::Duration;

use crate::clock::Punctual;
use crate::error::InvalidSetting;
use crate::policy::Retry;
use crate::policy::settings::{LastWait, Nested};

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

    /// Limits the time of a run: no wait begins once this much time has passed since the run began.
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
    /// This is not a deadline for the whole run, since it does not interrupt an attempt. A run takes at most this time,
    /// plus one attempt, plus the time that handlers take between an attempt and the wait after it. To end attempts at
    /// the deadline, use [`interrupt_at_deadline`](Self::interrupt_at_deadline). To limit each attempt, use
    /// [`attempt_timeout`](Self::attempt_timeout).
    ///
    /// The last wait is shortened to the time that is left, so that a final attempt begins when the time is over. If
    /// the wait ends late, so does the start of that attempt. To skip it, use
    /// [`no_attempt_after_deadline`](Self::no_attempt_after_deadline). To keep the last wait as long as it was, use
    /// [`last_wait_may_overrun`](Self::last_wait_may_overrun).
    ///
    /// A time of zero means a single attempt. This limit replaces the default of 10 tries.
    #[doc(alias("deadline", "timeout", "max_elapsed_time"))]
    pub const fn max_time(mut self, time: Duration) -> Self {
        self.settings = self.settings.without_default_tries();
        self.settings.max_time = Some(time);
        self
    }

    /// Keeps the full length of the last wait, even if it ends after [`max_time`](Self::max_time).
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::expo()
    ///     .max_time(Duration::from_secs(10))
    ///     .last_wait_may_overrun()
    ///     .jitter(Jitter::None)
    ///     .clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(clock.waits(), [1, 2, 4, 8].map(Duration::from_secs));
    /// ```
    ///
    /// A run then takes at most `max_time`, plus one wait and one attempt. Without `max_time` this has no effect. If
    /// you also call [`no_attempt_after_deadline`](Self::no_attempt_after_deadline), the later call applies. Runs with
    /// [`interrupt_at_deadline`](Self::interrupt_at_deadline) still skip a wait after which no time would remain.
    pub const fn last_wait_may_overrun(mut self) -> Self {
        self.settings.last_wait = LastWait::MayOverrun;
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
    /// If the waits shrink without a minimum, they reach zero after some tries, and the run retries without a pause.
    /// With [`decay`](Retry::decay), set a [`min_wait`](Retry::min_wait).
    ///
    /// A [`max_tries`](Self::max_tries) or [`max_time`](Self::max_time) that you set before or after this call still
    /// applies.
    pub const fn forever(mut self) -> Self {
        self.settings = self.settings.without_default_tries();
        self
    }
}

/// # Limits: no attempt after the deadline
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Makes no attempt after the deadline of [`max_time`](Self::max_time).
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
    /// Use this if the caller does not wait for the result any longer than that. Without `max_time` it has no effect.
    ///
    /// If a wait would end after the deadline, the run skips it and gives up. If the clock's timers may be late, the
    /// wait must end earlier by its [`resolution`](crate::AsyncClock::resolution): 1 ms on tokio.
    ///
    /// The run reads the clock again after each wait. If the process was frozen during the wait and the deadline has
    /// passed, the run gives up with its last outcome. A run keeps that outcome during its waits, which makes its
    /// future larger. To spawn such a run, its value and its error must be `Send`.
    ///
    /// It changes the type of the clock: a static of it is a `Retry<Expo, AnyError, (), Punctual<SystemClock>>`. To keep the plain
    /// type, call it at the run.
    ///
    /// This method is `const`, and needs a policy that is `Copy`. Call it before you add handlers, `cancelled_by` and
    /// other parts that are not `Copy`, or borrow the policy: `policy.by_ref().no_attempt_after_deadline()`.
    #[doc(alias = "deadline")]
    pub const fn no_attempt_after_deadline(self) -> Retry<S, C, H, Punctual<Z>>
    where
        S: Plain,
        C: Plain,
        H: Plain,
        Z: Plain,
    {
        let Self { strategy, condition, observer, clock, mut settings } = self;
        settings.last_wait = LastWait::MustFit;
        Retry { strategy, condition, observer, clock: Punctual { clock }, settings }
    }
}

/// # Limits: runs inside runs
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Sets whether a run retries inside an attempt of another run. By default it does: [`Nested::Allow`].
    ///
    /// ```
    /// use relent::{Nested, Retry, StopReason, TestClock};
    ///
    /// let client = Retry::expo().max_tries(4).nested(Nested::Once).clock(TestClock::new());
    /// let service = Retry::expo().max_tries(3).clock(TestClock::new());
    ///
    /// let mut calls = 0;
    /// let outcome = service.run(|| {
    ///     client.run(|| {
    ///         calls += 1;
    ///         Err::<(), _>("down")
    ///     })
    /// });
    /// assert_eq!((outcome, calls), (Err("down"), 3)); // not 12
    ///
    /// client.run(|| { calls += 1; Err::<(), _>("down") }).unwrap_err();
    /// assert_eq!(calls, 3 + 4); // not inside another run
    /// ```
    ///
    /// Retries at two levels multiply. If a service makes three attempts, and its client four for each of them, an
    /// overloaded server gets twelve calls. With [`Nested::Once`] in the client's policy, only the outermost run
    /// retries.
    ///
    /// If the inner run's condition decides to retry, that run gives up with
    /// [`StopReason::Nested`](crate::StopReason::Nested) instead. Runs in tasks and threads that an attempt spawns are
    /// not inside it: see [`Details::depth`](crate::Details::depth) and the
    /// [guide](crate::guide::dangers#layers-multiply).
    pub const fn nested(mut self, nested: Nested) -> Self {
        self.settings.nested = nested;
        self
    }
}

/// A part of a policy that is `Copy`: the bound of
/// [`no_attempt_after_deadline`](Retry::no_attempt_after_deadline). Every `Copy` type implements it.
#[diagnostic::on_unimplemented(
    message = "`no_attempt_after_deadline` needs a policy that is `Copy`: call it before handlers, `cancelled_by` and other parts that are not `Copy` are added",
    label = "`{Self}` is not `Copy`"
)]
pub trait Plain: Copy {}

impl<X: Copy> Plain for X {}
