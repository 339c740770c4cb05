//! The async driver: one named future. The methods that make one are in `run_async.rs`.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::clock::{AsyncSleep, Slept};
use crate::condition::Condition;
use crate::details::EventKind;
use crate::engine::{Run, Verdict};
use crate::lent::Awaits;
use crate::operation::{Finish, Operation, Transparent};
use crate::retry::Policy;
use crate::scope::{self, Sleeping};
use crate::tell::{Chain, Cursor, Pending, Tell};
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

/// What the run was waiting for.
enum Ended<R> {
    Wait,
    Attempt(R),
    Handler,
}

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
        state: State<O::Output, Sleeping<SleepOf<P>>, Kept<P, O, X>, BesidePending<P, O, X>>,
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

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        let mut this = self.project();
        let policy = this.policy.policy();
        let needs = this.finish.needs(this.operation.needs());
        loop {
            // What comes next is known only when something has ended: this is the one `match` on
            // where the run stands, and the one below on what the engine says of it.
            let ended = match this.state.as_mut().project() {
                StateProjection::NotStarted => {
                    // In release builds the first wait tells, so that no call pays for the check.
                    if cfg!(debug_assertions) {
                        scope::check(&policy.clock);
                    }
                    *this.run = policy.begin::<Awaits, _, _>(needs);
                    Ended::Wait
                }
                StateProjection::Sleeping { sleep, .. } => {
                    ready!(sleep.poll(context));
                    Ended::Wait
                }
                StateProjection::Attempting { attempt } => {
                    Ended::Attempt(ready!(attempt.poll(context)))
                }
                StateProjection::Telling { beside } => {
                    ready!(Pin::new(PendingOf::<P>::pending(beside)).poll(context));
                    Ended::Handler
                }
                StateProjection::Done => {
                    panic!("relent: a `Retrying` was polled after it had ended")
                }
            };
            // What has ended is dropped here, and whoever panics below leaves a future that is done.
            let taken = this.state.as_mut().project_replace(State::Done);
            let (mut cursor, told) = match (ended, taken) {
                (Ended::Attempt(returned), _) => {
                    let outcome = this.finish.outcome(returned);
                    let subject = policy.subject(this.operation);
                    let asked = policy.ask::<Awaits, _, _>(this.run, subject, &outcome, needs);
                    // Most runs end here, and should not pay for what they do not need.
                    let Some(asked) = asked else {
                        return Poll::Ready(this.finish.finish(outcome, this.run.end_untold()));
                    };
                    let verdict =
                        policy.judge::<Awaits, _, _>(this.run, subject, &outcome, asked, needs);
                    (Cursor::default(), Told { verdict, outcome: Some(outcome) })
                }
                (Ended::Handler, StateTaken::Telling { beside }) => PendingOf::<P>::kept(beside),
                (_, taken) => {
                    let outcome = match taken {
                        StateTaken::Sleeping { kept, .. } if policy.clock.is_cancelled() => {
                            SleptOf::<P>::kept(kept)
                        }
                        _ => None,
                    };
                    let verdict = match outcome {
                        Some(_) => this.run.cut_short(&policy.time::<Awaits>()),
                        None => policy.next_try::<Awaits, Value<O, X>, Error<O, X>>(this.run),
                    };
                    (Cursor::default(), Told { verdict, outcome })
                }
            };
            let Told { verdict, outcome } = told;
            let details =
                this.run.details(&verdict, policy.subject(this.operation), outcome.as_ref());
            if let Some(pending) = policy.tell(&details, &mut cursor) {
                let beside = pending.keep((cursor.resume(), Told { verdict, outcome }));
                this.state.set(State::Telling { beside });
                continue;
            }
            match (verdict.event, outcome) {
                (EventKind::Success | EventKind::GiveUp, Some(outcome)) => {
                    return Poll::Ready(this.finish.finish(outcome, this.run.end(&verdict)));
                }
                (EventKind::Backoff, Some(outcome)) => {
                    let kept = SleptOf::<P>::keep(outcome);
                    let wait = this.run.back_off(&verdict);
                    let sleep = scope::sleeping(&policy.clock, wait);
                    this.state.set(State::Sleeping { sleep, kept });
                }
                _ => {
                    let attempt = || policy.attempt::<Awaits>(this.run);
                    let attempt = this.operation.attempt(attempt);
                    this.state.set(State::Attempting { attempt });
                }
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
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
