//! `Details`: an event, by reference.

use core::fmt;
use core::time::Duration;

use super::kinds::{EventKind, RetryKind, StopReason};
use super::line::{Displayed, Line, Text};
use super::run_id::RunId;
use super::target::Target;

/// The details of an event, passed by reference to every handler, observer, condition and strategy.
///
/// Its `Display` writes a line to log:
///
/// ```
/// use std::time::Duration;
/// use relent::{Details, StopReason};
///
/// let outcome: Result<(), &str> = Err("boom");
/// let details = Details::new("fetch_user", 3).with_outcome(&outcome);
/// assert_eq!(
///     details.with_wait(Duration::from_secs(1)).to_string(),
///     "Backing off fetch_user for 1.0s after 3 tries (boom)",
/// );
/// assert_eq!(
///     details.with_reason(StopReason::MaxTries).to_string(),
///     "Giving up fetch_user after 3 tries (boom)",
/// );
/// ```
///
/// The event decides which data is available:
///
/// | | try | backoff | success | give-up |
/// |---|---|---|---|---|
/// | [`target()`](Self::target), [`tries`](Self::tries), [`elapsed`](Self::elapsed), [`last_wait`](Self::last_wait) | yes | yes | yes | yes |
/// | [`args()`](Self::args) | if shown | if shown | if shown | if shown |
/// | [`wait`](Self::wait) | | yes | | |
/// | [`value()`](Self::value) | | if it was not accepted | yes | if it was not accepted |
/// | [`error()`](Self::error) | | if there was one | | if there was one |
/// | [`retry`](Self::retry) | of the last retry | of the upcoming retry | of the last retry | of the last retry |
/// | [`reason`](Self::reason) | | | | yes |
/// | [`attempt_duration`](Self::attempt_duration) | | yes | yes | yes |
/// | [`retry_time()`](Self::retry_time) | | of a second or later attempt | of a second or later attempt | if it retried |
/// | [`run`](Self::run) | yes | yes | yes | yes |
/// | [`depth`](Self::depth) | yes | yes | yes | yes |
///
/// Your own [`Condition`](crate::Condition) may accept an error. The success then has an error and no value.
///
/// # The line
///
/// The result is always one line, for any error text. Control characters, line separators and characters that change
/// the direction of text are escaped, for example as `\n` and `\u{1b}`. After 1 KiB, the text ends with `…`, and
/// formatting stops. The alternate form, `{:#}`, also uses the alternate form of the error, which for `anyhow::Error`
/// includes the causes. For an error without `Display`, use [`by_debug`](Self::by_debug). For secrets in errors, see
/// the [guide](crate::guide::dangers#an-error-holds-a-secret).
///
/// The lines resemble those of Python's `backoff`; the guide lists the
/// [differences](crate::guide::from_python_backoff#differences).
#[non_exhaustive]
pub struct Details<'a, T, E> {
    /// The kind of event.
    ///
    /// Conditions and strategies run before the run knows which event follows. They see [`EventKind::Backoff`].
    pub event: EventKind,
    /// The number of attempts so far, including the current one.
    ///
    /// For [`EventKind::Try`], it is the number of the next attempt. The first attempt is 1.
    pub tries: u32,
    /// The time since the run started, including earlier waits and handlers, but not the upcoming wait.
    ///
    /// For [`EventKind::Try`], the clock is read just before the attempt. For other events, it is read right after the
    /// attempt returned, or after the condition ran if no part of the policy needs the time. For a give-up after a wait
    /// that was cut short, it is read at the end of that wait.
    ///
    /// See [`Observe::wants`](crate::Observe::wants) for a case in which `elapsed` is zero.
    pub elapsed: Duration,
    /// The upcoming wait, as the run requests it from the clock. Zero except for [`EventKind::Backoff`].
    ///
    /// The clock may wake later. Tokio's timer rounds up to whole milliseconds, which shows in waits below 1 ms.
    pub wait: Duration,
    /// The wait before this attempt, without a wait that the server requested. Zero for the first attempt.
    ///
    /// If a wait was cut short, the give-up that follows shows the full length of that wait here.
    pub last_wait: Duration,
    /// The kind of the upcoming retry for [`EventKind::Backoff`], and of the last retry otherwise, if there was one.
    pub retry: Option<RetryKind>,
    /// Why the run gave up. `None` except for [`EventKind::GiveUp`].
    pub reason: Option<StopReason>,
    /// How long the last attempt took, without handlers and waits. `None` for [`EventKind::Try`].
    ///
    /// It is measured only for observers and handlers. It may be `None` if no observer wanted any event when the run
    /// started. In line, an attempt begins when `attempts`, `after` or [`next_try`](crate::run::Attempts::next_try)
    /// returns. It is `None` for an outcome without one of these calls before it.
    pub attempt_duration: Option<Duration>,
    /// The identity of the run, to keep runs apart in a shared observer.
    ///
    /// Every observer and handler receives it, except from [`Retry::decide`](crate::Retry::decide): identify such a run
    /// by the message or row that stores its progress. Conditions, strategies and budgets may see `None`. It is `None`
    /// on targets whose atomics cannot add, such as `thumbv6m-none-eabi`.
    pub run: Option<RunId>,
    /// How many attempts of other runs contain this run: 0 for most runs, 1 for a run that an attempt of another run
    /// started.
    ///
    /// It counts on one thread, and within the polls of one task. In an async run, it counts in the future of an
    /// attempt, but not in the function that makes this future. It is 0 in a task or thread that an attempt spawned,
    /// under [`Retry::decide`](crate::Retry::decide), and without the feature `std`. If an attempt itself polls a task,
    /// that task is inside the attempt: `block_on` of a runtime on one thread polls all tasks of that runtime.
    ///
    /// In line, only attempts made by [`Attempts::attempt`](crate::run::Attempts::attempt) count. In a stream that
    /// reconnects, all that a connection does counts, also after it has been established. See
    /// [`Retry::nested`](crate::Retry::nested).
    pub depth: u32,
    target: Target,
    /// Whether the run gave up in a wait, so that handlers have already seen the last attempt.
    #[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "only `Metrics` reads it"))]
    pub(crate) ended_in_wait: bool,
    /// When the first attempt ended, in nanoseconds since the run began, or [`UNKNOWN`].
    pub(crate) first_ended: u64,
    pub(crate) args: Option<&'a dyn fmt::Debug>,
    pub(crate) outcome: Option<&'a Result<T, E>>,
}

/// A time that was not recorded.
pub(crate) const UNKNOWN: u64 = u64::MAX;

impl<'a, T, E> Details<'a, T, E> {
    /// Creates the details of an [`EventKind::Try`] event, to test your own handlers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Details, EventKind};
    ///
    /// let mut details: Details<'_, (), &str> = Details::new("fetch_user", 2);
    /// details.elapsed = Duration::from_secs(3);
    /// assert_eq!(details.event, EventKind::Try);
    /// assert_eq!(details.to_string(), "Trying fetch_user (try 2)");
    /// ```
    ///
    /// For other events, call [`with_outcome`](Self::with_outcome), [`with_wait`](Self::with_wait) or
    /// [`with_reason`](Self::with_reason). Set public fields directly.
    #[must_use]
    pub const fn new(target: &'static str, tries: u32) -> Self {
        Self::of(Target::new(target), EventKind::Try, tries)
    }

    pub(crate) const fn of(target: Target, event: EventKind, tries: u32) -> Self {
        Self {
            event,
            tries,
            elapsed: Duration::ZERO,
            wait: Duration::ZERO,
            last_wait: Duration::ZERO,
            retry: None,
            reason: None,
            attempt_duration: None,
            run: None,
            depth: 0,
            target,
            ended_in_wait: false,
            first_ended: UNKNOWN,
            args: None,
            outcome: None,
        }
    }

    /// Sets the outcome. If the event is [`EventKind::Try`], it becomes [`EventKind::Success`].
    #[must_use]
    pub const fn with_outcome(mut self, outcome: &'a Result<T, E>) -> Self {
        if let EventKind::Try = self.event {
            self.event = EventKind::Success;
        }
        self.outcome = Some(outcome);
        self
    }

    /// Sets the upcoming wait. The event becomes [`EventKind::Backoff`].
    #[must_use]
    pub const fn with_wait(mut self, wait: Duration) -> Self {
        self.event = EventKind::Backoff;
        self.wait = wait;
        self
    }

    /// Sets the reason. The event becomes [`EventKind::GiveUp`].
    #[must_use]
    pub const fn with_reason(mut self, reason: StopReason) -> Self {
        self.event = EventKind::GiveUp;
        self.reason = Some(reason);
        self
    }

    /// Returns the name of the operation.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// Sets the arguments.
    #[must_use]
    pub const fn with_args(mut self, args: &'a dyn fmt::Debug) -> Self {
        self.args = Some(args);
        self
    }

    /// Returns the operation's arguments, if [`Retry::show_args`](crate::Retry::show_args) shows them.
    ///
    /// ```
    /// # use relent::Details;
    /// let details: Details<'_, (), ()> = Details::new("fetch", 1).with_args(&("user", 7));
    /// assert_eq!(format!("{:?}", details.args().unwrap()), r#"("user", 7)"#);
    /// ```
    #[must_use]
    pub const fn args(&self) -> Option<&'a dyn fmt::Debug> {
        self.args
    }

    /// Returns how long the run has been retrying: the time since its first attempt ended, including waits, handlers
    /// and attempts.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::{Jitter, Retry, TestClock};
    /// let mut added = None;
    /// let mut answers = [Err("busy"), Err("busy"), Ok(7)].into_iter();
    /// let policy = Retry::constant(Duration::from_secs(2)).jitter(Jitter::None).clock(TestClock::new());
    /// policy.on_success(|d| added = d.retry_time()).run(|| answers.next().unwrap()).unwrap();
    /// assert_eq!(added, Some(Duration::from_secs(4)));
    /// ```
    ///
    /// If the first attempt had been accepted, the run would have been faster by this much. `None` for
    /// [`EventKind::Try`], before the first attempt was retried, in conditions and strategies, and if
    /// [`attempt_duration`](Self::attempt_duration) is not measured. Also `None` in a run that is resumed from its
    /// [`Progress`](crate::Progress), which does not contain the end of the first attempt.
    #[must_use]
    pub const fn retry_time(&self) -> Option<Duration> {
        match self.event {
            EventKind::Try => None,
            _ if self.first_ended == UNKNOWN => None,
            _ => Some(self.elapsed.saturating_sub(Duration::from_nanos(self.first_ended))),
        }
    }

    /// Returns what the attempt returned, or `None` for [`EventKind::Try`].
    #[must_use]
    pub const fn outcome(&self) -> Option<&'a Result<T, E>> {
        self.outcome
    }

    /// Returns the value that the attempt returned, if it returned `Ok`.
    ///
    /// ```
    /// # use relent::Details;
    /// let outcome: Result<&str, ()> = Ok("body");
    /// assert_eq!(Details::new("fetch", 1).with_outcome(&outcome).value(), Some(&"body"));
    /// ```
    #[must_use]
    pub const fn value(&self) -> Option<&'a T> {
        match self.outcome {
            Some(Ok(value)) => Some(value),
            _ => None,
        }
    }

    /// Returns the error that the attempt returned, if it returned `Err`.
    ///
    /// ```
    /// # use relent::Details;
    /// let outcome: Result<(), &str> = Err("boom");
    /// assert_eq!(Details::new("fetch", 1).with_outcome(&outcome).error(), Some(&"boom"));
    /// ```
    #[must_use]
    pub const fn error(&self) -> Option<&'a E> {
        match self.outcome {
            Some(Err(error)) => Some(error),
            _ => None,
        }
    }
}

impl<T, E> Clone for Details<'_, T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Details<'_, T, E> {}

/// Omits arguments, value and error, which may lack `Debug` and may hold secrets.
impl<T, E> fmt::Debug for Details<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Details")
            .field("event", &self.event)
            .field("target", &self.target)
            .field("tries", &self.tries)
            .field("elapsed", &self.elapsed)
            .field("wait", &self.wait)
            .field("last_wait", &self.last_wait)
            .field("retry", &self.retry)
            .field("reason", &self.reason)
            .field("attempt_duration", &self.attempt_duration)
            .field("retry_time", &self.retry_time())
            .field("run", &self.run)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

/// A line to log, as [`Details`] describes it.
impl<T, E: Displayed> fmt::Display for Details<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(self.error().map(|error| Text::Display(error))).fmt(f)
    }
}

impl<T, E> Details<'_, T, E> {
    /// Returns the same line as `Display`, with the error shown by its `Debug`.
    ///
    /// ```
    /// use relent::{Details, StopReason};
    ///
    /// #[derive(Debug)]
    /// struct Busy; // without `Display`
    ///
    /// let outcome: Result<(), Busy> = Err(Busy);
    /// let details = Details::new("fetch_user", 3).with_outcome(&outcome).with_reason(StopReason::MaxTries);
    /// assert_eq!(details.by_debug().to_string(), "Giving up fetch_user after 3 tries (Busy)");
    /// ```
    #[must_use]
    pub fn by_debug(&self) -> impl fmt::Display
    where
        E: fmt::Debug,
    {
        self.line(self.error().map(|error| Text::Debug(error)))
    }

    /// Returns the line of this event, with the error shown in this way.
    #[inline]
    pub(crate) const fn line<'d>(&'d self, error: Option<Text<'d>>) -> Line<'d> {
        Line {
            event: self.event,
            tries: self.tries,
            wait: self.wait,
            reason: self.reason,
            target: &self.target,
            error,
            has_value: matches!(self.outcome, Some(Ok(_))),
        }
    }
}
