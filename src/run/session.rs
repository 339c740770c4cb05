//! One run: the policy, the operation, and how far it is. Every driver is a loop over its [`Step`]s.
//!
//! ```text
//! begin -> Try -> notify -> attempt -> judge -> None: a success that nobody observes, the end
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

use crate::condition::{Condition, Verdict};
use crate::event::{Details, EventKind, RetryKind, StopReason, Subject, Target};
use crate::nanos::nanos;
use crate::observe::chain::{Chain, Notify};
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::policy::settings::LastWait;
use crate::run::operation::{Attempt, Needs, Operation};
use crate::run::plan::{self, Looking, Planned};
use crate::run::returns::Returns;
use crate::run::side::Side;
use crate::run::{Run, Step};
use crate::wait::Wait;
use crate::wait::chance::Chance;

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
    fn needs(&self) -> Needs {
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

    /// Whether waits are cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        M::is_cancelled(&self.policy.policy().clock)
    }

    /// Whether the policy itself reads how much time has passed.
    fn policy_needs_elapsed<T, E>(&self) -> bool
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
    pub(crate) fn begin<T, E>(&mut self) -> Step
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
        self.next_try::<T, E>(begins)
    }

    /// Records that the run begins now.
    pub(crate) fn start(&mut self) {
        self.run.begin(self.now());
    }

    /// Makes the attempt, or the future of it.
    #[inline]
    pub(crate) fn attempt<T, E>(&mut self) -> O::Output
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
            let is_last = plan::is_last(numeric, ends, settings, run.tries(), elapsed);
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

    /// Decides what follows an attempt's outcome, right after it ended. `None` is a success that no observer wants: the
    /// run ends.
    ///
    /// The clock is read first if the strategy, the condition or a limit needs `elapsed`. Otherwise it is read after the
    /// condition ran, if an observer is notified. It is not read for a success that needs neither.
    #[inline]
    pub(crate) fn judge<T, E>(&self, outcome: &Result<T, E>) -> Option<Step>
    where
        P: PolicyFor<T, E>,
    {
        let Retry { condition, observer, .. } = self.policy.policy();
        let wants_success = self.needs().elapsed || observer.wants(EventKind::Success);
        let mut step = Step::new(EventKind::Backoff, 0);
        let mut details = self.run.details(&step, self.subject(), Some(outcome));
        // How much time has passed is not known yet.
        details.attempt_duration = None;
        let accepts = condition.accepts_values() && !condition.needs_elapsed();
        if outcome.is_ok() && accepts && !wants_success {
            // Nothing reads the time of such a success, and for many runs it would be the only read after the start.
            details.event = EventKind::Success;
            condition.commit(&details).ok();
            return None;
        }
        let needs_elapsed = self.policy_needs_elapsed::<T, E>();
        if needs_elapsed {
            step.elapsed = self.elapsed();
            self.run.show_time(&mut details, step.elapsed);
        }
        let ask = condition.judge(&details);
        if !needs_elapsed && self.is_timed::<T, E>() && (wants_success || ask != Verdict::Accept) {
            step.elapsed = self.elapsed();
            self.run.show_time(&mut details, step.elapsed);
        }
        let asked = match ask {
            Verdict::Accept => {
                details.event = EventKind::Success;
                condition.commit(&details).ok();
                return wants_success.then_some(Step { event: EventKind::Success, ..step });
            }
            Verdict::Stop => {
                let end = Step::give_up(self.refusal(step.elapsed), step.elapsed);
                self.refund(&end, Some(outcome));
                return Some(end);
            }
            Verdict::Retry => condition.requested_wait(&details),
            Verdict::RetryIn(wait) => {
                Some(condition.requested_wait(&details).unwrap_or_default().max(wait))
            }
        };
        let next = self.plan(&mut details, step.elapsed, asked.map_or(0, nanos));
        Some(match next {
            Ok((planned, retry)) => Step { planned, retry: Some(retry), ..step },
            Err(reason) => Step::give_up(reason, step.elapsed),
        })
    }

    /// Why a run gives up whose condition sees no use in a retry. The error of an attempt that was interrupted at the
    /// deadline need not be retryable.
    fn refusal(&self, elapsed: u64) -> StopReason {
        let settings = &self.policy.policy().settings;
        if self.needs().time_for_attempt && settings.time_left(elapsed) == Some(0) {
            return StopReason::MaxTime;
        }
        StopReason::NotRetryable
    }

    /// The next retry, or why there is none.
    fn plan<T, E>(
        &self,
        details: &mut Details<'_, T, E>,
        elapsed: u64,
        asked: u64,
    ) -> Result<(Planned, RetryKind), StopReason>
    where
        P: PolicyFor<T, E>,
    {
        if !self.operation.can_repeat() {
            return Err(StopReason::NotRetryable);
        }
        let Retry { settings, strategy, condition, clock, .. } = self.policy.policy();
        let looking = Looking { strategy, details: &*details };
        let strategy = strategy.numeric().unwrap_or(&looking);
        let chance = Chance::unless(settings.seed, || {
            M::entropy(clock).unwrap_or_else(|| nanos(self.now()))
        });
        let planned = plan::next_wait(
            strategy,
            settings,
            self.run.tries(),
            self.run.last_wait_nanos(),
            elapsed,
            asked,
            chance,
        )?;
        let needs = self.needs();
        if needs.time_for_attempt || settings.last_wait == LastWait::MustFit {
            plan::check_fit(settings, needs, planned.wait, elapsed, nanos(M::resolution(clock)))?;
        }
        if self.is_cancelled() {
            return Err(StopReason::Cancelled);
        }
        let retry = condition.retry_kind(details);
        details.wait = Duration::from_nanos(planned.wait);
        details.retry = Some(retry);
        // Asked last, so that no budget is charged for a retry that a limit forbids.
        condition.commit(details)?;
        Ok((planned, retry))
    }

    /// Decides what follows a wait: the next attempt, or the end. A driver that lost the last outcome may not stop.
    pub(crate) fn wake<T, E>(&mut self, may_stop: bool) -> Step
    where
        P: PolicyFor<T, E>,
    {
        self.run.leave_attempt();
        if may_stop {
            if self.is_cancelled() {
                return Step::give_up(StopReason::Cancelled, self.elapsed());
            }
            let settings = &self.policy.policy().settings;
            let (needs, must_fit) = (self.needs(), settings.last_wait == LastWait::MustFit);
            if let (true, Some(most)) =
                (must_fit || needs.time_for_attempt, settings.max_time.map(nanos))
            {
                let elapsed = self.elapsed();
                if elapsed > most || needs.time_for_attempt && elapsed == most {
                    return Step::give_up(StopReason::MaxTime, elapsed);
                }
            }
        }
        self.next_try::<T, E>(false)
    }

    /// Judges an outcome without consequences.
    pub(crate) fn verdict<T, E>(&self, outcome: &Result<T, E>) -> Verdict
    where
        P: PolicyFor<T, E>,
    {
        let step = Step::new(EventKind::Backoff, self.elapsed());
        let mut details = self.run.details(&step, self.subject(), Some(outcome));
        // Of an attempt after the end of the run nothing is measured.
        details.attempt_duration = None;
        self.policy.policy().condition.judge(&details)
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
