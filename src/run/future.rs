//! The async driver: one named future. The methods that make one are in `run_async.rs`.
//!
//! The steps of a run are inlined into it, but not where debug assertions are on: unoptimised code would
//! hold each of them, and what they move, on the stack at once.
#![cfg_attr(
    not(debug_assertions),
    expect(clippy::inline_always, reason = "a call here would cost more than what is called")
)]

use core::fmt;
use core::future::Future;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

use crate::clock::{AsyncSleep, Slept};
use crate::condition::Condition;
use crate::event::EventKind;
use crate::observe::chain::{Chain, Cursor, Pending, Tell};
use crate::policy::Retry;
use crate::run::engine::Asked;
use crate::run::finish::{Finish, Transparent};
use crate::run::operation::{Needs, Operation};
use crate::run::side::Awaits;
use crate::run::{Run, Verdict};
use crate::testing::scope;
use crate::testing::scope::Sleeping;
use crate::wait::Wait;

type Returned<O> = <<O as Operation>::Output as Future>::Output;
type Value<O, X> = <X as Finish<Returned<O>>>::Value;
type Error<O, X> = <X as Finish<Returned<O>>>::Error;
type Outcome<O, X> = Result<Value<O, X>, Error<O, X>>;
type SleepOf<P> = <<P as Policy>::Clock as AsyncSleep>::Sleep;
type SleptOf<P> = <SleepOf<P> as Future>::Output;
type Kept<P, O, X> = <SleptOf<P> as Slept>::Kept<Outcome<O, X>>;
type PendingOf<P> = <<P as Policy>::Observer as Chain>::Pending;
type BesidePending<P, O, X> =
    <PendingOf<P> as Pending>::Beside<(Cursor, Told<Value<O, X>, Error<O, X>>)>;

type StateOf<P, O, X> =
    State<<O as Operation>::Output, Sleeping<SleepOf<P>>, Kept<P, O, X>, BesidePending<P, O, X>>;

/// What the handlers are told, and what follows when they have been.
struct Told<T, E> {
    verdict: Verdict,
    /// What the attempt returned, unless it is yet to be made.
    outcome: Option<Result<T, E>>,
}

pin_project! {
    /// The future of a retried operation: what [`Retry::run_async`](crate::Retry::run_async) and its like
    /// return.
    ///
    /// It does nothing before it is first polled, and allocates nothing but what async handlers
    /// box. It is as large as the policy or a reference to it, the operation, a few numbers, and
    /// the larger of the operation's future and the timer.
    #[must_use = "futures do nothing unless they are awaited or polled"]
    #[project = Polling]
    pub struct Retrying<P, O, X = Transparent>
    where
        P: Policy,
        P::Clock: AsyncSleep,
        O: Operation,
        O::Output: Future,
        X: Finish<Returned<O>>,
        P::Observer: Chain,
    {
        policy: P,
        operation: O,
        finish: X,
        run: Run,
        #[pin]
        state: StateOf<P, O, X>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateTaken]
    enum State<A, W, K, B> {
        NotStarted,
        Attempting { #[pin] attempt: A },
        Sleeping { #[pin] sleep: W, kept: K },
        Telling { beside: B },
        Done,
    }
}

impl<P, O, X> Retrying<P, O, X>
where
    P: Policy,
    P::Clock: AsyncSleep,
    O: Operation,
    O::Output: Future,
    X: Finish<Returned<O>>,
    P::Observer: Chain,
{
    pub(crate) fn new(policy: P, operation: O, finish: X) -> Self {
        Self { policy, operation, finish, run: Run::NEW, state: State::NotStarted }
    }

    /// A run whose current attempt is being made.
    pub(crate) fn attempting(
        policy: P,
        operation: O,
        finish: X,
        run: Run,
        attempt: O::Output,
    ) -> Self {
        Self { policy, operation, finish, run, state: State::Attempting { attempt } }
    }

    pub(crate) fn is_attempting(&self) -> bool {
        matches!(self.state, State::Attempting { .. })
    }

    pub(crate) fn run(&self) -> Run {
        self.run
    }
}

impl<P, O, X> Future for Retrying<P, O, X>
where
    P: Policy,
    P::Strategy: Wait<Value<O, X>, Error<O, X>>,
    P::Condition: Condition<Value<O, X>, Error<O, X>>,
    P::Observer: Tell<Value<O, X>, Error<O, X>>,
    P::Clock: AsyncSleep,
    O: Operation,
    O::Output: Future,
    X: Finish<Returned<O>>,
{
    type Output = X::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        let mut this = self.as_mut().project();
        let is_new = matches!(*this.state, State::NotStarted);
        // In release builds the first wait tells, so that no call pays for the check.
        if cfg!(debug_assertions) && is_new {
            scope::check(&this.policy.policy().clock);
        }
        // Most runs end with their first attempt, and many when they are first polled: they should
        // not pay for what they do not need. Where nobody wants the time, nobody is told of anything.
        if is_new && !this.policy.policy().is_timed(this.needs()) {
            this.state.set(State::Done);
            this.run.count_try();
            this.attempt();
            if let StateProjection::Attempting { attempt } = this.state.as_mut().project() {
                let returned = ready!(attempt.poll(context));
                match this.ask(returned, false) {
                    ControlFlow::Break(output) => return Poll::Ready(output),
                    ControlFlow::Continue(next) => {
                        return Polling::go_on(self, context, Some(next));
                    }
                }
            }
        }
        Polling::go_on(self, context, None)
    }
}

/// The steps of a run's future while it is polled.
impl<P, O, X> Polling<'_, P, O, X>
where
    P: Policy,
    P::Strategy: Wait<Value<O, X>, Error<O, X>>,
    P::Condition: Condition<Value<O, X>, Error<O, X>>,
    P::Observer: Tell<Value<O, X>, Error<O, X>>,
    P::Clock: AsyncSleep,
    O: Operation,
    O::Output: Future,
    X: Finish<Returned<O>>,
{
    fn needs(&self) -> Needs {
        self.finish.needs(self.operation.needs())
    }

    fn begin(&mut self) {
        *self.run = self.policy.policy().begin::<Awaits, _, _>(self.needs());
    }

    fn next_try(&mut self) -> Verdict {
        self.policy.policy().next_try::<Awaits, Value<O, X>, Error<O, X>>(self.run)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn attempt(&mut self) {
        let attempt = || self.policy.policy().attempt::<Awaits>(self.run);
        let attempt = self.operation.attempt(attempt);
        self.state.set(State::Attempting { attempt });
    }

    /// Drops the attempt that has ended, and asks what its outcome is: the end, where nobody is told.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn ask(
        &mut self,
        returned: Returned<O>,
        may_be_timed: bool,
    ) -> ControlFlow<X::Output, (Outcome<O, X>, Asked)> {
        self.state.set(State::Done);
        let outcome = self.finish.outcome(returned);
        let subject = self.policy.policy().subject(self.operation);
        let needs = self.needs();
        match self.policy.policy().ask::<Awaits, _, _>(
            self.run,
            subject,
            &outcome,
            needs,
            may_be_timed,
        ) {
            None => ControlFlow::Break(self.finish.finish(outcome, self.run.end_untold())),
            Some(asked) => ControlFlow::Continue((outcome, asked)),
        }
    }

    /// Says what follows an attempt.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn judge(&self, outcome: Outcome<O, X>, asked: Asked) -> Told<Value<O, X>, Error<O, X>> {
        let subject = self.policy.policy().subject(self.operation);
        let needs = self.needs();
        let verdict =
            self.policy.policy().judge::<Awaits, _, _>(self.run, subject, &outcome, asked, needs);
        Told { verdict, outcome: Some(outcome) }
    }

    /// Says what follows a wait.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slept(&mut self) -> Told<Value<O, X>, Error<O, X>> {
        let outcome = if SleptOf::<P>::KEEPS {
            match self.state.as_mut().project_replace(State::Done) {
                StateTaken::Sleeping { kept, .. } if self.policy.policy().clock.is_cancelled() => {
                    SleptOf::<P>::kept(kept)
                }
                _ => None,
            }
        } else {
            self.state.set(State::Done);
            None
        };
        let verdict = match outcome {
            Some(_) => self.run.cut_short(self.policy.policy().time::<Awaits>()),
            None => self.next_try(),
        };
        Told { verdict, outcome }
    }

    /// Tells what follows, and does it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn tell(
        &mut self,
        mut cursor: Cursor,
        told: Told<Value<O, X>, Error<O, X>>,
    ) -> ControlFlow<X::Output> {
        let Told { verdict, outcome } = told;
        let subject = self.policy.policy().subject(self.operation);
        let pending =
            self.policy.policy().tell(self.run, &verdict, subject, outcome.as_ref(), &mut cursor);
        if let Some(pending) = pending {
            let beside = pending.keep((cursor.resume(), Told { verdict, outcome }));
            self.state.set(State::Telling { beside });
            return ControlFlow::Continue(());
        }
        match (verdict.event, outcome) {
            (EventKind::Success | EventKind::GiveUp, Some(outcome)) => {
                return ControlFlow::Break(self.finish.finish(outcome, self.run.end(&verdict)));
            }
            (EventKind::Backoff, Some(outcome)) => {
                let kept = SleptOf::<P>::keep(outcome);
                let wait = self.run.back_off(&verdict);
                let sleep = scope::sleeping(&self.policy.policy().clock, wait);
                self.state.set(State::Sleeping { sleep, kept });
            }
            _ => self.attempt(),
        }
        ControlFlow::Continue(())
    }

    /// Goes on from wherever the run stands.
    #[inline(never)]
    fn go_on(
        run: Pin<&mut Retrying<P, O, X>>,
        context: &mut Context<'_>,
        asked: Option<(Outcome<O, X>, Asked)>,
    ) -> Poll<X::Output> {
        let mut this = run.project();
        if let Some((outcome, asked)) = asked {
            let told = this.judge(outcome, asked);
            if let ControlFlow::Break(output) = this.tell(Cursor::default(), told) {
                return Poll::Ready(output);
            }
        }
        loop {
            // What has ended is dropped before anybody is told of it. Whoever panics after that leaves a
            // future that is done; one that panics while it is polled is asked again.
            let (cursor, told) = match this.state.as_mut().project() {
                StateProjection::NotStarted => {
                    this.state.set(State::Done);
                    this.begin();
                    (Cursor::default(), Told { verdict: this.next_try(), outcome: None })
                }
                StateProjection::Sleeping { sleep, .. } => {
                    ready!(sleep.poll(context));
                    (Cursor::default(), this.slept())
                }
                StateProjection::Attempting { attempt } => {
                    let returned = ready!(attempt.poll(context));
                    match this.ask(returned, true) {
                        ControlFlow::Break(output) => return Poll::Ready(output),
                        ControlFlow::Continue((outcome, asked)) => {
                            (Cursor::default(), this.judge(outcome, asked))
                        }
                    }
                }
                StateProjection::Telling { beside } => {
                    ready!(Pin::new(PendingOf::<P>::pending(beside)).poll(context));
                    match this.state.as_mut().project_replace(State::Done) {
                        StateTaken::Telling { beside } => PendingOf::<P>::kept(beside),
                        _ => unreachable!("the run stands where it was told"),
                    }
                }
                StateProjection::Done => {
                    panic!("relent: a `Retrying` was polled after it had ended")
                }
            };
            if let ControlFlow::Break(output) = this.tell(cursor, told) {
                return Poll::Ready(output);
            }
        }
    }
}

impl<P, O, X> fmt::Debug for Retrying<P, O, X>
where
    P: Policy,
    P::Clock: AsyncSleep,
    O: Operation,
    O::Output: Future,
    X: Finish<Returned<O>>,
    P::Observer: Chain,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("target", &self.policy.policy().target_or(self.operation.target()))
            .field("tries", &self.run.tries())
            .finish_non_exhaustive()
    }
}

/// A policy, owned or borrowed. Private: it is what a run's future holds.
pub trait Policy {
    type Strategy;
    type Condition;
    type Observer;
    type Clock;

    fn policy(&self) -> &Retry<Self::Strategy, Self::Condition, Self::Observer, Self::Clock>;
}

impl<S, C, H, Z> Policy for Retry<S, C, H, Z> {
    type Strategy = S;
    type Condition = C;
    type Observer = H;
    type Clock = Z;

    fn policy(&self) -> &Self {
        self
    }
}

impl<S, C, H, Z> Policy for &Retry<S, C, H, Z> {
    type Strategy = S;
    type Condition = C;
    type Observer = H;
    type Clock = Z;

    fn policy(&self) -> &Retry<S, C, H, Z> {
        self
    }
}
