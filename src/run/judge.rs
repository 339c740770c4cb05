//! How a session decides what follows the outcome of an attempt.

use core::time::Duration;

use crate::condition::{Condition, Verdict};
use crate::event::{Details, EventKind, RetryKind, StopReason};
use crate::nanos::nanos;
use crate::observe::chain::Notify;
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::policy::settings::LastWait;
use crate::run::Step;
use crate::run::operation::Operation;
use crate::run::plan::{self, Looking, Planned};
use crate::run::returns::Returns;
use crate::run::session::Session;
use crate::run::side::Side;
use crate::wait::Wait;
use crate::wait::chance::Chance;

impl<P: Policy, O: Operation<P::Clock>, X: Returns, M: Side<P::Clock>> Session<P, O, X, M> {
    /// Whether anything but the condition takes notice of a success.
    #[inline]
    pub(crate) fn wants_success<T, E>(&self) -> bool
    where
        P: PolicyFor<T, E>,
    {
        self.needs().elapsed || self.policy.policy().observer.wants(EventKind::Success)
    }

    /// Whether the run ends with this outcome, as a success that only the condition takes notice of, which it then has.
    #[inline]
    pub(crate) fn accepts_unseen<T, E>(&self, outcome: &Result<T, E>, wants_success: bool) -> bool
    where
        P: PolicyFor<T, E>,
    {
        let condition = &self.policy.policy().condition;
        let accepts = condition.accepts_values() && !condition.needs_elapsed();
        // Nothing reads the time of such a success, and for many runs it would be the only read after the start.
        let is_unseen = outcome.is_ok() && accepts && !wants_success;
        if is_unseen {
            let step = Step::new(EventKind::Success, 0);
            let mut details = self.details(&step, Some(outcome));
            details.attempt_duration = None;
            condition.commit(&details).ok();
        }
        is_unseen
    }

    /// Decides what follows an attempt's outcome, right after it ended. `None` is a success that no observer wants: the
    /// run ends.
    #[inline]
    pub(crate) fn judge<T, E>(&mut self, outcome: &Result<T, E>) -> Option<Step>
    where
        P: PolicyFor<T, E>,
    {
        let step = self.decide(outcome);
        if self.operation.trace().is_some() {
            self.trace(step.unwrap_or(Step::new(EventKind::Success, 0)));
        }
        step
    }

    /// Decides what follows an attempt's outcome.
    ///
    /// The clock is read first if the strategy, the condition or a limit needs `elapsed`. Otherwise it is read after the
    /// condition ran, if an observer is notified. It is not read for a success that needs neither.
    #[inline]
    fn decide<T, E>(&self, outcome: &Result<T, E>) -> Option<Step>
    where
        P: PolicyFor<T, E>,
    {
        let condition = &self.policy.policy().condition;
        let wants_success = self.wants_success::<T, E>();
        if self.accepts_unseen(outcome, wants_success) {
            return None;
        }
        let mut step = Step::new(EventKind::Backoff, 0);
        let mut details = self.details(&step, Some(outcome));
        // How much time has passed is not known yet.
        details.attempt_duration = None;
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
        if settings.makes_one_attempt(details.depth) {
            return Err(StopReason::Nested);
        }
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

    /// Judges an outcome without consequences.
    pub(crate) fn verdict<T, E>(&self, outcome: &Result<T, E>) -> Verdict
    where
        P: PolicyFor<T, E>,
    {
        let step = Step::new(EventKind::Backoff, self.elapsed());
        let mut details = self.details(&step, Some(outcome));
        // Of an attempt after the end of the run nothing is measured.
        details.attempt_duration = None;
        self.policy.policy().condition.judge(&details)
    }
}
