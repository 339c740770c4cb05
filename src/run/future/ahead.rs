//! Steps that are taken before a future exists, so that the future holds no outcome that it does not need.

use super::{Notice, NoticeSlot, OutcomeSlot, Retrying, State};
use core::future::Future;

use crate::clock::AsyncClock;
use crate::event::EventKind;
use crate::observe::chain::Cursor;
use crate::policy::hold::PolicyFor;
use crate::run::Step;
use crate::run::operation::Operation;
use crate::run::returns::Return;
use crate::run::session::Session;
use crate::run::side::Async;
use crate::slot::Slot;
use crate::testing::scope;

/// What follows a step.
pub(crate) enum Ahead<Now, Later, End> {
    /// The next attempt, at once.
    Attempt(Now),
    /// Something to await.
    Wait(Later),
    /// The run is over.
    End(End),
}

impl<P, O, X, R> Retrying<P, O, X>
where
    P: PolicyFor<X::Value, X::Error, Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future<Output = R>>,
    X: Return<R>,
{
    /// Does what `follow` does, before the future is pinned.
    pub(crate) fn ahead(
        mut session: Session<P, O, X, Async>,
        step: Step,
        outcome: Option<Result<X::Value, X::Error>>,
    ) -> Ahead<Session<P, O, X, Async>, Self, X::Output> {
        let mut cursor = Cursor::default();
        if let Some(pending) = session.notify(&step, outcome.as_ref(), &mut cursor) {
            let notice = NoticeSlot::<P>::keep((cursor.resume(), Notice { step, outcome }));
            return Ahead::Wait(Self { session, state: State::Notifying { pending, notice } });
        }
        match (step.event, outcome) {
            (EventKind::Backoff, Some(outcome)) => {
                session.run.back_off(&step);
                let outcome = OutcomeSlot::<P>::keep(outcome);
                let sleep = scope::sleeping(&session.policy.policy().clock, step.wait());
                Ahead::Wait(Self { session, state: State::Sleeping { sleep, outcome } })
            }
            (_, Some(outcome)) => {
                Ahead::End(session.returns.output(outcome, session.run.end(&step)))
            }
            (_, None) => {
                session.begin_attempt::<X::Value, X::Error>(session.run.tries() == 1);
                Ahead::Attempt(session)
            }
        }
    }
}
