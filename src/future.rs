//! The async driver: one named future.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::clock::AsyncSleep;
use crate::condition::Condition;
use crate::details::EventKind;
use crate::engine::{Run, Verdict};
use crate::operation::{Call, Finish, Operation, Polled, Transparent};
use crate::retry::{Policy, Retry};
use crate::tell::{Chain, Cursor, Pending, Tell};
use crate::wait::Wait;

/// # Run it as a future
///
/// The futures do nothing before they are first polled. Dropped at any moment they tell nothing
/// more. They are `Send` where the policy is `Sync`, the operation, its futures and the timer
/// are `Send`, and, with async handlers, the operation's value and error too.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Awaits the operation until its outcome is accepted or the policy gives up, and returns what
    /// the last attempt returned.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::cell::Cell;
    /// use relent::Retry;
    ///
    /// let calls = Cell::new(0);
    /// let outcome: Result<u32, &str> = Retry::expo()
    ///     .run_async(async || {
    ///         calls.set(calls.get() + 1);
    ///         if calls.get() < 3 { Err("busy") } else { Ok(calls.get()) }
    ///     })
    ///     .await;
    /// assert_eq!(outcome, Ok(3));
    /// # }
    /// ```
    ///
    /// The operation is any function or closure that returns a future: `|| client.get(id)`,
    /// `|| async { .. }`, `async || ..`. It makes a new future for each attempt, which cannot borrow
    /// from the closure: "async closure does not implement `FnMut` because it captures state from its
    /// environment" says that it would have to. Change what it captures through a `Cell` or an atomic,
    /// or make the attempts [in line](Self::attempts).
    ///
    /// The future borrows the policy: await it in the statement that builds a temporary one, or use
    /// [`into_run_async`](Self::into_run_async).
    ///
    /// # Errors
    ///
    /// The operation's own: the one of the last attempt.
    ///
    /// # Panics
    ///
    /// The future panics when the operation or a handler does, and with the default clock where it
    /// is awaited outside of a tokio runtime: in builds with debug assertions when it is first
    /// polled, in others before the first wait.
    pub fn run_async<T, E, F, Fut>(&self, operation: F) -> Retrying<&Self, Call<F>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        Retrying::new(self, Call(operation), Transparent)
    }

    /// The same future, which owns its policy: to spawn it, or to return it from a function.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use relent::Retry;
    ///
    /// let task = tokio::spawn(Retry::expo().max_tries(3).into_run_async(async || {
    ///     Err::<(), _>("down")
    /// }));
    /// assert_eq!(task.await.unwrap(), Err("down"));
    /// # }
    /// ```
    ///
    /// A closure that owns what it needs clones it for each attempt; where the policy is a `static`
    /// the task can hold all of it instead:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use relent::Retry;
    ///
    /// struct Client;
    ///
    /// impl Client {
    ///     async fn get(&self, id: u32) -> Result<u32, &'static str> {
    ///         Ok(id)
    ///     }
    /// }
    ///
    /// static API: Retry = Retry::expo().max_tries(3);
    ///
    /// let client = Arc::new(Client);
    /// let for_task = Arc::clone(&client);
    /// let owned = tokio::spawn(API.into_run_async(move || {
    ///     let client = Arc::clone(&for_task);
    ///     async move { client.get(7).await }
    /// }));
    /// let borrowed = tokio::spawn(async move { API.run_async(|| client.get(8)).await });
    /// assert_eq!((owned.await.unwrap(), borrowed.await.unwrap()), (Ok(7), Ok(8)));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`run_async`](Self::run_async).
    ///
    /// # Panics
    ///
    /// As of [`run_async`](Self::run_async).
    pub fn into_run_async<T, E, F, Fut>(self, operation: F) -> Retrying<Self, Call<F>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        Retrying::new(self, Call(operation), Transparent)
    }

    /// Awaits an operation that cannot fail until its value is the wanted one, and returns the last
    /// value. See [`poll`](Self::poll).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let mut progress = [10, 60, 100].into_iter();
    /// let last = Retry::constant(Duration::from_secs(2))
    ///     .until(|percent: &Option<i32>| *percent == Some(100))
    ///     .poll_async(|| std::future::ready(progress.next()))
    ///     .await;
    /// assert_eq!(last, Some(100));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As of [`run_async`](Self::run_async).
    pub fn poll_async<T, F, Fut>(&self, operation: F) -> Retrying<&Self, Call<F>, Polled>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = T>,
        S: Wait<T, Infallible>,
        C: Condition<T, Infallible>,
        H: Tell<T, Infallible>,
        Z: AsyncSleep,
    {
        Retrying::new(self, Call(operation), Polled)
    }
}

impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// [`poll_async`](Self::poll_async) as a future that owns its policy. See
    /// [`into_run_async`](Self::into_run_async).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use relent::Retry;
    ///
    /// let mut progress = [10, 60, 100].into_iter();
    /// let task = tokio::spawn(
    ///     Retry::expo()
    ///         .until(|percent: &Option<i32>| *percent == Some(100))
    ///         .into_poll_async(move || std::future::ready(progress.next())),
    /// );
    /// assert_eq!(task.await.unwrap(), Some(100));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As of [`run_async`](Self::run_async).
    pub fn into_poll_async<T, F, Fut>(self, operation: F) -> Retrying<Self, Call<F>, Polled>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = T>,
        S: Wait<T, Infallible>,
        C: Condition<T, Infallible>,
        H: Tell<T, Infallible>,
        Z: AsyncSleep,
    {
        Retrying::new(self, Call(operation), Polled)
    }
}

type Returned<O> = <<O as Operation>::Attempt as Future>::Output;
type Value<O, X> = <X as Finish<Returned<O>>>::Value;
type Error<O, X> = <X as Finish<Returned<O>>>::Error;
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
    /// The future of a retried operation: what [`Retry::run_async`] and its like return.
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
        O::Attempt: Future,
        X: Finish<Returned<O>>,
        P::Observer: Chain,
    {
        policy: P,
        operation: O,
        finish: X,
        run: Run,
        #[pin]
        state: State<O::Attempt, <P::Clock as AsyncSleep>::Sleep, BesidePending<P, O, X>>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateTaken]
    enum State<A, W, B> {
        NotStarted,
        Attempting { #[pin] attempt: A },
        Sleeping { #[pin] sleep: W },
        Telling { beside: B },
        Done,
    }
}

impl<P, O, X> Retrying<P, O, X>
where
    P: Policy,
    P::Clock: AsyncSleep,
    O: Operation,
    O::Attempt: Future,
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
        attempt: O::Attempt,
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
    O::Attempt: Future,
    X: Finish<Returned<O>>,
{
    type Output = X::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        let mut this = self.project();
        let policy = this.policy.policy();
        let now = || policy.clock.now();
        loop {
            // What comes next is known only when something has ended: this is the one `match` on
            // where the run stands, and the one below on what the engine says of it.
            let ended = match this.state.as_mut().project() {
                StateProjection::NotStarted => {
                    // In release builds the first wait tells, so that no call pays for the check.
                    if cfg!(debug_assertions) {
                        policy.clock.check();
                    }
                    *this.run = policy.begin(this.operation.needs_elapsed(), now);
                    Ended::Wait
                }
                StateProjection::Sleeping { sleep } => {
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
                    let verdict =
                        policy.judge(this.run, policy.subject(this.operation), &outcome, now);
                    (Cursor::default(), Told { verdict, outcome: Some(outcome) })
                }
                (Ended::Handler, StateTaken::Telling { beside }) => PendingOf::<P>::kept(beside),
                (Ended::Wait | Ended::Handler, _) => {
                    let verdict = policy.next_try(this.run, now);
                    (Cursor::default(), Told { verdict, outcome: None })
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
                    return Poll::Ready(this.finish.finish(outcome));
                }
                (EventKind::Backoff, outcome) => {
                    drop(outcome);
                    let wait = this.run.back_off(&verdict);
                    this.state.set(State::Sleeping { sleep: policy.clock.sleep(wait) });
                }
                (EventKind::Try | EventKind::Success | EventKind::GiveUp, _) => {
                    this.state.set(State::Attempting { attempt: this.operation.attempt() });
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
    O::Attempt: Future,
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
