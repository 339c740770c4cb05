//! The states of a run that other code drives, behind `Attempts` and `AttemptsAsync`.

use core::fmt;
use core::ops::ControlFlow;
use core::time::Duration;

use crate::clock::BlockingClock;
use crate::condition::Verdict;
#[cfg(any(feature = "futures-core", feature = "tower"))]
use crate::event::Target;
use crate::event::{EventKind, Progress, StopReason};
use crate::observe::chain::NotifyBlocking;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::decision::Decision;
#[cfg(feature = "explain")]
use crate::run::explain::{Explained, RetryError, Succeeded};
use crate::run::in_line::{InLine, ShowArgs};
use crate::run::returns::Ending;
#[cfg(feature = "explain")]
use crate::run::returns::Return;
use crate::run::session::Session;
use crate::run::side::{Blocking, NoClock, Side};
use crate::run::{End, Run, Step};
use crate::trace::Trace;

/// Where a run stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    /// The next attempt begins a run.
    New,
    /// Observers know of the attempt that is being made.
    Attempting,
    /// A back-off was decided on, and observers do not know of the next attempt.
    Waiting {
        /// Whether it is the last retry that waits. Not after an outcome that was never judged, or a handler that
        /// panicked.
        for_retry: bool,
    },
    Succeeded(End),
    GaveUp(StopReason, End),
}

impl Phase {
    pub(crate) fn after(end: End) -> Self {
        match end.reason {
            Some(reason) => Self::GaveUp(reason, end),
            None => Self::Succeeded(end),
        }
    }
}

pub(crate) struct ByHand<P: Policy, T, E, A, M> {
    pub(crate) session: Session<P, InLine<T, E, A>, Ending, M>,
    pub(crate) phase: Phase,
}

#[cfg(any(feature = "futures-core", feature = "tower"))]
impl<P: Policy, T, E, M> ByHand<P, T, E, (), M> {
    /// A run that begins with its first attempt.
    pub(crate) fn not_begun(policy: P, target: Target) -> Self {
        Self { session: Session::new(policy, InLine::new(target, ()), Ending), phase: Phase::New }
    }
}

impl<P: Policy, T, E, A: ShowArgs, M: Side<P::Clock>> ByHand<P, T, E, A, M> {
    pub(crate) fn tries(&self) -> u32 {
        let tries = self.session.run.tries();
        match self.phase {
            Phase::New => 1,
            Phase::Waiting { .. } => tries.saturating_add(1),
            Phase::Attempting | Phase::Succeeded(_) | Phase::GaveUp(..) => tries,
        }
    }

    /// The spans of the run, if it has any.
    pub(crate) fn trace(&mut self) -> Option<&mut Trace> {
        self.session.operation.args.trace_mut()
    }

    /// Closes the span of a run that is over.
    fn close_trace(&mut self) {
        if let Some(trace) = self.trace() {
            trace.close();
        }
    }

    /// The time since the run began, if it is measured.
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        let elapsed = match self.phase {
            Phase::New => return self.session.operation.is_timed.then_some(Duration::ZERO),
            Phase::Attempting | Phase::Waiting { .. } => {
                Duration::from_nanos(self.session.elapsed())
            }
            Phase::Succeeded(end) | Phase::GaveUp(_, end) => end.elapsed,
        };
        self.session.run.has_begun().then_some(elapsed)
    }

    pub(crate) fn remaining(&self) -> Option<Duration> {
        let most = self.session.policy.policy().settings.max_time?;
        // It is not measured before a run begins.
        Some(most.saturating_sub(self.elapsed().unwrap_or_default()))
    }

    /// Measures the time from now on, if nothing measures it yet.
    pub(crate) fn time(&mut self) {
        self.session.operation.is_timed = true;
        if matches!(self.phase, Phase::Attempting | Phase::Waiting { .. })
            && !self.session.run.has_begun()
        {
            self.session.start();
        }
    }

    /// Makes no attempt at the deadline, for which the time has to be known.
    pub(crate) fn leave_time(&mut self) {
        self.session.operation.leaves_time = true;
        if self.session.policy.policy().settings.max_time.is_some() {
            self.time();
        }
    }

    pub(crate) fn stopped(&self) -> Option<StopReason> {
        match self.phase {
            Phase::GaveUp(reason, _) => Some(reason),
            _ => None,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let run = &self.session.run;
        let made = match self.phase {
            Phase::New | Phase::Succeeded(_) => return Progress::default(),
            Phase::Attempting => run.tries().saturating_sub(1),
            Phase::Waiting { .. } | Phase::GaveUp(..) => run.tries(),
        };
        run.progress(made, self.elapsed().unwrap_or_default())
    }

    pub(crate) fn reset(&mut self) {
        self.session.run = Run::NEW;
        if let Some(trace) = self.trace() {
            trace.reset();
        }
        if let Phase::Attempting = self.phase {
            if self.session.operation.is_timed {
                self.session.start();
            }
            self.session.run.count_try();
            self.session.begin_trace();
            // The attempt counts from here, like the run.
            self.session.run.begin_attempt(true, || Duration::ZERO);
        } else {
            self.phase = Phase::New;
        }
    }
}

impl<P, T, E, A, M> ByHand<P, T, E, A, M>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking>,
    A: ShowArgs,
    M: Side<P::Clock>,
{
    pub(crate) fn begin(policy: P, operation: InLine<T, E, A>) -> Self {
        let session = Session::new(policy, operation, Ending);
        let mut run = Self { session, phase: Phase::New };
        run.announce_now();
        run
    }

    pub(crate) fn resume(policy: P, operation: InLine<T, E, A>, progress: Progress) -> Self {
        if progress == Progress::default() {
            return Self::begin(policy, operation);
        }
        let mut session = Session::new(policy, operation, Ending);
        session.run = Run::resume(&progress, session.now());
        let mut run = Self { session, phase: Phase::New };
        run.announce_now();
        run
    }

    /// Notifies observers of the next attempt, and begins the run if there is none. Returns whether it did.
    fn announce(&mut self) -> bool {
        if let Phase::Succeeded(_) = self.phase {
            self.session.run = Run::NEW;
        }
        let begins_run = !self.session.run.has_begun();
        let step = self.session.begin::<T, E>();
        // Whatever else reads the time, the end of the run is to be measured too.
        self.session.operation.is_timed |= self.session.run.has_begun();
        self.phase = Phase::Attempting;
        self.session.notify_all::<T, E>(&step, None);
        begins_run
    }

    /// Announces an attempt that begins now.
    fn announce_now(&mut self) {
        let begins_run = self.announce();
        self.session.begin_attempt::<T, E>(begins_run);
    }

    pub(crate) fn next_try(&mut self) -> Result<(), StopReason> {
        match self.phase {
            Phase::Attempting => Ok(()),
            Phase::GaveUp(reason, _) => Err(reason),
            Phase::New | Phase::Succeeded(_) => {
                self.announce_now();
                Ok(())
            }
            Phase::Waiting { .. } => self.wake(true, None),
        }
    }

    /// Goes on after a wait. A driver that lost the last outcome may not stop.
    pub(crate) fn wake(
        &mut self,
        may_stop: bool,
        outcome: Option<&Result<T, E>>,
    ) -> Result<(), StopReason> {
        let step = self.session.wake::<T, E>(may_stop);
        if let Phase::Waiting { for_retry: true } = self.phase {
            self.session.refund(&step, outcome);
        }
        self.phase = match step.reason {
            Some(reason) => Phase::GaveUp(reason, self.session.run.end(&step)),
            None => Phase::Attempting,
        };
        let outcome = outcome.filter(|_| step.reason.is_some());
        self.session.notify_all::<T, E>(&step, outcome);
        match step.reason {
            Some(_) => self.close_trace(),
            None => self.session.begin_attempt::<T, E>(false),
        }
        step.reason.map_or(Ok(()), Err)
    }

    pub(crate) fn decide(&mut self, outcome: &Result<T, E>) -> Decision {
        match self.phase {
            Phase::Attempting => {}
            Phase::New | Phase::Waiting { .. } | Phase::Succeeded(_) => {
                // The attempt has already been made, it is not known when.
                self.announce();
            }
            Phase::GaveUp(reason, _) => return self.repeat(reason, outcome),
        }
        let step = self.judge(outcome);
        // Before handlers are called, which may panic.
        self.phase = match step.event {
            EventKind::Backoff => Phase::Waiting { for_retry: false },
            _ => Phase::after(self.session.run.end(&step)),
        };
        self.session.notify_all(&step, Some(outcome));
        if step.event == EventKind::Backoff {
            self.session.run.back_off(&step);
            self.phase = Phase::Waiting { for_retry: true };
        } else {
            self.close_trace();
        }
        Decision::of(&step)
    }

    fn judge(&mut self, outcome: &Result<T, E>) -> Step {
        let step = self.session.judge(outcome);
        step.unwrap_or_else(|| Step::new(EventKind::Success, self.session.elapsed()))
    }
}

impl<P, T, E, A, M> ByHand<P, T, E, A, M>
where
    P: PolicyFor<T, E>,
    A: ShowArgs,
    M: Side<P::Clock>,
{
    /// What an outcome is worth after the run gave up.
    fn repeat(&self, reason: StopReason, outcome: &Result<T, E>) -> Decision {
        match self.session.verdict(outcome) {
            Verdict::Accept => Decision::Done,
            _ => Decision::GiveUp(reason),
        }
    }

    #[cfg(feature = "explain")]
    pub(crate) fn explain(&self, end: Result<T, E>) -> Result<Succeeded<T>, RetryError<T, E>> {
        let tries = self.session.run.tries();
        let elapsed = self.elapsed().unwrap_or_default();
        // A run that gave up may still have made an attempt that succeeded.
        let reason = self.stopped().filter(|reason| self.repeat(*reason, &end) != Decision::Done);
        Explained.output(end, End { tries, elapsed, reason })
    }
}

impl<P, T, E, A> ByHand<P, T, E, A, Blocking>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    A: ShowArgs,
{
    pub(crate) fn after(&mut self, outcome: Result<T, E>) -> ControlFlow<Result<T, E>> {
        let Decision::Backoff(wait) = self.decide(&outcome) else {
            return ControlFlow::Break(outcome);
        };
        let kept = self.session.pass(wait, outcome);
        match (self.wake(kept.is_some(), kept.as_ref()), kept) {
            (Err(_), Some(outcome)) => ControlFlow::Break(outcome),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl<P, T, E, A> ByHand<P, T, E, A, NoClock>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    A: ShowArgs,
{
    /// Decides on an attempt of a run that is kept elsewhere.
    pub(crate) fn decide_once(
        policy: P,
        operation: InLine<T, E, A>,
        progress: &mut Progress,
        outcome: &Result<T, E>,
    ) -> Decision {
        let mut run = Run::resume(progress, Duration::ZERO);
        run.count_try();
        let session = Session::resume(policy, operation, Ending, run);
        let mut by_hand = Self { session, phase: Phase::Attempting };
        let decision = by_hand.decide(outcome);
        let run = by_hand.session.run;
        *progress = run.progress(run.tries(), progress.elapsed);
        decision
    }
}

impl<P: Policy, T, E, A: ShowArgs, M> ByHand<P, T, E, A, M> {
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("target", &self.session.target())
            .field("tries", &self.session.run.tries())
            .finish_non_exhaustive()
    }
}
