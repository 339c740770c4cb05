//! Runs of a policy: attempts that code of your own makes, run options, and the types behind the forms of `run`.
//!
//! * [`Attempts`] and [`AttemptsAsync`] are runs in line, [`Backoff`] is only their waits.
//! * [`RunBlocking`], [`RunAsync`] and [`RunLocal`] are the bounds for code that is generic over policies.
#![cfg_attr(
    feature = "std",
    doc = "* [`BoxedRetry`] is a policy whose type has a name whatever its parts are."
)]
//! * [`Runner`] is a policy with run options.
//!
//! The other traits are those in the bounds of [`Retry`](crate::Retry)'s methods; they are sealed.

mod judge;
pub(crate) mod nesting;
mod notice;
pub(crate) mod operation;
pub(crate) mod plan;
pub(crate) mod returns;
pub(crate) mod session;
pub(crate) mod side;

pub(crate) mod blocking;
mod forms;

mod forms_async;
pub(crate) mod future;

pub(crate) mod after;
pub(crate) mod attempts;
pub(crate) mod by_hand;
mod decision;
pub(crate) mod in_attempt;
pub(crate) mod in_line;

pub(crate) mod backoff;

pub(crate) mod options;
pub(crate) mod timeout;

#[cfg(feature = "tracing")]
mod traced;
#[cfg(any(feature = "tracing", feature = "macros"))]
mod traced_args;

#[cfg(feature = "macros")]
#[doc(hidden)]
#[allow(missing_debug_implementations, clippy::must_use_candidate, clippy::type_complexity)]
pub mod decorated;

#[cfg(feature = "explain")]
pub(crate) mod explain;

mod bounds;

pub use after::{Given, Passed};
pub use attempts::{Attempts, AttemptsAsync};
pub use backoff::Backoff;
#[cfg(feature = "std")]
pub use bounds::BoxedRetry;
pub use bounds::{AttemptFn, RunAsync, RunBlocking, RunLocal};
pub use decision::Decision;
#[cfg(feature = "explain")]
pub use explain::{Explained, RetryError, RunStats, Succeeded};
pub use in_attempt::InAttempt;
pub use in_line::{InLine, ShowArgs, ShownArgs};
pub use operation::{
    Attempt, Attempted, Call, CallAttempt, CallWith, Hidden, Needs, Operation, Shown, Visibility,
};
pub use options::Runner;
pub use returns::{AsIs, Return, Returns, ValueOnly};
pub use side::{Async, Blocking, Side};
pub use timeout::{
    AttemptTimeout, Bound, BoundBlocking, By, Convert, InTime, MakeError, OrAtDeadline, Timed,
    TimedOut, Unbounded, Unlimited,
};
#[cfg(feature = "tracing")]
pub use traced::{InSpans, SpanOn, Traced};
#[cfg(any(feature = "tracing", feature = "macros"))]
pub use traced_args::TracedArgs;

pub use crate::policy::hold::{Policy, PolicyFor};

use core::time::Duration;

use crate::event::{Details, EventKind, Progress, RetryKind, StopReason, Subject};
use crate::nanos::nanos;
use crate::observe::record::Record;
use crate::run::plan::Planned;

/// What a run does next, which is also the event to notify before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// `Try`: make an attempt. `Backoff`: sleep for `wait()`. `Success`, `GiveUp`: return.
    pub(crate) event: EventKind,
    /// The time since the run began, in nanoseconds.
    pub(crate) elapsed: u64,
    pub(crate) planned: Planned,
    /// The kind of the retry that comes.
    pub(crate) retry: Option<RetryKind>,
    pub(crate) reason: Option<StopReason>,
}

impl Step {
    #[inline]
    pub(crate) const fn new(event: EventKind, elapsed: u64) -> Self {
        Self { event, elapsed, planned: Planned::NONE, retry: None, reason: None }
    }

    #[inline]
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_nanos(self.planned.wait)
    }

    #[inline]
    pub(crate) const fn give_up(reason: StopReason, elapsed: u64) -> Self {
        Self { reason: Some(reason), ..Self::new(EventKind::GiveUp, elapsed) }
    }
}

/// The numbers that a run carries from one attempt to the next.
///
/// 24 bytes without observers: every future embeds one, and the size of a task decides how fast many of them are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<R = ()> {
    /// The clock's time when the run began, in nanoseconds.
    began: u64,
    /// The wait before the current attempt without what the other side asked for, in nanoseconds.
    last_wait: u64,
    /// The number of the current attempt.
    tries: u32,
    /// The kind of the last retry.
    retry: Option<RetryKind>,
    /// How the run ended, if it did.
    end: Option<Result<(), StopReason>>,
    /// What only observers see.
    record: R,
}

/// The start was not recorded, since nothing reads the time.
const NOT_RECORDED: u64 = u64::MAX;

/// The latest start that can be recorded.
const LATEST: u64 = u64::MAX - 1;

/// 292 years: a start that wrapped is distinguished from a clock that went backwards by the half in which it lies.
const LONGEST_RESUMED: u64 = u64::MAX / 2;

// These two are functions of their own, so that call sites are small.

/// A start, as it is recorded.
#[inline(never)]
fn began(now: Duration) -> u64 {
    nanos(now).min(LATEST)
}

/// The time since a start that was recorded, in nanoseconds.
#[inline(never)]
fn since(began: u64, now: Duration) -> u64 {
    let now = nanos(now);
    match began {
        // A clock at its end stands still: `began` clips it.
        LATEST => 0,
        _ if now < began && began > LONGEST_RESUMED => now.wrapping_sub(began),
        _ => now.saturating_sub(began),
    }
}

impl<R: Record> Run<R> {
    pub(crate) const NEW: Self = Self {
        began: NOT_RECORDED,
        last_wait: 0,
        tries: 0,
        retry: None,
        end: None,
        record: R::NEW,
    };

    /// A run whose progress was kept elsewhere.
    pub(crate) fn resume(progress: &Progress, now: Duration) -> Self {
        let &Progress { tries, elapsed, last_wait, last_retry } = progress;
        // It may have begun before the clock did: the subtraction wraps, and that in `elapsed` wraps back.
        let began = nanos(now).wrapping_sub(nanos(elapsed).min(LONGEST_RESUMED));
        Self {
            began: began.min(LATEST - 1),
            last_wait: nanos(last_wait),
            tries,
            retry: last_retry,
            end: None,
            record: R::NEW,
        }
    }

    /// What has to be kept after this many attempts.
    pub(crate) fn progress(&self, tries: u32, elapsed: Duration) -> Progress {
        let mut progress = Progress::new(tries);
        progress.elapsed = elapsed;
        progress.last_wait = self.last_wait();
        progress.last_retry = self.retry;
        progress
    }

    #[inline]
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// Records that the run begins now.
    pub(crate) fn begin(&mut self, now: Duration) {
        self.began = began(now);
    }

    /// Whether its start is recorded.
    pub(crate) fn has_begun(&self) -> bool {
        self.began != NOT_RECORDED
    }

    /// The time since the run began, in nanoseconds. Zero where the start was not recorded.
    #[inline]
    pub(crate) fn elapsed(&self, now: impl FnOnce() -> Duration) -> u64 {
        if self.has_begun() { since(self.began, now()) } else { 0 }
    }

    /// Whether a retry was decided on.
    pub(crate) fn has_retried(&self) -> bool {
        self.retry.is_some()
    }

    /// Counts one attempt more, up to one less than [`Tries::UNLIMITED`](crate::policy::settings::Tries).
    #[inline]
    pub(crate) fn count_try(&mut self) {
        self.tries = self.tries.saturating_add(1).min(u32::MAX - 1);
        // Should the next attempt not be announced to the end, its duration is not that of the one before.
        self.record.forget_attempt();
    }

    /// Counts attempts that the run does not know of.
    pub(crate) fn count_up_to(&mut self, tries: u32) {
        self.tries = self.tries.max(tries);
    }

    /// Notes the retry that comes.
    #[inline]
    pub(crate) fn back_off(&mut self, step: &Step) {
        self.last_wait = step.planned.own;
        self.retry = step.retry;
        // Should the run end after this wait, observers see how long the last attempt took.
        self.record.end_attempt(step.elapsed);
        if self.tries == 1 && self.has_begun() {
            self.record.end_first_attempt(step.elapsed);
        }
    }

    /// Records that an attempt begins, if anything reads the time.
    #[inline]
    pub(crate) fn begin_attempt(&mut self, begins_run: bool, now: impl FnOnce() -> Duration) {
        if self.has_begun() {
            let elapsed = if begins_run { 0 } else { self.elapsed(now) };
            self.record.begin_attempt(elapsed);
        }
    }

    /// Forgets an attempt whose end was not recorded, since its outcome was never judged.
    pub(crate) fn leave_attempt(&mut self) {
        self.record.leave_attempt();
    }

    /// Gives the run an identity, which its observers see.
    #[inline]
    pub(crate) fn identify(&mut self) {
        self.record.identify();
    }

    /// What observers are shown of a step.
    #[inline]
    pub(crate) fn details<'a, T, E>(
        &self,
        step: &Step,
        subject: Subject<'a>,
        outcome: Option<&'a Result<T, E>>,
    ) -> Details<'a, T, E> {
        let mut details = Details::of(subject.target, step.event, self.tries);
        self.show_time(&mut details, step.elapsed);
        details.wait = step.wait();
        details.last_wait = self.last_wait();
        details.retry = step.retry.or(self.retry);
        details.reason = step.reason;
        details.args = subject.args;
        details.outcome = outcome;
        details.run = self.record.run();
        details
    }

    /// Shows observers what neither conditions nor strategies see.
    #[inline]
    pub(crate) fn show_retries<T, E>(&self, details: &mut Details<'_, T, E>) {
        details.first_ended = self.record.first_ended();
        details.ended_in_wait =
            details.event == EventKind::GiveUp && self.record.has_attempt_ended();
    }

    /// Shows observers what the time is.
    #[inline]
    pub(crate) fn show_time<T, E>(&self, details: &mut Details<'_, T, E>, elapsed: u64) {
        details.elapsed = Duration::from_nanos(elapsed);
        if details.event != EventKind::Try {
            details.attempt_duration =
                self.record.attempt_duration(elapsed).map(Duration::from_nanos);
        }
    }

    #[inline]
    pub(crate) fn last_wait_nanos(&self) -> u64 {
        self.last_wait
    }

    #[inline]
    pub(crate) fn last_wait(&self) -> Duration {
        Duration::from_nanos(self.last_wait)
    }

    /// The end of a success that no observer wants.
    #[inline]
    pub(crate) fn end_unobserved(&self) -> End {
        End { tries: self.tries, elapsed: Duration::ZERO, reason: None }
    }

    /// Notes the end of the run, if this step is one.
    #[inline]
    pub(crate) fn note(&mut self, step: &Step) {
        if let EventKind::Success | EventKind::GiveUp = step.event {
            self.end = Some(step.reason.map_or(Ok(()), Err));
        }
    }

    /// How the run ended, if that was noted.
    pub(crate) fn ended(&self, now: impl FnOnce() -> Duration) -> Option<End> {
        let reason = self.end?.err();
        let elapsed = Duration::from_nanos(self.elapsed(now));
        Some(End { tries: self.tries, elapsed, reason })
    }

    /// How the run ended with this step.
    #[inline]
    pub(crate) fn end(&self, step: &Step) -> End {
        let elapsed = Duration::from_nanos(step.elapsed);
        End { tries: self.tries, elapsed, reason: step.reason }
    }
}

/// How a run ended. It appears in the signatures of sealed traits.
#[derive(Clone, Copy, Debug)]
pub struct End {
    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "only `explain` reads it"))]
    pub(crate) tries: u32,
    /// Measured where [`Returns::NEEDS_ELAPSED`](returns::Returns) is set.
    pub(crate) elapsed: Duration,
    pub(crate) reason: Option<StopReason>,
}
