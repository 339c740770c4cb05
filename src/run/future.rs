//! The async driver: one named future.

use core::fmt;
use core::future::Future;
use core::mem;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

use crate::clock::{AsyncClock, TimerOutput};
use crate::event::EventKind;
use crate::observe::chain::{Chain, Cursor, Pending};
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::nesting::{self, Inside};
use crate::run::operation::{AttemptOf, Attempted, Operation};
use crate::run::returns::{AsIs, Return};
use crate::run::session::Session;
use crate::run::side::{Async, Side};
use crate::run::{End, Step};
use crate::slot::Slot;
use crate::testing::scope;
use crate::testing::scope::Sleeping;

mod state;
pub(crate) use state::ended;
use state::{State, StateProjection};

#[cfg(feature = "macros")]
mod ahead;
#[cfg(feature = "macros")]
pub(crate) use ahead::Ahead;

type Returned<P, O> = <AttemptOf<P, O> as Future>::Output;
type Value<P, O, X> = <X as Return<Returned<P, O>>>::Value;
type Error<P, O, X> = <X as Return<Returned<P, O>>>::Error;
type SleepOf<P> = <<P as Policy>::Clock as AsyncClock>::Timer;
type PendingOf<P> = <<P as Policy>::Observer as Chain>::Pending;
/// Where an outcome is kept through a wait.
type OutcomeSlot<P> = <<SleepOf<P> as Future>::Output as TimerOutput>::Outcome;
/// Where it is kept what follows when a handler was awaited.
type NoticeSlot<P> = <PendingOf<P> as Pending>::Slot;

type StateOf<P, O, X> = State<
    AttemptOf<P, O>,
    Sleeping<SleepOf<P>>,
    <OutcomeSlot<P> as Slot>::Of<Result<Value<P, O, X>, Error<P, O, X>>>,
    PendingOf<P>,
    NotedIn<P, O, X>,
>;

type NotedIn<P, O, X> = <NoticeSlot<P> as Slot>::Of<Noted<Value<P, O, X>, Error<P, O, X>>>;

/// A notice, and how many observers have received it.
pub(crate) type Noted<T, E> = (Cursor, Notice<T, E>);

/// What observers are notified of, and what follows when they have been.
#[derive(Debug)]
pub struct Notice<T, E> {
    step: Step,
    /// What the attempt returned, unless it is yet to be made.
    outcome: Option<Result<T, E>>,
}

pin_project! {
    /// The future of a retried operation: what [`Retry::run_async`](crate::Retry::run_async) and its like
    /// return.
    ///
    /// It does nothing before it is first polled, and allocates nothing, except for boxed async handlers and the waiting
    /// list of a [`Cancel`](crate::clock). It is as large as the policy or a reference to it, the operation, a few
    /// numbers, and the larger of the operation's future and the timer.
    #[must_use = "futures do nothing unless they are awaited or polled"]
    #[project = Polling]
    pub struct Retrying<P, O, X = AsIs>
    where
        P: Policy,
        P::Clock: AsyncClock,
        O: Attempted<P::Clock>,
        O::Output: Future,
        X: Return<Returned<P, O>>,
    {
        session: Session<P, O, X, Async>,
        #[pin]
        state: StateOf<P, O, X>,
    }
}

impl<P, O, X> Retrying<P, O, X>
where
    P: Policy<Clock: AsyncClock>,
    O: Attempted<P::Clock, Output: Future>,
    X: Return<Returned<P, O>>,
{
    pub(crate) fn new(policy: P, operation: O, returns: X) -> Self {
        Self { session: Session::new(policy, operation, returns), state: State::NotStarted }
    }

    /// A run whose current attempt is being made.
    pub(crate) fn attempting(session: Session<P, O, X, Async>, attempt: O::Output) -> Self {
        Self { session, state: State::Attempting { attempt } }
    }

    pub(crate) fn is_sleeping(&self) -> bool {
        matches!(self.state, State::Sleeping { .. })
    }

    pub(crate) fn is_attempting(&self) -> bool {
        matches!(self.state, State::Attempting { .. })
    }

    /// How the run ended, if its observers are being notified of that.
    pub(crate) fn ended(&self) -> Option<End> {
        let Session { policy, run, .. } = &self.session;
        run.ended(|| Async::now(&policy.policy().clock))
    }

    pub(crate) fn operation_mut(self: Pin<&mut Self>) -> &mut O {
        &mut self.project().session.operation
    }

    pub(crate) fn session(&self) -> &Session<P, O, X, Async> {
        &self.session
    }

    /// A run that goes on before its next attempt.
    pub(crate) fn resume(session: Session<P, O, X, Async>) -> Self {
        Self { session, state: State::NotStarted }
    }
}

impl<P, O, X> Future for Retrying<P, O, X>
where
    P: PolicyFor<Value<P, O, X>, Error<P, O, X>, Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future>,
    X: Return<Returned<P, O>>,
{
    type Output = X::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        loop {
            let mut this = self.as_mut().project();
            // Most runs end with their first attempt: they do not pay for the states that they never enter.
            let is_new = matches!(*this.state, State::NotStarted);
            let is_first = is_new && !this.session.is_timed::<Value<P, O, X>, Error<P, O, X>>();
            if is_first {
                this.session.run.count_try();
            }
            if is_first || matches!(*this.state, State::Due) {
                this.state.as_mut().end();
                this.attempt();
            }
            if let StateProjection::Attempting { attempt } = this.state.as_mut().project() {
                let polled = {
                    let _inside = Inside::enter();
                    match this.session.operation.trace_mut() {
                        Some(trace) => trace.guard(|| attempt.poll(context)),
                        None => attempt.poll(context),
                    }
                };
                let returned = ready!(polled);
                if let ControlFlow::Break(output) = this.attempted(returned) {
                    return Poll::Ready(output);
                }
            }
            if let ControlFlow::Break(output) = ready!(Polling::go_on(self.as_mut(), context)) {
                return Poll::Ready(output);
            }
        }
    }
}

/// A run's future while it is polled.
impl<P, O, X> Polling<'_, P, O, X>
where
    P: PolicyFor<Value<P, O, X>, Error<P, O, X>, Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future>,
    X: Return<Returned<P, O>>,
{
    /// Ends an attempt. Not in `poll`, below which the operation runs: unoptimised code has a copy of the outcome on the
    /// stack for each use of it.
    #[inline]
    fn attempted(&mut self, returned: Returned<P, O>) -> ControlFlow<X::Output> {
        let outcome = self.session.returns.outcome(returned);
        // The attempt is dropped before anyone is notified. Code that panics after that leaves a future that has ended;
        // an attempt that panics while it is polled is polled again.
        self.state.as_mut().end_attempt();
        let Some(step) = self.session.judge(&outcome) else {
            let Session { returns, run, .. } = &*self.session;
            return ControlFlow::Break(returns.output(outcome, run.end_unobserved()));
        };
        self.follow(Cursor::default(), Notice { step, outcome: Some(outcome) })
    }

    /// Goes on up to the next attempt.
    #[inline(never)]
    fn go_on(
        run: Pin<&mut Retrying<P, O, X>>,
        context: &mut Context<'_>,
    ) -> Poll<ControlFlow<X::Output>> {
        let mut this = run.project();
        loop {
            let mut cursor = Cursor::default();
            let notice = match this.state.as_mut().project() {
                StateProjection::Due | StateProjection::Attempting { .. } => {
                    return Poll::Ready(ControlFlow::Continue(()));
                }
                StateProjection::NotStarted => {
                    this.state.as_mut().end();
                    let step = this.session.begin::<Value<P, O, X>, Error<P, O, X>>();
                    Notice { step, outcome: None }
                }
                StateProjection::Sleeping { sleep, outcome } => {
                    ready!(sleep.poll(context));
                    let outcome = OutcomeSlot::<P>::take(outcome);
                    this.state.as_mut().end_sleep();
                    let step =
                        this.session.wake::<Value<P, O, X>, Error<P, O, X>>(outcome.is_some());
                    let outcome = outcome.filter(|_| step.reason.is_some());
                    if outcome.is_some() {
                        this.session.refund(&step, outcome.as_ref());
                    }
                    Notice { step, outcome }
                }
                StateProjection::Notifying { pending, notice } => {
                    let refund = RefundUnmade::<P, O, X> { session: this.session, notice };
                    let poll = || Pin::new(pending).poll(context);
                    let polled = match this.session.operation.trace() {
                        Some(trace) => trace.within(poll),
                        None => poll(),
                    };
                    mem::forget(refund);
                    ready!(polled);
                    let Some((reached, notice)) = NoticeSlot::<P>::take(notice) else { ended() };
                    this.state.as_mut().end();
                    cursor = reached;
                    notice
                }
                StateProjection::Done => ended(),
            };
            if let ControlFlow::Break(output) = this.follow(cursor, notice) {
                return Poll::Ready(ControlFlow::Break(output));
            }
        }
    }

    /// A function of its own, so that a large attempt is on the stack only here, and not below everything that is
    /// called later.
    #[inline(never)]
    fn attempt(&mut self) {
        let Self { session, state } = self;
        match **state {
            State::Done => state.set(State::Attempting {
                attempt: session.attempt::<Value<P, O, X>, Error<P, O, X>>(nesting::depth()),
            }),
            _ => ended(),
        }
    }

    /// Notifies the observers of what follows, and does it.
    #[inline]
    fn follow(
        &mut self,
        mut cursor: Cursor,
        Notice { step, outcome }: Notice<Value<P, O, X>, Error<P, O, X>>,
    ) -> ControlFlow<X::Output> {
        // Noted first: handlers may panic, or be dropped while they are awaited.
        self.session.run.note(&step);
        if let Some(pending) = self.session.notify(&step, outcome.as_ref(), &mut cursor) {
            let notice = NoticeSlot::<P>::keep((cursor.resume(), Notice { step, outcome }));
            self.state.as_mut().enter(|| State::Notifying { pending, notice });
            return ControlFlow::Continue(());
        }
        let Session { policy, operation, returns, run, .. } = &mut *self.session;
        match (step.event, outcome) {
            (EventKind::Backoff, Some(outcome)) => {
                let outcome = OutcomeSlot::<P>::keep(outcome);
                run.back_off(&step);
                let sleep = scope::sleeping(&policy.policy().clock, step.wait());
                self.state.as_mut().enter(|| State::Sleeping { sleep, outcome });
            }
            (_, Some(outcome)) => {
                if let Some(trace) = operation.trace_mut() {
                    trace.close();
                }
                return ControlFlow::Break(returns.output(outcome, run.end(&step)));
            }
            // Not here, where outcomes are on the stack, of which unoptimised code has a copy for each use.
            (_, None) => self.state.as_mut().enter(|| State::Due),
        }
        ControlFlow::Continue(())
    }
}

/// Takes back a retry when an async handler of its back-off panics.
struct RefundUnmade<'a, P, O, X>
where
    P: PolicyFor<Value<P, O, X>, Error<P, O, X>, Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future>,
    X: Return<Returned<P, O>>,
{
    session: &'a Session<P, O, X, Async>,
    notice: &'a mut NotedIn<P, O, X>,
}

impl<P, O, X> Drop for RefundUnmade<'_, P, O, X>
where
    P: PolicyFor<Value<P, O, X>, Error<P, O, X>, Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future>,
    X: Return<Returned<P, O>>,
{
    fn drop(&mut self) {
        // Taken, so that a future that is polled again after the panic ends, and pays back only once.
        if let Some((_, Notice { step, outcome })) = NoticeSlot::<P>::take(self.notice) {
            self.session.refund_unmade(&step, outcome.as_ref());
        }
    }
}

impl<P, O, X> fmt::Debug for Retrying<P, O, X>
where
    P: Policy<Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future>,
    X: Return<Returned<P, O>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("target", &self.session.target())
            .field("tries", &self.session.run.tries())
            .finish_non_exhaustive()
    }
}
