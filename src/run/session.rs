//! One run: the policy, the operation, and how far it is. Every driver is a loop over its [`Step`]s.
//!
//! ```text
//! begin -> Try -> notify -> attempt -> judge -> None: a success without observers, the end
//!           ^                                -> Success, GiveUp -> notify -> the end
//!           |                                -> Backoff -> notify -> sleep -> wake
//!           +------------------------------------------------------------------+
//!                                                    or GiveUp -> notify -> the end
//! ```
//!
//! The session does no I/O and never waits: its driver makes the attempts, sleeps, and awaits the handlers that
//! have to be awaited. Limits and waits are in [`plan`], which does not depend on the operation's types and so
//! exists once in a program.

use core::marker::PhantomData;
use core::time::Duration;

use crate::condition::Condition;
use crate::event::{Details, EventKind, StopReason, Subject, Target};
use crate::nanos::nanos;
use crate::observe::chain::{Chain, Notify};
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::policy::settings::LastWait;
use crate::run::operation::{Attempt, Needs, Operation};
use crate::run::plan;
use crate::run::returns::Returns;
use crate::run::side::Side;
use crate::run::{Run, Step};
use crate::wait::Wait;

/// A run, as its driver holds it.
pub(crate) struct Session<P: Policy, O, X, M> {
    pub(crate) policy: P,
    pub(crate) operation: O,
    pub(crate) returns: X,
    pub(crate) run: RunOf<P>,
    side: PhantomData<fn() -> M>,
}

/// The numbers of a run, and what it records for the policy's observers.
pub(crate) type RunOf<P> = Run<<<P as Policy>::Observer as Chain>::Record>;

impl<P: Policy, O, X, M> Session<P, O, X, M> {
    pub(crate) const fn new(policy: P, operation: O, returns: X) -> Self {
        Self::resume(policy, operation, returns, Run::NEW)
    }

    /// A run that has begun.
    pub(crate) const fn resume(policy: P, operation: O, returns: X, run: RunOf<P>) -> Self {
        Self { policy, operation, returns, run, side: PhantomData }
    }
}

impl<P: Policy, O: Operation<P::Clock>, X, M> Session<P, O, X, M> {
    /// What events call the operation.
    pub(crate) fn target(&self) -> Target {
        match self.policy.policy().settings.target {
            Some(name) => Target::new(name),
            None => self.operation.target(),
        }
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject { target: self.target(), args: self.operation.args() }
    }
}

impl<P: Policy, O: Operation<P::Clock>, X: Returns, M: Side<P::Clock>> Session<P, O, X, M> {
    pub(crate) fn needs(&self) -> Needs {
        let Needs { elapsed, time_for_attempt } = self.operation.needs();
        Needs { elapsed: elapsed || X::NEEDS_ELAPSED, time_for_attempt }
    }

    /// The time since the run began, in nanoseconds, where anything reads it.
    pub(crate) fn elapsed(&self) -> u64 {
        self.run.elapsed(|| self.now())
    }

    pub(crate) fn now(&self) -> Duration {
        M::now(&self.policy.policy().clock)
    }

    /// What a step shows.
    #[inline]
    pub(crate) fn details<'a, T, E>(
        &'a self,
        step: &Step,
        outcome: Option<&'a Result<T, E>>,
    ) -> Details<'a, T, E> {
        let mut details = self.run.details(step, self.subject(), outcome);
        details.depth = M::depth();
        details
    }

    /// Whether waits are cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        M::is_cancelled(&self.policy.policy().clock)
    }

    /// Whether the policy itself reads how much time has passed.
    pub(crate) fn policy_needs_elapsed<T, E>(&self) -> bool
    where
        P: PolicyFor<T, E>,
    {
        let Retry { settings, strategy, condition, .. } = self.policy.policy();
        settings.max_time.is_some() || strategy.needs_elapsed() || condition.needs_elapsed()
    }

    /// Cheap upper bound: false only if no observer is registered, and neither strategy, condition, limits nor
    /// the form of the run read the clock.
    pub(crate) fn is_timed<T, E>(&self) -> bool
    where
        P: PolicyFor<T, E>,
    {
        self.needs().elapsed || P::Observer::HAS_OBSERVERS || self.policy_needs_elapsed::<T, E>()
    }

    /// Begins the run, and reads the clock if anything will read how much time has passed.
    #[inline]
    pub(crate) fn begin<T, E>(&mut self) -> Step
    where
        P: PolicyFor<T, E>,
    {
        if P::Observer::HAS_OBSERVERS {
            // Not at each call site: what observers need is some hundred bytes.
            self.begin_observed::<T, E>()
        } else {
            self.begin_now::<T, E>()
        }
    }

    #[inline(never)]
    fn begin_observed<T, E>(&mut self) -> Step
    where
        P: PolicyFor<T, E>,
    {
        self.begin_now::<T, E>()
    }

    #[inline]
    fn begin_now<T, E>(&mut self) -> Step
    where
        P: PolicyFor<T, E>,
    {
        let is_timed = self.needs().elapsed
            || self.policy_needs_elapsed::<T, E>()
            || self.policy.policy().observer.wants_any();
        // A run that is resumed has its start.
        let begins = is_timed && !self.run.has_begun();
        if begins {
            self.start();
        }
        self.begin_trace();
        self.next_try::<T, E>(begins)
    }

    /// Records that the run begins now.
    pub(crate) fn start(&mut self) {
        self.run.begin(self.now());
    }

    /// Makes the attempt, or the future of it. `depth` is that of the run.
    #[inline]
    pub(crate) fn attempt<T, E>(&mut self, depth: u32) -> O::Output
    where
        P: PolicyFor<T, E>,
    {
        if self.operation.is_made_by_run() {
            self.begin_attempt::<T, E>(self.run.tries() == 1);
        }
        let Self { policy, operation, run, .. } = self;
        let Retry { settings, strategy, clock, .. } = policy.policy();
        operation.attempt(clock, || {
            let elapsed = run.elapsed(|| M::now(clock));
            let (numeric, ends) = (strategy.numeric(), strategy.ends());
            let is_last = settings.makes_one_attempt(depth)
                || plan::is_last(numeric, ends, settings, run.tries(), elapsed);
            Attempt::of(run.tries(), elapsed, settings, is_last)
        })
    }

    /// Records that an attempt begins, where observers see how long it takes. The first one begins when the run does,
    /// unless handlers have taken their time.
    #[inline]
    pub(crate) fn begin_attempt<T, E>(&mut self, begins_run: bool)
    where
        P: PolicyFor<T, E>,
    {
        if P::Observer::HAS_OBSERVERS {
            let Retry { observer, clock, .. } = self.policy.policy();
            let begins_run = begins_run && !observer.wants(EventKind::Try);
            self.run.begin_attempt(begins_run, || M::now(clock));
        }
    }

    /// Decides what follows a wait: the next attempt, or the end. A driver that lost the last outcome may not stop.
    pub(crate) fn wake<T, E>(&mut self, may_stop: bool) -> Step
    where
        P: PolicyFor<T, E>,
    {
        self.run.leave_attempt();
        if let Some(end) = may_stop.then(|| self.stop_after_wait()).flatten() {
            self.trace(end);
            return end;
        }
        self.next_try::<T, E>(false)
    }

    /// The end of a run whose wait was cut short or ended too late.
    fn stop_after_wait(&self) -> Option<Step> {
        if self.is_cancelled() {
            return Some(Step::give_up(StopReason::Cancelled, self.elapsed()));
        }
        let settings = &self.policy.policy().settings;
        let (needs, must_fit) = (self.needs(), settings.last_wait == LastWait::MustFit);
        if let (true, Some(most)) =
            (must_fit || needs.time_for_attempt, settings.max_time.map(nanos))
        {
            let elapsed = self.elapsed();
            if elapsed > most || needs.time_for_attempt && elapsed == most {
                return Some(Step::give_up(StopReason::MaxTime, elapsed));
            }
        }
        None
    }

    fn next_try<T, E>(&mut self, begins: bool) -> Step
    where
        P: PolicyFor<T, E>,
    {
        self.run.count_try();
        let is_wanted = self.policy.policy().observer.wants(EventKind::Try);
        // The first attempt begins when the run does.
        let elapsed = if is_wanted && !begins { self.elapsed() } else { 0 };
        Step::new(EventKind::Try, elapsed)
    }
}
