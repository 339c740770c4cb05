//! What a run is: the engine decides, the drivers act.

#![expect(clippy::inline_always, reason = "a call here would cost more than what is called")]

pub(crate) mod engine;
pub(crate) mod finish;
pub(crate) mod operation;
pub(crate) mod side;
mod steps;

pub(crate) mod blocking;
mod forms;

mod forms_async;
pub(crate) mod future;

pub(crate) mod in_line;

pub(crate) mod last_step;
pub(crate) mod timeout;

#[cfg(feature = "explain")]
pub(crate) mod explain;

pub(crate) mod preview;

use core::time::Duration;

use crate::clock::time::Time;
use crate::event::{Details, EventKind, GiveUp, Subject};
use crate::nanos::nanos;

/// What the engine says: the event to tell, which is also what to do after it has been told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    /// `Try`: make an attempt. `Backoff`: sleep for `wait`. `Success`, `GiveUp`: return.
    pub(crate) event: EventKind,
    /// In nanoseconds, until it is shown.
    pub(crate) elapsed: u64,
    pub(crate) wait: Duration,
    pub(crate) reason: Option<GiveUp>,
}

impl Verdict {
    pub(crate) const fn new(event: EventKind, elapsed: u64) -> Self {
        Self { event, elapsed, wait: Duration::ZERO, reason: None }
    }

    pub(crate) const fn give_up(reason: GiveUp, elapsed: u64) -> Self {
        Self { reason: Some(reason), ..Self::new(EventKind::GiveUp, elapsed) }
    }
}

/// The run's side: what is carried from one attempt to the next. It is packed, since a run's future
/// carries it too, and how many of those fit is how fast they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// When the run began, where anybody wants to know.
    began: u64,
    last_wait_secs: u64,
    last_wait_nanos: u32,
    tries: u32,
}

impl Run {
    /// A time that no clock shows before 584 years are over.
    const NOBODY_ASKS: u64 = u64::MAX;

    pub(crate) const NEW: Self =
        Self { began: Self::NOBODY_ASKS, last_wait_secs: 0, last_wait_nanos: 0, tries: 0 };

    /// A run that begins now, if anybody wants to know the time.
    pub(crate) fn begin(time: Option<impl Time>) -> Self {
        Self { began: time.map_or(Self::NOBODY_ASKS, |time| nanos(time.now())), ..Self::NEW }
    }

    /// The same run, as if its current attempt were the first.
    pub(crate) fn reset(&mut self, time: impl Time) {
        *self = Self { tries: 1, ..Self::begin(Some(time)) };
    }

    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// The time since the run began, where anybody wants to know.
    pub(crate) fn elapsed(&self, time: impl Time) -> Duration {
        Duration::from_nanos(self.elapsed_nanos(time))
    }

    pub(crate) fn elapsed_nanos(&self, time: impl Time) -> u64 {
        match self.began {
            Self::NOBODY_ASKS => 0,
            began => nanos(time.now()).saturating_sub(began),
        }
    }

    /// Counts one attempt more, up to one less than [`Tries::UNLIMITED`](crate::settings::Tries).
    #[inline]
    pub(crate) fn count_try(&mut self) {
        if self.tries < u32::MAX - 1 {
            self.tries += 1;
        }
    }

    /// Begins the next attempt. `time` is `None` where nobody is told of it.
    #[inline(always)]
    pub(crate) fn next_try(&mut self, time: Option<impl Time>) -> Verdict {
        self.count_try();
        let elapsed = match time {
            // The first attempt begins when the run does.
            Some(time) if self.tries > 1 => self.elapsed_nanos(time),
            _ => 0,
        };
        Verdict::new(EventKind::Try, elapsed)
    }

    /// Ends a run whose wait was cut short.
    pub(crate) fn cut_short(&self, time: impl Time) -> Verdict {
        Verdict::give_up(GiveUp::Cancelled, self.elapsed_nanos(time))
    }

    /// What handlers are shown of a verdict.
    #[inline(always)]
    pub(crate) fn details<'a, T, E>(
        &self,
        verdict: &Verdict,
        subject: Subject<'a>,
        outcome: Option<&'a Result<T, E>>,
    ) -> Details<'a, T, E> {
        let mut details = Details::of(subject.target, verdict.event, self.tries);
        details.elapsed = Duration::from_nanos(verdict.elapsed);
        details.wait = verdict.wait;
        details.last_wait = self.last_wait();
        details.reason = verdict.reason;
        details.args = subject.args;
        details.outcome = outcome;
        details
    }

    /// How a run ended whose success nobody wants to know more of.
    #[inline]
    pub(crate) fn end_untold(&self) -> End {
        End { tries: self.tries, elapsed: Duration::ZERO, reason: None }
    }

    /// How the run ended with this verdict.
    pub(crate) fn end(&self, verdict: &Verdict) -> End {
        let elapsed = Duration::from_nanos(verdict.elapsed);
        End { tries: self.tries, elapsed, reason: verdict.reason }
    }

    /// Takes the wait of a verdict that has been told.
    pub(crate) fn back_off(&mut self, verdict: &Verdict) -> Duration {
        self.last_wait_secs = verdict.wait.as_secs();
        self.last_wait_nanos = verdict.wait.subsec_nanos();
        verdict.wait
    }

    #[inline(always)]
    fn last_wait(&self) -> Duration {
        // There never are more. The compiler does not know, and `Duration::new` would ask.
        const MOST: u32 = 999_999_999;
        Duration::new(self.last_wait_secs, self.last_wait_nanos.min(MOST))
    }
}
/// How a run ended.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "only `explain` asks"))]
pub struct End {
    pub(crate) tries: u32,
    /// Measured where [`Finish::needs`] says so.
    pub(crate) elapsed: Duration,
    pub(crate) reason: Option<GiveUp>,
}
