//! The forms of `run_async`: each makes an operation, and the future that runs it.

use core::convert::Infallible;
use core::future::Future;

use crate::clock::AsyncClock;
use crate::condition::Condition;
use crate::observe::chain::Notify;
use crate::policy::Retry;
use crate::run::future::Retrying;
use crate::run::operation::{Attempt, Call, CallAttempt, CallWith, Hidden};
use crate::run::returns::{AsIs, ValueOnly};
use crate::wait::Wait;

/// # Run async
///
/// The futures do nothing before the first poll. Dropping one calls no handler.
///
/// They are `Send` if the policy is `Sync` and the operation, its futures and the timer are `Send`. With async
/// handlers or [`cancelled_by`](Retry::cancelled_by), the operation's value and error must be `Send` too.
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
    /// The operation is any function or closure that returns a future: `|| client.get(id)`, `|| async { .. }`, `async
    /// || ..`. It makes a new future for each attempt.
    ///
    /// The futures cannot borrow mutably from the closure. The compiler then reports "async closure does not implement
    /// `FnMut` because it captures state from its environment". Change captured state through a `Cell` or an atomic, or
    /// make the attempts [in line](Self::attempts_async).
    ///
    /// The future borrows the policy. If the policy is temporary, await the future in the same statement, or use
    /// [`into_run_async`](Self::into_run_async).
    ///
    /// # Errors
    ///
    /// Returns the error of the last attempt.
    ///
    /// # Panics
    ///
    /// The future panics if the operation or a handler panics, if a handler runs its own policy, and if it is polled
    /// after it has ended. With the default clock, it panics if it must wait outside a tokio runtime. A run whose first
    /// attempt succeeds needs no runtime.
    pub fn run_async<T, E, F, Fut>(&self, operation: F) -> Retrying<&Self, Call<F>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E>,
        Z: AsyncClock,
    {
        Retrying::new(self, Call(operation), AsIs)
    }

    /// Same as [`run_async`](Self::run_async), but the future owns its policy. Use it to spawn the future, or to return
    /// it from a function.
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
    /// If a closure owns the data of an attempt, it must clone them for each attempt. With a policy in a `static`, the
    /// task can own everything instead:
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
    /// Same as [`run_async`](Self::run_async).
    ///
    /// # Panics
    ///
    /// Same as [`run_async`](Self::run_async).
    pub fn into_run_async<T, E, F, Fut>(self, operation: F) -> Retrying<Self, Call<F>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E>,
        Z: AsyncClock,
    {
        Retrying::new(self, Call(operation), AsIs)
    }

    /// Awaits an infallible operation until its value is accepted, and returns the last value. See
    /// [`poll`](Self::poll).
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
    /// Same as [`run_async`](Self::run_async).
    pub fn poll_async<T, F, Fut>(&self, operation: F) -> Retrying<&Self, Call<F>, ValueOnly>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = T>,
        S: Wait<T, Infallible>,
        C: Condition<T, Infallible>,
        H: Notify<T, Infallible>,
        Z: AsyncClock,
    {
        Retrying::new(self, Call(operation), ValueOnly)
    }

    /// Same as [`poll_async`](Self::poll_async), but the future owns its policy.
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
    /// Same as [`run_async`](Self::run_async).
    pub fn into_poll_async<T, F, Fut>(self, operation: F) -> Retrying<Self, Call<F>, ValueOnly>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = T>,
        S: Wait<T, Infallible>,
        C: Condition<T, Infallible>,
        H: Notify<T, Infallible>,
        Z: AsyncClock,
    {
        Retrying::new(self, Call(operation), ValueOnly)
    }

    /// Same as [`run_async`](Self::run_async), but passes a clone of `args` to each attempt.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use relent::Retry;
    ///
    /// #[derive(Clone)]
    /// struct Client;
    ///
    /// impl Client {
    ///     async fn get(&self, url: &str) -> Result<String, std::io::Error> {
    ///         Ok(format!("body of {url}"))
    ///     }
    /// }
    ///
    /// let (client, url) = (Client, String::from("/users/7"));
    /// let body = Retry::expo()
    ///     .run_with_async((client, url), |(client, url)| async move { client.get(&url).await })
    ///     .await;
    /// assert_eq!(body.unwrap(), "body of /users/7");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Same as [`run_async`](Self::run_async).
    ///
    /// # Panics
    ///
    /// Same as [`run_async`](Self::run_async).
    pub fn run_with_async<A, T, E, F, Fut>(
        &self,
        args: A,
        operation: F,
    ) -> Retrying<&Self, CallWith<A, F, Fut>>
    where
        A: Clone,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E>,
        Z: AsyncClock,
    {
        Retrying::new(self, CallWith::new(args, operation, Hidden), AsIs)
    }

    /// Same as [`run_async`](Self::run_async), but passes the [`Attempt`] to the operation: its number and the
    /// remaining time.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use relent::Retry;
    ///
    /// let key = "order-17";
    /// let sent = Retry::expo()
    ///     .run_attempt_async(async |attempt| match attempt.tries {
    ///         1 | 2 => Err("busy"),
    ///         tries => Ok(format!("Idempotency-Key: {key}, X-Attempt: {tries}")),
    ///     })
    ///     .await;
    /// assert_eq!(sent.as_deref(), Ok("Idempotency-Key: order-17, X-Attempt: 3"));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Same as [`run_async`](Self::run_async).
    ///
    /// # Panics
    ///
    /// Same as [`run_async`](Self::run_async).
    pub fn run_attempt_async<T, E, F, Fut>(&self, operation: F) -> Retrying<&Self, CallAttempt<F>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E>,
        Z: AsyncClock,
    {
        Retrying::new(self, CallAttempt(operation), AsIs)
    }
}
