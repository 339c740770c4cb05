//! The blocking driver: one loop.

use core::ops::ControlFlow;
use core::time::Duration;

use crate::clock::BlockingClock;
use crate::event::EventKind;
use crate::observe::chain::{Cursor, NotifyBlocking};
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::nesting::{self, Inside};
use crate::run::operation::{AttemptOf, Operation};
use crate::run::returns::{Return, Returns};
use crate::run::session::Session;
use crate::run::side::{Blocking, Side};
use crate::run::{End, Step};
use crate::testing::scope;

#[inline]
pub(crate) fn drive<P, O, X>(policy: P, operation: O, returns: X) -> X::Output
where
    O: Operation<P::Clock>,
    X: Return<AttemptOf<P, O>>,
    P: PolicyFor<X::Value, X::Error, Observer: NotifyBlocking, Clock: BlockingClock>,
{
    let mut session = Session::<_, _, _, Blocking>::new(policy, operation, returns);
    let step = session.begin::<X::Value, X::Error>();
    session.notify_all::<X::Value, X::Error>(&step, None);
    loop {
        let depth = nesting::depth();
        let returned = {
            let _inside = Inside::enter();
            session.attempt::<X::Value, X::Error>(depth)
        };
        let outcome = session.returns.outcome(returned);
        let Some(step) = session.judge(&outcome) else {
            return session.returns.output(outcome, session.run.end_unobserved());
        };
        session.notify_all(&step, Some(&outcome));
        if step.event != EventKind::Backoff {
            return session.returns.output(outcome, session.run.end(&step));
        }
        session.run.back_off(&step);
        if let ControlFlow::Break((outcome, end)) = session.sleep(step.wait(), outcome) {
            return session.returns.output(outcome, end);
        }
    }
}

impl<P, O, X> Session<P, O, X, Blocking>
where
    P: Policy<Observer: NotifyBlocking, Clock: BlockingClock>,
    O: Operation<P::Clock>,
    X: Returns,
{
    /// Sleeps, up to where the next attempt is to be made.
    pub(crate) fn sleep<T, E>(
        &mut self,
        wait: Duration,
        outcome: Result<T, E>,
    ) -> ControlFlow<(Result<T, E>, End)>
    where
        P: PolicyFor<T, E>,
    {
        let kept = self.pass(wait, outcome);
        let step = self.wake::<T, E>(kept.is_some());
        if let (Some(outcome), Some(_)) = (kept, step.reason) {
            self.refund(&step, Some(&outcome));
            self.notify_all(&step, Some(&outcome));
            return ControlFlow::Break((outcome, self.run.end(&step)));
        }
        self.notify_all::<T, E>(&step, None);
        ControlFlow::Continue(())
    }

    /// Lets a wait pass, and returns the outcome if the run may end after it.
    #[inline]
    pub(crate) fn pass<T, E>(&self, wait: Duration, outcome: Result<T, E>) -> Option<Result<T, E>> {
        let clock = &self.policy.policy().clock;
        // Dropped before the wait otherwise, to release what it holds.
        let kept = clock.is_cancellable().then_some(outcome);
        scope::sleep(clock, wait);
        kept
    }
}

impl<P, O, X, M> Session<P, O, X, M>
where
    P: Policy<Observer: NotifyBlocking>,
    O: Operation<P::Clock>,
    X: Returns,
    M: Side<P::Clock>,
{
    /// Notifies all observers of a step.
    pub(crate) fn notify_all<T, E>(&mut self, step: &Step, outcome: Option<&Result<T, E>>)
    where
        P: PolicyFor<T, E>,
    {
        let pending = self.notify(step, outcome, &mut Cursor::default());
        debug_assert!(pending.is_none(), "none of these observers has to be awaited");
    }
}
