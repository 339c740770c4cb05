//! The in-line loop, for what a closure cannot borrow: a third way to drive the same engine.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::{AsyncSleep, Sleep};
use crate::condition::Condition;
use crate::event::{Subject, Target};
use crate::observe::chain::{Blocking, Chain, Tell};
use crate::policy::Retry;
use crate::run::Run;
use crate::run::blocking;
use crate::run::finish::Transparent;
use crate::run::future::Retrying;
use crate::run::operation::{Attempt, Needs, Operation};
use crate::run::side::{Awaits, Blocks, Mode};
use crate::wait::Wait;

/// # Run it in line
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Begins a run whose attempts are made in a loop of your own, where `?`, `break`, `continue` and
    /// `&mut` state all work.
    ///
    /// ```
    /// use std::ops::ControlFlow::Break;
    /// use relent::{Retry, TestClock};
    ///
    /// struct Connection { queries: u32 }
    ///
    /// impl Connection {
    ///     fn query(&mut self) -> Result<u32, &'static str> {
    ///         self.queries += 1;
    ///         if self.queries < 3 { Err("deadlock") } else { Ok(self.queries) }
    ///     }
    /// }
    ///
    /// let policy = Retry::expo().clock(TestClock::new());
    /// let mut connection = Connection { queries: 0 };
    /// let mut attempts = policy.attempts();
    /// let rows = loop {
    ///     let outcome = connection.query();
    ///     if let Break(end) = attempts.after(outcome) {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(rows, Ok(3));
    /// ```
    ///
    /// In async code the loop calls [`after_async`](Attempts::after_async) instead; see there.
    /// Handlers and observers are told the same events in the same order as by
    /// [`run`](Self::run). The target is the file and line of this call unless one is set. Dropped
    /// half-way it tells nothing more. Last steps are not for it: time an attempt yourself, with
    /// [`remaining`](Attempts::remaining), and learn the reason of a give-up from a handler.
    ///
    /// # Panics
    ///
    /// When an `on_try` handler does.
    #[track_caller]
    pub fn attempts<T, E, M>(&self) -> Attempts<'_, S, C, H, Z, T, E, M>
    where
        M: Mode<Z>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
    {
        let target = self.target_or(Target::at(Location::caller()));
        let subject = Subject { target, args: None };
        let run = blocking::start::<M, _, _, _, _, _, _>(self, TIMED, subject);
        Attempts { policy: self, run, target, types: PhantomData }
    }

    /// The same where `on_try` handlers are async and have to be awaited before the first attempt.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::ops::ControlFlow::Break;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().on_try_async(|d| {
    ///     let tries = d.tries;
    ///     async move { println!("try {tries}") }
    /// });
    /// let mut attempts = policy.attempts_async().await;
    /// let outcome: Result<u8, &str> = loop {
    ///     let outcome = if attempts.tries() < 3 { Err("busy") } else { Ok(7) };
    ///     if let Break(end) = attempts.after_async(outcome).await {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(outcome, Ok(7));
    /// # }
    /// ```
    #[track_caller]
    pub fn attempts_async<T, E>(&self) -> Begin<'_, S, C, H, Z, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        let target = self.target_or(Target::at(Location::caller()));
        let operation = InLine { target, types: PhantomData };
        Begin { policy: self, target, retrying: Retrying::new(self, operation, Transparent) }
    }
}

/// An in-line loop may be asked at any moment how long it has run.
const TIMED: Needs = Needs { elapsed: true, time_for_attempt: false };

/// A run whose attempts are made in line: see [`Retry::attempts`].
#[must_use = "the loop must say how each attempt ended: `.after(outcome)` or `.after_async(outcome).await`"]
pub struct Attempts<'p, S, C, H, Z, T, E, M> {
    policy: &'p Retry<S, C, H, Z>,
    run: Run,
    target: Target,
    types: PhantomData<fn(T, E, M)>,
}

impl<S, C, H, Z, T, E, M: Mode<Z>> Attempts<'_, S, C, H, Z, T, E, M> {
    /// The number of the current attempt, from 1.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.run.tries()
    }

    /// The time since the run began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.policy.attempt::<M>(&self.run).elapsed
    }

    /// What is left of [`max_time`](Retry::max_time), where that is set: for example for a timeout of
    /// the attempt's own.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.policy.attempt::<M>(&self.run).remaining
    }

    /// Takes the current attempt for the first one of a new run: for a loop that lives long, such as
    /// a consumer that reconnects, once it has worked again. It tells nothing.
    ///
    /// ```
    /// use std::ops::ControlFlow::Break;
    /// use relent::{Retry, TestClock};
    ///
    /// let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    /// let mut attempts = policy.attempts();
    /// let mut messages = 0;
    /// let end: Result<(), &str> = loop {
    ///     if messages < 5 {
    ///         messages += 1;
    ///         attempts.reset();
    ///     }
    ///     if let Break(end) = attempts.after(Err("connection lost")) {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!((end, messages, attempts.tries()), (Err("connection lost"), 5, 3));
    /// ```
    pub fn reset(&mut self) {
        self.run.reset(self.policy.time::<M>());
    }
}

impl<S, C, H, Z, T, E> Attempts<'_, S, C, H, Z, T, E, Blocks>
where
    S: Wait<T, E>,
    C: Condition<T, E>,
    H: Tell<T, E> + Blocking,
    Z: Sleep,
{
    /// Says how the attempt ended. `Continue`: it has been slept, make the next attempt. `Break`: the
    /// run is over, and this is its result; only [`reset`](Self::reset) begins another.
    ///
    /// The wait blocks the thread. In async code call [`after_async`](Self::after_async): where the
    /// compiler says that a `ControlFlow` is not a future, "remove the `.await`" is the wrong advice.
    ///
    /// # Panics
    ///
    /// When a handler does.
    pub fn after(&mut self, outcome: Result<T, E>) -> ControlFlow<Result<T, E>> {
        let subject = Subject { target: self.target, args: None };
        let asked = self.policy.ask::<Blocks, _, _>(&self.run, subject, &outcome, TIMED, true);
        // `TIMED` wants to know of a success, so that there always is something to tell.
        let Some(asked) = asked else { return ControlFlow::Break(outcome) };
        blocking::after(self.policy, &mut self.run, subject, TIMED, outcome, asked)
            .map_break(|(outcome, _)| outcome)
    }
}

impl<'p, S, C, H, Z, T, E> Attempts<'p, S, C, H, Z, T, E, Awaits>
where
    S: Wait<T, E>,
    C: Condition<T, E>,
    H: Tell<T, E>,
    Z: AsyncSleep,
{
    /// Says how the attempt ended, and awaits what follows. `Continue`: the wait is over, make the
    /// next attempt. `Break`: the run is over, and this is its result.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::ops::ControlFlow::Break;
    /// use relent::Retry;
    ///
    /// static DATABASE: Retry = Retry::expo().max_tries(5);
    ///
    /// let task = tokio::spawn(async {
    ///     let mut queries = Vec::new();
    ///     let mut attempts = DATABASE.attempts();
    ///     loop {
    ///         queries.push(attempts.tries());
    ///         let outcome = if queries.len() < 3 { Err("deadlock") } else { Ok(queries.len()) };
    ///         if let Break(end) = attempts.after_async(outcome).await {
    ///             break end;
    ///         }
    ///     }
    /// });
    /// assert_eq!(task.await.unwrap(), Ok(3));
    /// # }
    /// ```
    ///
    /// Dropped before it is ready, as by a `select!`, it tells nothing more. The attempt counts: the
    /// next outcome is that of the next attempt, of whose beginning nobody is told.
    ///
    /// # Panics
    ///
    /// As of [`Retry::run_async`].
    pub fn after_async<'a>(&'a mut self, outcome: Result<T, E>) -> After<'a, 'p, S, C, H, Z, T, E> {
        let operation = InLine { target: self.target, types: PhantomData };
        let attempt = Handed(Some(outcome));
        let retrying = Retrying::attempting(self.policy, operation, Transparent, self.run, attempt);
        After { attempts: self, retrying, is_ready: false }
    }
}

/// The operation of a loop that makes the attempts itself.
#[derive(Debug)]
pub(crate) struct InLine<T, E> {
    target: Target,
    types: PhantomData<fn(T, E)>,
}

impl<T, E> Operation for InLine<T, E> {
    type Output = Handed<T, E>;

    /// Never ready: whoever polls the run sees that it is the loop's turn.
    fn attempt(&mut self, _: impl FnOnce() -> Attempt) -> Handed<T, E> {
        Handed(None)
    }

    fn needs(&self) -> Needs {
        TIMED
    }

    fn target(&self) -> Target {
        self.target
    }
}

/// An outcome that the loop hands in.
#[derive(Debug)]
pub(crate) struct Handed<T, E>(Option<Result<T, E>>);

// The outcome is never pinned.
impl<T, E> Unpin for Handed<T, E> {}

impl<T, E> Future for Handed<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

type RetryingInLine<'p, S, C, H, Z, T, E> = Retrying<&'p Retry<S, C, H, Z>, InLine<T, E>>;

pin_project! {
    /// The future of [`Retry::attempts_async`].
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct Begin<'p, S, C, H, Z, T, E>
    where
        H: Chain,
        Z: AsyncSleep,
    {
        policy: &'p Retry<S, C, H, Z>,
        target: Target,
        #[pin]
        retrying: RetryingInLine<'p, S, C, H, Z, T, E>,
    }
}

impl<'p, S, C, H, Z, T, E> Future for Begin<'p, S, C, H, Z, T, E>
where
    S: Wait<T, E>,
    C: Condition<T, E>,
    H: Tell<T, E>,
    Z: AsyncSleep,
{
    type Output = Attempts<'p, S, C, H, Z, T, E, Awaits>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.retrying.as_mut().poll(context).is_pending() && !this.retrying.is_attempting() {
            return Poll::Pending;
        }
        Poll::Ready(Attempts {
            policy: this.policy,
            run: this.retrying.run(),
            target: *this.target,
            types: PhantomData,
        })
    }
}

pin_project! {
    /// The future of [`Attempts::after_async`].
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct After<'a, 'p, S, C, H, Z, T, E>
    where
        H: Chain,
        Z: AsyncSleep,
    {
        attempts: &'a mut Attempts<'p, S, C, H, Z, T, E, Awaits>,
        #[pin]
        retrying: RetryingInLine<'p, S, C, H, Z, T, E>,
        is_ready: bool,
    }

    impl<S, C, H, Z, T, E> PinnedDrop for After<'_, '_, S, C, H, Z, T, E>
    where
        H: Chain,
        Z: AsyncSleep,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.is_ready {
                let handed_in = this.attempts.run.tries();
                this.attempts.run = this.retrying.run();
                // It may have been dropped while the next attempt was being told.
                if this.attempts.run.tries() == handed_in {
                    this.attempts.run.count_try();
                }
            }
        }
    }
}

impl<S, C, H, Z, T, E> Future for After<'_, '_, S, C, H, Z, T, E>
where
    S: Wait<T, E>,
    C: Condition<T, E>,
    H: Tell<T, E>,
    Z: AsyncSleep,
{
    type Output = ControlFlow<Result<T, E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let ready = match this.retrying.as_mut().poll(context) {
            Poll::Ready(outcome) => ControlFlow::Break(outcome),
            Poll::Pending if this.retrying.is_attempting() => ControlFlow::Continue(()),
            Poll::Pending => return Poll::Pending,
        };
        this.attempts.run = this.retrying.run();
        *this.is_ready = true;
        Poll::Ready(ready)
    }
}

impl<S, C, H, Z, T, E, M> fmt::Debug for Attempts<'_, S, C, H, Z, T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("target", &self.target)
            .field("tries", &self.run.tries())
            .finish_non_exhaustive()
    }
}

impl<S, C, H: Chain, Z: AsyncSleep, T, E> fmt::Debug for Begin<'_, S, C, H, Z, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begin").field("target", &self.target).finish_non_exhaustive()
    }
}

impl<S, C, H: Chain, Z: AsyncSleep, T, E> fmt::Debug for After<'_, '_, S, C, H, Z, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("After").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}
