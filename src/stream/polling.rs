//! How a stream that reconnects is polled.

use core::future::Future;
use core::mem;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use crate::clock::AsyncClock;
use crate::observe::chain::NotifyBlocking;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::Decision;
use crate::run::by_hand::{ByHand, Phase};
use crate::run::nesting::Inside;
use crate::run::returns::Return;
use crate::run::side::Async;
use crate::run::timeout::TimedOut;
use crate::slot::Slot;
use crate::stream::lost::Lost;
use crate::stream::rules::{Connecting, ResumeBy, is_ready, poll_within};
use crate::stream::{OutcomeSlot, Polling, Reconnecting};
use crate::testing::scope;

pin_project! {
    #[project = StateProjection]
    pub(crate) enum State<Fut, N, W, O> {
        /// The next attempt is due.
        Due,
        Connecting { #[pin] attempt: Fut, #[pin] timer: Option<W> },
        /// `healthy` is the timer of a connection that is not yet a success.
        Connected { #[pin] connection: N, #[pin] healthy: Option<W>, #[pin] idle: Option<W> },
        Waiting { #[pin] sleep: W, outcome: O },
        Over,
    }
}

impl<P, F, Fut, K, G, X, Y, L> Stream for Reconnecting<P, F, Fut, K, G, X>
where
    P: PolicyFor<(), Fut::Error, Observer: NotifyBlocking, Clock: AsyncClock>,
    F: FnMut(Option<K>) -> Fut,
    Fut: Connecting,
    K: Clone,
    G: ResumeBy<Fut::Item, K>,
    X: Return<Result<(), Fut::Error>, Value = (), Error = Fut::Error, Output = Result<Y, L>>,
{
    type Item = Result<Fut::Item, L>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut stream = OverByPanic(self);
        let polled = poll_item(stream.0.as_mut(), context);
        mem::forget(stream);
        polled
    }
}

/// Ends a stream whose code panics: what it has received may be lost, and must not be skipped in silence.
struct OverByPanic<'a, P, F, Fut, K, G, X>(Pin<&'a mut Reconnecting<P, F, Fut, K, G, X>>)
where
    P: Policy<Clock: AsyncClock>,
    Fut: Connecting;

impl<P, F, Fut, K, G, X> Drop for OverByPanic<'_, P, F, Fut, K, G, X>
where
    P: Policy<Clock: AsyncClock>,
    Fut: Connecting,
{
    fn drop(&mut self) {
        self.0.as_mut().project().state.set(State::Over);
    }
}

fn poll_item<P, F, Fut, K, G, X, Y, L>(
    mut stream: Pin<&mut Reconnecting<P, F, Fut, K, G, X>>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Fut::Item, L>>>
where
    P: PolicyFor<(), Fut::Error, Observer: NotifyBlocking, Clock: AsyncClock>,
    F: FnMut(Option<K>) -> Fut,
    Fut: Connecting,
    K: Clone,
    G: ResumeBy<Fut::Item, K>,
    X: Return<Result<(), Fut::Error>, Value = (), Error = Fut::Error, Output = Result<Y, L>>,
{
    loop {
        let mut this = stream.as_mut().project();
        let ended = match this.state.as_mut().project() {
            StateProjection::Over => return Poll::Ready(None),
            StateProjection::Due => {
                this.connect();
                continue;
            }
            StateProjection::Connecting { .. } => match ready!(this.poll_connecting(context)) {
                Ok(connection) => {
                    this.connected(connection);
                    continue;
                }
                Err(error) => this.end(Err(error)),
            },
            StateProjection::Connected { .. } => match ready!(this.poll_connected(context)) {
                Received::Item(item) => return Poll::Ready(Some(Ok(item))),
                Received::End(outcome) => this.end(outcome),
                Received::Refused(decision) => this.follow(decision, Ok(())),
            },
            StateProjection::Waiting { sleep, .. } => {
                ready!(sleep.poll(context));
                this.wake()
            }
        };
        if let ControlFlow::Break(last) = ended {
            return Poll::Ready(last.map(Err));
        }
    }
}

impl<P, F, Fut, K, G, X, Y, L> FusedStream for Reconnecting<P, F, Fut, K, G, X>
where
    P: PolicyFor<(), Fut::Error, Observer: NotifyBlocking, Clock: AsyncClock>,
    F: FnMut(Option<K>) -> Fut,
    Fut: Connecting,
    K: Clone,
    G: ResumeBy<Fut::Item, K>,
    X: Return<Result<(), Fut::Error>, Value = (), Error = Fut::Error, Output = Result<Y, L>>,
{
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

/// The next step of a connection.
enum Received<T, E> {
    Item(T),
    /// The connection has ended, or is lost.
    End(Result<(), E>),
    /// The connection is healthy, but the policy does not accept that.
    Refused(Decision),
}

/// A stream while it is polled.
impl<P, F, Fut, K, G, X, Y, L> Polling<'_, P, F, Fut, K, G, X>
where
    P: PolicyFor<(), Fut::Error, Observer: NotifyBlocking, Clock: AsyncClock>,
    F: FnMut(Option<K>) -> Fut,
    Fut: Connecting,
    K: Clone,
    G: ResumeBy<Fut::Item, K>,
    X: Return<Result<(), Fut::Error>, Value = (), Error = Fut::Error, Output = Result<Y, L>>,
{
    /// Begins an attempt.
    fn connect(&mut self) {
        // After a wait, another attempt is already certain.
        self.run.next_try().ok();
        let attempt = (self.connect)(self.token.clone());
        self.state.set(State::Connecting { attempt, timer: None });
    }

    fn poll_connecting(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Fut::Connection, Fut::Error>> {
        let StateProjection::Connecting { attempt, timer } = self.state.as_mut().project() else {
            return Poll::Pending;
        };
        let clock = &self.run.session.policy.policy().clock;
        let limit = self.rules.connecting.as_ref();
        let poll = |context: &mut Context<'_>| {
            let _inside = Inside::enter();
            attempt.poll(context)
        };
        poll_within(limit, TimedOut::new, timer, clock, context, poll)
            .map(|connected| connected.and_then(|connected| connected))
    }

    fn connected(&mut self, connection: Fut::Connection) {
        let clock = &self.run.session.policy.policy().clock;
        let healthy = Some(scope::timeout(clock, self.rules.healthy_after));
        self.state.set(State::Connected { connection, healthy, idle: None });
    }

    fn poll_connected(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Received<Fut::Item, Fut::Error>> {
        let StateProjection::Connected { connection, mut healthy, idle } =
            self.state.as_mut().project()
        else {
            return Poll::Pending;
        };
        if let Some(decision) = prove(self.run, healthy.as_mut(), context) {
            return Poll::Ready(Received::Refused(decision));
        }
        let clock = &self.run.session.policy.policy().clock;
        let limit = self.rules.idle.as_ref();
        let poll = |context: &mut Context<'_>| {
            let _inside = Inside::enter();
            connection.poll_next(context)
        };
        let received = ready!(poll_within(limit, Lost::Idle, idle, clock, context, poll));
        let outcome = match (received, self.rules.at_end) {
            (Ok(Some(Ok(item))), _) => {
                if let Some(token) = self.resume_by.token(&item) {
                    *self.token = Some(token);
                }
                return Poll::Ready(Received::Item(item));
            }
            (Ok(Some(Err(error))) | Err(error), _) => Err(error),
            (Ok(None), Some(error)) => Err(error(Lost::Ended)),
            (Ok(None), None) => Ok(()),
        };
        // Check once more, since polling may have taken time.
        let refused = prove(self.run, healthy, context).map(Received::Refused);
        Poll::Ready(refused.unwrap_or(Received::End(outcome)))
    }

    /// Ends an attempt, or a connection that was a success. `Break`: the stream is over.
    fn end(&mut self, outcome: Result<(), Fut::Error>) -> ControlFlow<Option<L>> {
        // Drop the connection before notifying anyone.
        self.state.set(State::Over);
        if let (Phase::Succeeded(_), Ok(())) = (self.run.phase, &outcome) {
            return ControlFlow::Break(None);
        }
        let decision = self.run.decide(&outcome);
        self.follow(decision, outcome)
    }

    /// Carries out the decision.
    fn follow(
        &mut self,
        decision: Decision,
        outcome: Result<(), Fut::Error>,
    ) -> ControlFlow<Option<L>> {
        let Decision::Backoff(wait) = decision else {
            self.state.set(State::Over);
            return ControlFlow::Break(self.last(outcome));
        };
        let outcome = OutcomeSlot::<P>::keep(outcome);
        let sleep = scope::sleeping(&self.run.session.policy.policy().clock, wait);
        self.state.set(State::Waiting { sleep, outcome });
        ControlFlow::Continue(())
    }

    /// Continues after a wait.
    fn wake(&mut self) -> ControlFlow<Option<L>> {
        let StateProjection::Waiting { outcome, .. } = self.state.as_mut().project() else {
            return ControlFlow::Continue(());
        };
        let outcome = OutcomeSlot::<P>::take(outcome);
        self.state.set(State::Over);
        let woken = self.run.wake(outcome.is_some(), outcome.as_ref());
        if let (Err(_), Some(outcome)) = (woken, outcome) {
            return ControlFlow::Break(self.last(outcome));
        }
        self.state.set(State::Due);
        ControlFlow::Continue(())
    }

    /// Returns the last item of a stream that is over, if there is one.
    fn last(&self, outcome: Result<(), Fut::Error>) -> Option<L> {
        let (Phase::Succeeded(end) | Phase::GaveUp(_, end)) = self.run.phase else { return None };
        self.returns.output(outcome, end).err()
    }
}

/// Ends the run if its connection has been healthy for long enough. Returns what follows if the policy does not accept
/// that.
fn prove<P, E>(
    run: &mut ByHand<P, (), E, (), Async>,
    mut healthy: Pin<&mut Option<impl Future>>,
    context: &mut Context<'_>,
) -> Option<Decision>
where
    P: PolicyFor<(), E, Observer: NotifyBlocking, Clock: AsyncClock>,
{
    if !is_ready(healthy.as_mut(), context) {
        return None;
    }
    healthy.set(None);
    Some(run.decide(&Ok(()))).filter(|decision| *decision != Decision::Done)
}
