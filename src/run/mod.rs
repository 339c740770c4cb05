//! Runs of a policy: attempts that code of your own makes, run options, and the types behind the forms of `run`.
//!
//! [`Attempts`] and [`AttemptsAsync`] are runs in line. [`Runner`] is a policy with run options. The traits are those in
//! the bounds of [`Retry`](crate::Retry)'s methods; they are sealed.

pub(crate) mod operation;
pub(crate) mod plan;
pub(crate) mod returns;
pub(crate) mod session;

pub(crate) mod blocking;
mod forms;

mod forms_async;
pub(crate) mod future;

pub(crate) mod after;
pub(crate) mod attempts;

pub(crate) mod options;
pub(crate) mod timeout;

#[cfg(feature = "explain")]
pub(crate) mod explain;

pub use after::Given;
pub use attempts::{Attempts, AttemptsAsync, InLine};
#[cfg(feature = "explain")]
pub use explain::{Explained, RetryError, RunStats, Succeeded};
pub use operation::{
    Attempt, Attempted, Call, CallAttempt, CallWith, Hidden, Needs, Operation, Shown, Visibility,
};
pub use options::Runner;
pub use returns::{AsIs, Return, Returns, ValueOnly};
pub use session::{Async, Blocking, Side};
pub use timeout::{AttemptTimeout, Bound, Convert, InTime, MakeError, Timed, TimedOut, Unbounded};

pub use crate::policy::hold::{Policy, PolicyFor};

use core::time::Duration;

use crate::event::{Details, EventKind, StopReason, Subject};

/// What a run does next, which is also the event to notify before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// `Try`: make an attempt. `Backoff`: sleep for `wait`. `Success`, `GiveUp`: return.
    pub(crate) event: EventKind,
    /// The time since the run began, in nanoseconds.
    pub(crate) elapsed: u64,
    /// In nanoseconds.
    pub(crate) wait: u64,
    pub(crate) reason: Option<StopReason>,
}

impl Step {
    #[inline]
    pub(crate) const fn new(event: EventKind, elapsed: u64) -> Self {
        Self { event, elapsed, wait: 0, reason: None }
    }

    #[inline]
    pub(crate) const fn give_up(reason: StopReason, elapsed: u64) -> Self {
        Self { reason: Some(reason), ..Self::new(EventKind::GiveUp, elapsed) }
    }
}

/// The numbers that a run carries from one attempt to the next.
///
/// 24 bytes: every future embeds one, and the size of a task decides how fast many of them are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The clock's time when the run began, in nanoseconds.
    began: u64,
    /// The wait before the current attempt, in nanoseconds.
    last_wait: u64,
    /// The number of the current attempt.
    tries: u32,
}

impl Run {
    /// The start was not recorded, since nothing reads the time.
    const NOT_RECORDED: u64 = u64::MAX;

    pub(crate) const NEW: Self = Self { began: Self::NOT_RECORDED, last_wait: 0, tries: 0 };

    #[inline]
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// Records that the run begins now.
    #[inline]
    pub(crate) fn begin(&mut self, now: u64) {
        self.began = now.min(Self::NOT_RECORDED - 1);
    }

    /// The time since the run began, in nanoseconds. Zero where the start was not recorded.
    #[inline]
    pub(crate) fn elapsed(&self, now: impl FnOnce() -> u64) -> u64 {
        match self.began {
            Self::NOT_RECORDED => 0,
            began => now().saturating_sub(began),
        }
    }

    /// Counts one attempt more, up to one less than [`Tries::UNLIMITED`](crate::policy::settings::Tries).
    #[inline]
    pub(crate) fn count_try(&mut self) {
        self.tries = self.tries.saturating_add(1).min(u32::MAX - 1);
    }

    /// Notes the wait that comes.
    #[inline]
    pub(crate) fn back_off(&mut self, wait: u64) {
        self.last_wait = wait;
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
        details.elapsed = Duration::from_nanos(step.elapsed);
        details.wait = Duration::from_nanos(step.wait);
        details.last_wait = self.last_wait();
        details.reason = step.reason;
        details.args = subject.args;
        details.outcome = outcome;
        details
    }

    #[inline]
    pub(crate) fn last_wait(&self) -> Duration {
        Duration::from_nanos(self.last_wait)
    }

    /// How a run ended whose success nobody observes.
    #[inline]
    pub(crate) fn end_unobserved(&self) -> End {
        End { tries: self.tries, elapsed: Duration::ZERO, reason: None }
    }

    /// How the run ended with this step.
    #[inline]
    pub(crate) fn end(&self, step: &Step) -> End {
        let elapsed = Duration::from_nanos(step.elapsed);
        End { tries: self.tries, elapsed, reason: step.reason }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "only `explain` reads it"))]
pub struct End {
    pub(crate) tries: u32,
    /// Measured where [`Returns::NEEDS_ELAPSED`](returns::Returns) is set.
    pub(crate) elapsed: Duration,
    pub(crate) reason: Option<StopReason>,
}
