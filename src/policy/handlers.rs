//! Setters of handlers: closures that receive events.

use crate::event::{Details, EventKind};
use crate::observe::handlers::{Append, AsyncHandler, Handler, HandlerFuture, HandlerReturn};
use crate::policy::Retry;

/// # Handlers
///
/// A handler is a closure that receives the [`Details`] of an event. You can call each method any number of times.
/// Handlers run in the order in which you add them, each with the same details. They may borrow variables and change
/// them.
///
/// Handlers must be `Send`, even if all runs stay on one thread: the compiler refuses a closure that captures an `Rc`
/// or a reference to a `Cell` or `RefCell`. An observer need not be `Send`: implement [`Observe`](crate::Observe) for a
/// struct that holds them, and add it with [`observe`](Self::observe). To update a counter in a struct, capture a
/// reference to that field, not to the whole struct.
///
/// A run calls its handlers inline, so a handler should be quick. All handlers of a policy share one lock: while one of
/// them runs, every other thread with an event for a handler of that policy waits. In a busy service that shares one
/// policy, use an observer, which has no lock. A handler must not:
///
/// - run the policy that it belongs to: this panics;
/// - wait for another thread's run of that policy;
/// - run a policy whose handlers run this one.
///
/// A handler that panics ends the run. The policy stays usable.
///
/// A handler returns nothing. To discard a value, end the closure's body with a semicolon:
/// `|d| { set.insert(d.tries); }`. For closures that return a future, see [async handlers](#async-handlers).
///
/// A closure needs no type annotations if it reads fields, prints [`Details::error`] or matches on it. To call a method
/// of the error, name its type: `|d: &Details<'_, (), io::Error>|`.
///
/// A policy with handlers serves operations of one pair of types, and is not `Clone`. To keep it in a field, name its
/// type with [`boxed`](Self::boxed), or make the struct generic with the bound [`RunBlocking`](crate::run::RunBlocking)
/// or [`RunAsync`](crate::run::RunAsync). To clone it, call [`share_observers`](Self::share_observers) first. To add
/// handlers for a single call, borrow the policy with [`by_ref`](Self::by_ref). To serve operations of different types,
/// use an observer.
///
/// The guide has a page on [handlers](crate::guide::handlers).
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Calls the handler before each attempt, including the first.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut tries = Vec::new();
    /// Retry::expo()
    ///     .max_tries(3)
    ///     .clock(TestClock::new())
    ///     .on_try(|d| tries.push(d.tries))
    ///     .run(|| Err::<(), _>("down"))
    ///     .unwrap_err();
    /// assert_eq!(tries, [1, 2, 3]);
    /// ```
    pub fn on_try<'k, T, E, F, R>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<Handler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> R + Send + 'k, // If it cannot be `Send`: `.observe(..)`.
        R: HandlerReturn,
    {
        self.map_observer(|h| h.append(EventKind::Try, Handler::new(handler)))
    }

    /// Calls the handler once, when an outcome is accepted, even that of the first attempt.
    ///
    /// ```
    /// use relent::Retry;
    ///
    /// let mut seen = None;
    /// let value: Result<u8, ()> = Retry::expo()
    ///     .on_success(|d| seen = Some((d.tries, d.value().copied())))
    ///     .run(|| Ok(7));
    /// assert_eq!(value, Ok(7));
    /// assert_eq!(seen, Some((1, Some(7))));
    /// ```
    pub fn on_success<'k, T, E, F, R>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<Handler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> R + Send + 'k, // If it cannot be `Send`: `.observe(..)`.
        R: HandlerReturn,
    {
        self.map_observer(|h| h.append(EventKind::Success, Handler::new(handler)))
    }

    /// Calls the handler before each wait; [`Details::wait`] is its exact length.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let mut waits: Vec<Duration> = Vec::new();
    /// Retry::expo()
    ///     .max_tries(5)
    ///     .clock(&clock)
    ///     .on_backoff(|d| waits.push(d.wait))
    ///     .on_backoff(|d| println!("try {} failed: {}", d.tries, d.error().unwrap()))
    ///     .run(|| Err::<(), _>("down"))
    ///     .unwrap_err();
    /// assert_eq!(waits, clock.waits());
    /// ```
    ///
    /// All handlers of a policy share one lock, so threads that share the policy call them one at a time. If many calls
    /// fail at once, use an [observer](Self::observe) instead.
    #[doc(alias("notify", "on_retry"))]
    pub fn on_backoff<'k, T, E, F, R>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<Handler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> R + Send + 'k, // If it cannot be `Send`: `.observe(..)`.
        R: HandlerReturn,
    {
        self.map_observer(|h| h.append(EventKind::Backoff, Handler::new(handler)))
    }

    /// Calls the handler once, when the run gives up; [`Details::reason`] is the reason.
    ///
    /// ```
    /// use relent::{StopReason, Retry, TestClock};
    ///
    /// let mut seen = None;
    /// Retry::expo()
    ///     .max_tries(5)
    ///     .clock(TestClock::new())
    ///     .on_giveup(|d| seen = Some((d.tries, d.reason)))
    ///     .run(|| Err::<(), _>("down"))
    ///     .unwrap_err();
    /// assert_eq!(seen, Some((5, Some(StopReason::MaxTries))));
    /// ```
    #[doc(alias = "give_up")]
    pub fn on_giveup<'k, T, E, F, R>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<Handler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> R + Send + 'k, // If it cannot be `Send`: `.observe(..)`.
        R: HandlerReturn,
    {
        self.map_observer(|h| h.append(EventKind::GiveUp, Handler::new(handler)))
    }
}

/// # Async handlers
///
/// An async handler receives [`&Details`](Details) and returns a future that owns what it needs. Read the details
/// first, then use `async move`, or call an `async fn` with what you read:
///
/// ```
/// # async fn post(_: u32) {}
/// # use relent::Retry;
/// # let policy = Retry::expo()
/// .on_backoff_async(|d| {
///     let tries = d.tries;
///     async move { post(tries).await }
/// })
/// .on_giveup_async(|d| post(d.tries))
/// # ;
/// # drop(policy.run_async(async || Err::<(), _>("down")));
/// ```
///
/// The closures `async |d| ..` and `|d| async move { .. d.tries .. }` do not compile, since their futures borrow the
/// details. The compiler then reports "future cannot be sent between threads safely".
///
/// The run awaits the future before it calls the next handler, waits or returns. A slow handler therefore slows down
/// the run. Spawn work that may take long.
///
/// Run a policy with async handlers by [`run_async`](Self::run_async), [`poll_async`](Self::poll_async) and their
/// variants, or in line by [`begin_async`](Self::begin_async).
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Awaits the handler before each attempt, including the first. See [`on_try`](Self::on_try).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_try_async(move |d| {
    ///     let (tries, sender) = (d.tries, sender.clone());
    ///     async move { sender.send(tries).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    /// assert!(receiver.try_iter().eq([1, 2]));
    /// ```
    pub fn on_try_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<AsyncHandler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: HandlerFuture<'k>, // It cannot borrow `d`: `|d| { let tries = d.tries; async move { .. } }`.
    {
        self.map_observer(|h| h.append(EventKind::Try, AsyncHandler::new(handler)))
    }

    /// Awaits the handler once, when an outcome is accepted, before the run returns it. See
    /// [`on_success`](Self::on_success).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().clock(TestClock::new()).on_success_async(move |d| {
    ///     let (value, sender) = (d.value().copied(), sender.clone());
    ///     async move { sender.send(value).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Ok::<_, ()>(7))).unwrap();
    /// assert!(receiver.try_iter().eq([Some(7)]));
    /// ```
    pub fn on_success_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<AsyncHandler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: HandlerFuture<'k>, // It cannot borrow `d`: `|d| { let tries = d.tries; async move { .. } }`.
    {
        self.map_observer(|h| h.append(EventKind::Success, AsyncHandler::new(handler)))
    }

    /// Awaits the handler before each wait. The wait begins when the handler has finished. See
    /// [`on_backoff`](Self::on_backoff).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().max_tries(3).clock(TestClock::new()).on_backoff_async(move |d| {
    ///     let (line, sender) = (format!("{:?}", d.error()), sender.clone());
    ///     async move { sender.send(line).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    /// assert!(receiver.try_iter().eq([r#"Some("down")"#, r#"Some("down")"#]));
    /// ```
    pub fn on_backoff_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<AsyncHandler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: HandlerFuture<'k>, // It cannot borrow `d`: `|d| { let tries = d.tries; async move { .. } }`.
    {
        self.map_observer(|h| h.append(EventKind::Backoff, AsyncHandler::new(handler)))
    }

    /// Awaits the handler once, when the run gives up, before it returns. See [`on_giveup`](Self::on_giveup).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{StopReason, Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().max_tries(3).clock(TestClock::new()).on_giveup_async(move |d| {
    ///     let (reason, sender) = (d.reason, sender.clone());
    ///     async move { sender.send(reason).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    /// assert!(receiver.try_iter().eq([Some(StopReason::MaxTries)]));
    /// ```
    pub fn on_giveup_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: Append<AsyncHandler<'k, T, E>>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: HandlerFuture<'k>, // It cannot borrow `d`: `|d| { let tries = d.tries; async move { .. } }`.
    {
        self.map_observer(|h| h.append(EventKind::GiveUp, AsyncHandler::new(handler)))
    }
}
