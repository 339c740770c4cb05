//! The in-line loop: a run whose attempts are made by other code.

use core::fmt;
use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::panic::Location;
use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock};
use crate::condition::Condition;
use crate::event::{EventKind, Target};
use crate::observe::chain::{Notify, NotifyBlocking};
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::Step;
use crate::run::after::{After, Begin, Given};
use crate::run::operation::{Attempt, Attempted, Needs, Operation};
use crate::run::returns::AsIs;
use crate::run::session::{Async, Blocking, Session, Side};
use crate::sealed::Sealed;
use crate::wait::Wait;

/// # In line
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Begins a run whose attempts are made in a loop of your own, where `?`, `break`, `continue` and `&mut` state
    /// all work.
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
    /// Its waits block the thread: in async code use [`attempts_async`](Self::attempts_async). Handlers and
    /// observers are notified of the same events in the same order as by [`run`](Self::run). The target is the file
    /// and line of this call unless one is set. Dropped half-way, it notifies nobody. Run options do not apply: time an
    /// attempt yourself, with [`remaining`](Attempts::remaining), and learn the reason of a give-up from a handler.
    ///
    /// # Panics
    ///
    /// If an `on_try` handler panics.
    #[track_caller]
    pub fn attempts<T, E>(&self) -> Attempts<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        Attempts::begin(self, Target::at(Location::caller()))
    }

    /// Begins a run whose attempts are made in an async loop of your own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::ops::ControlFlow::Break;
    /// use relent::Retry;
    ///
    /// struct Connection { queries: u32 }
    ///
    /// impl Connection {
    ///     async fn query(&mut self) -> Result<u32, &'static str> {
    ///         self.queries += 1;
    ///         if self.queries < 3 { Err("deadlock") } else { Ok(self.queries) }
    ///     }
    /// }
    ///
    /// static DATABASE: Retry = Retry::expo().max_tries(5);
    ///
    /// let task = tokio::spawn(async {
    ///     let mut connection = Connection { queries: 0 };
    ///     let mut attempts = DATABASE.attempts_async();
    ///     loop {
    ///         let outcome = connection.query().await;
    ///         if let Break(end) = attempts.after(outcome).await {
    ///             break end;
    ///         }
    ///     }
    /// });
    /// assert_eq!(task.await.unwrap(), Ok(3));
    /// # }
    /// ```
    ///
    /// See [`attempts`](Self::attempts). A policy with async `on_try` handlers begins with
    /// [`begin_async`](Self::begin_async), which awaits them.
    ///
    /// # Panics
    ///
    /// If an `on_try` handler panics.
    #[track_caller]
    pub fn attempts_async<T, E>(&self) -> AttemptsAsync<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: AsyncClock,
    {
        Attempts::begin(self, Target::at(Location::caller()))
    }

    /// Same as [`attempts_async`](Self::attempts_async), for policies with async handlers: awaits those of `on_try`
    /// before the first attempt.
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
    /// let mut attempts = policy.begin_async().await;
    /// let outcome: Result<u8, &str> = loop {
    ///     let outcome = if attempts.tries() < 3 { Err("busy") } else { Ok(7) };
    ///     if let Break(end) = attempts.after(outcome).await {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(outcome, Ok(7));
    /// # }
    /// ```
    #[track_caller]
    pub fn begin_async<T, E>(&self) -> Begin<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E>,
        Z: AsyncClock,
    {
        Begin::new(self, Target::at(Location::caller()))
    }
}

/// A run whose attempts are made in line: see [`Retry::attempts`].
#[must_use = "the loop must pass on how each attempt ended: `.after(outcome)`"]
pub struct Attempts<P, T, E, M = Blocking> {
    pub(crate) session: Session<P, InLine<T, E>, AsIs, M>,
}

/// A run whose attempts are made in line, in async code: see [`Retry::attempts_async`].
pub type AttemptsAsync<P, T, E> = Attempts<P, T, E, Async>;

impl<P, T, E, M> Attempts<P, T, E, M>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking>,
    M: Side<P::Clock>,
{
    fn begin(policy: P, target: Target) -> Self {
        let mut session = Session::new(policy, InLine::new(target), AsIs);
        let step = session.begin::<T, E>();
        session.notify_all::<T, E>(&step, None);
        Self { session }
    }
}

impl<P, T, E, M> Attempts<P, T, E, M>
where
    P: Policy,
    M: Side<P::Clock>,
{
    /// The number of the current attempt. The first is 1.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.session.run.tries()
    }

    /// The time since the run began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.session.describe().elapsed
    }

    /// What is left of [`max_time`](Retry::max_time), if that is set: for example for a timeout of the attempt's own.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.session.describe().remaining
    }

    /// Makes the current attempt the first one of a new run, without notifying anyone: for a loop that lives long,
    /// such as a consumer that reconnects, once it has worked again.
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
        self.session.reset();
    }
}

impl<P, T, E> Attempts<P, T, E>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
{
    /// Takes the outcome of the current attempt, and waits if it is to be retried. `Continue`: make the next
    /// attempt. `Break`: the run is over, and this is its result; only [`reset`](Self::reset) begins another.
    ///
    /// The wait blocks the thread. In async code begin the run with [`attempts_async`](Retry::attempts_async): where
    /// the compiler says that a `ControlFlow` is not a future, "remove the `.await`" is the wrong advice.
    ///
    /// # Panics
    ///
    /// If a handler panics.
    pub fn after(&mut self, outcome: Result<T, E>) -> ControlFlow<Result<T, E>> {
        // It is timed, which needs the time of a success too, so that there always is a step.
        let step = self.session.judge(&outcome).unwrap_or(Step::new(EventKind::Success, 0));
        self.session.follow(&step, outcome).map_break(|(outcome, _)| outcome)
    }
}

impl<P, T, E> AttemptsAsync<P, T, E>
where
    P: PolicyFor<T, E, Clock: AsyncClock>,
{
    /// Takes the outcome of the current attempt, and awaits what follows. `Continue`: the wait is over, make the next
    /// attempt. `Break`: the run is over, and this is its result.
    ///
    /// Dropped before it is ready, as by a `select!`, it notifies nobody. The attempt counts: the next outcome is that
    /// of the next attempt, of whose start nobody is notified.
    ///
    /// # Panics
    ///
    /// If a handler panics, or if it is polled after it was ready.
    pub fn after(&mut self, outcome: Result<T, E>) -> After<'_, P, T, E> {
        After::new(self, outcome)
    }
}

/// The operation of a loop that makes the attempts itself.
#[derive(Debug)]
pub struct InLine<T, E> {
    pub(crate) target: Target,
    types: PhantomData<fn(T, E)>,
}

impl<T, E> InLine<T, E> {
    pub(crate) const fn new(target: Target) -> Self {
        Self { target, types: PhantomData }
    }
}

impl<T, E> Sealed for InLine<T, E> {}

impl<T, E, Z> Attempted<Z> for InLine<T, E> {
    type Output = Given<T, E>;
}

impl<T, E, Z> Operation<Z> for InLine<T, E> {
    /// Never ready: the driver sees that it is the loop's turn.
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) -> Self::Output {
        Given::nothing()
    }

    /// A loop may ask at any moment how long it has run.
    fn needs(&self) -> Needs {
        Needs { elapsed: true, ..Needs::default() }
    }

    fn target(&self) -> Target {
        self.target
    }
}

impl<P: Policy, T, E, M> fmt::Debug for Attempts<P, T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("target", &self.session.target())
            .field("tries", &self.session.run.tries())
            .finish_non_exhaustive()
    }
}
