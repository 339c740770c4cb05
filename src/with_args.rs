//! Runs that are given arguments: a form of `run` and `run_async`, over the same loop and future.

use core::fmt::Debug;
use core::future::Future;

use crate::blocking::drive;
use crate::clock::{AsyncSleep, Sleep};
use crate::condition::Condition;
use crate::future::Retrying;
use crate::operation::{CallWith, Hidden, Shown, Transparent};
use crate::retry::Retry;
use crate::tell::{Blocking, Tell};
use crate::wait::Wait;

/// # Run it with arguments
///
/// The arguments are cloned for each attempt, so that an attempt may use them up.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// [`run`](Self::run) of a function of its arguments.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut calls = 0;
    /// let policy = Retry::expo().clock(TestClock::new());
    /// let sent = policy.run_with(vec!["a", "b"], |batch| {
    ///     calls += 1;
    ///     if calls < 3 { Err("busy") } else { Ok(batch.into_iter().count()) }
    /// });
    /// assert_eq!(sent, Ok(2));
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As of [`run`](Self::run).
    pub fn run_with<A, T, E, F>(&self, args: A, operation: F) -> Result<T, E>
    where
        A: Clone,
        F: FnMut(A) -> Result<T, E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
        Z: Sleep,
    {
        drive(self, CallWith { args, function: operation, visibility: Hidden }, &Transparent)
    }

    /// [`run_async`](Self::run_async) of a function of its arguments, whose futures own them.
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
    ///     .run_async_with((client, url), |(client, url)| async move { client.get(&url).await })
    ///     .await;
    /// assert_eq!(body.unwrap(), "body of /users/7");
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
    pub fn run_async_with<A, T, E, F, Fut>(
        &self,
        args: A,
        operation: F,
    ) -> Retrying<&Self, CallWith<A, F>>
    where
        A: Clone,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        let operation = CallWith { args, function: operation, visibility: Hidden };
        Retrying::new(self, operation, Transparent)
    }

    /// Shows the arguments to handlers and observers, as [`Details::args`](crate::Details::args).
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut seen = String::new();
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    /// policy
    ///     .on_backoff(|d| seen = format!("{:?}", d.args().unwrap()))
    ///     .show_args()
    ///     .run_with(("user", 7), |_| Err::<(), _>("down"))
    ///     .unwrap_err();
    /// assert_eq!(seen, r#"("user", 7)"#);
    /// ```
    ///
    /// Without it they are not shown: they may hold secrets, and need not be `Debug`.
    #[must_use = "arguments are given by `.run_with(..)` or `.run_async_with(..)`"]
    pub const fn show_args(&self) -> ShowArgs<'_, S, C, H, Z> {
        ShowArgs { policy: self }
    }
}

/// A policy that shows its operations' arguments to handlers: see [`Retry::show_args`].
#[derive(Debug)]
pub struct ShowArgs<'p, S, C, H, Z> {
    policy: &'p Retry<S, C, H, Z>,
}

impl<'p, S, C, H, Z> ShowArgs<'p, S, C, H, Z> {
    /// As [`Retry::run_with`].
    ///
    /// # Errors
    ///
    /// As of [`Retry::run`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run`].
    pub fn run_with<A, T, E, F>(&self, args: A, operation: F) -> Result<T, E>
    where
        A: Clone + Debug,
        F: FnMut(A) -> Result<T, E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
        Z: Sleep,
    {
        drive(self.policy, CallWith { args, function: operation, visibility: Shown }, &Transparent)
    }

    /// As [`Retry::run_async_with`].
    ///
    /// # Errors
    ///
    /// As of [`Retry::run_async`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run_async`].
    #[expect(
        clippy::type_complexity,
        reason = "each parameter is one of the policy's or the call's"
    )]
    pub fn run_async_with<A, T, E, F, Fut>(
        &self,
        args: A,
        operation: F,
    ) -> Retrying<&'p Retry<S, C, H, Z>, CallWith<A, F, Shown>>
    where
        A: Clone + Debug,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        let operation = CallWith { args, function: operation, visibility: Shown };
        Retrying::new(self.policy, operation, Transparent)
    }
}
