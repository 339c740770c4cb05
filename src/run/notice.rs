//! How a session notifies observers, shows its spans what happens, and takes back a retry that is not made.

use core::mem;

use crate::condition::Condition;
use crate::event::{Details, EventKind, StopReason};
use crate::observe::chain::{Chain, Cursor, Notify};
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::Step;
use crate::run::operation::Operation;
use crate::run::returns::Returns;
use crate::run::session::Session;
use crate::run::side::Side;

impl<P: Policy, O: Operation<P::Clock>, X: Returns, M: Side<P::Clock>> Session<P, O, X, M> {
    /// Begins the span of the run, if it has any and none has begun.
    #[inline]
    pub(crate) fn begin_trace(&mut self) {
        if self.operation.trace().is_some() {
            let target = self.target();
            if let Some(trace) = self.operation.trace_mut() {
                trace.begin(target, M::depth());
            }
        }
    }

    /// Shows the spans of the run what follows.
    pub(crate) fn trace(&mut self, step: Step) {
        let tries = self.run.tries();
        if let Some(trace) = self.operation.trace_mut() {
            trace.judged(step.event, tries, step.wait(), step.reason);
        }
    }

    /// Notifies the observers of a step, up to the first that has to be awaited: see [`Notify::notify`].
    #[inline]
    pub(crate) fn notify<T, E>(
        &mut self,
        step: &Step,
        outcome: Option<&Result<T, E>>,
        cursor: &mut Cursor,
    ) -> Option<<P::Observer as Chain>::Pending>
    where
        P: PolicyFor<T, E>,
    {
        if !self.policy.policy().observer.wants(step.event) {
            return None;
        }
        self.notify_observers(step, outcome, cursor)
    }

    // Not at each call site: an event that no observer wants costs one comparison.
    #[inline(never)]
    fn notify_observers<T, E>(
        &mut self,
        step: &Step,
        outcome: Option<&Result<T, E>>,
        cursor: &mut Cursor,
    ) -> Option<<P::Observer as Chain>::Pending>
    where
        P: PolicyFor<T, E>,
    {
        if M::HAS_IDENTITY {
            self.run.identify();
        }
        let mut details = self.details(step, outcome);
        self.run.show_retries(&mut details);
        let details = &details;
        let refund = RefundUnmade { condition: &self.policy.policy().condition, details };
        let mut notify = || self.policy.policy().observer.notify(details, cursor);
        let pending = match self.operation.trace() {
            Some(trace) => trace.within(notify),
            None => notify(),
        };
        mem::forget(refund);
        pending
    }

    /// Takes back a retry whose back-off was not notified to the end, and that is therefore not made.
    pub(crate) fn refund_unmade<T, E>(&self, step: &Step, outcome: Option<&Result<T, E>>)
    where
        P: PolicyFor<T, E>,
    {
        if step.event == EventKind::Backoff {
            let details = self.details(step, outcome);
            self.policy.policy().condition.refund(&details);
        }
    }

    /// Takes back the last retry if this end says that it was answered or is not made.
    pub(crate) fn refund<T, E>(&self, end: &Step, outcome: Option<&Result<T, E>>)
    where
        P: PolicyFor<T, E>,
    {
        let is_due = matches!(end.reason, Some(StopReason::NotRetryable | StopReason::Cancelled));
        if is_due && self.run.has_retried() {
            let details = self.details(end, outcome);
            self.policy.policy().condition.refund(&details);
        }
    }
}

/// Takes back a retry when a panic ends the notice of its back-off.
struct RefundUnmade<'a, T, E, C: Condition<T, E>> {
    condition: &'a C,
    details: &'a Details<'a, T, E>,
}

impl<T, E, C: Condition<T, E>> Drop for RefundUnmade<'_, T, E, C> {
    fn drop(&mut self) {
        if self.details.event == EventKind::Backoff {
            self.condition.refund(self.details);
        }
    }
}
