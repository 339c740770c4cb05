//! The blocking driver: one loop.

use core::ops::ControlFlow;
use core::time::Duration;

use crate::clock::BlockingClock;
use crate::event::EventKind;
use crate::observe::chain::{Cursor, NotifyBlocking};
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::operation::{AttemptOf, Operation};
use crate::run::returns::{Return, Returns};
use crate::run::session::{Blocking, Session, Side};
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
        let returned = session.attempt();
        let outcome = session.returns.outcome(returned);
        let Some(step) = session.judge(&outcome) else {
            return session.returns.output(outcome, session.run.end_unobserved());
        };
        if let ControlFlow::Break((outcome, end)) = session.follow(&step, outcome) {
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
    /// Notifies the observers of what was decided, and does it, up to where the next attempt is to be made.
    pub(crate) fn follow<T, E>(
        &mut self,
        step: &Step,
        outcome: Result<T, E>,
    ) -> ControlFlow<(Result<T, E>, End)>
    where
        P: PolicyFor<T, E>,
    {
        self.notify_all(step, Some(&outcome));
        if step.event != EventKind::Backoff {
            return ControlFlow::Break((outcome, self.run.end(step)));
        }
        self.run.back_off(step.wait);
        let wait = Duration::from_nanos(step.wait);
        let clock = &self.policy.policy().clock;
        if clock.is_cancellable() {
            // Kept through the wait: a run whose wait is cut short returns it.
            scope::sleep(clock, wait);
            if self.is_cancelled() {
                let step = self.wake::<T, E>(true);
                self.notify_all(&step, Some(&outcome));
                return ControlFlow::Break((outcome, self.run.end(&step)));
            }
        } else {
            // Dropped before the wait, to release what it holds.
            drop(outcome);
            scope::sleep(clock, wait);
        }
        let step = self.wake::<T, E>(false);
        self.notify_all::<T, E>(&step, None);
        ControlFlow::Continue(())
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
    pub(crate) fn notify_all<T, E>(&self, step: &Step, outcome: Option<&Result<T, E>>)
    where
        P: PolicyFor<T, E>,
    {
        let pending = self.notify(step, outcome, &mut Cursor::default());
        debug_assert!(pending.is_none(), "none of these observers has to be awaited");
    }
}
