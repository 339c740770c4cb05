//! Runs that are given arguments: a form of `run` and `run_async`, over the same loop and future.

use core::future::Future;

use crate::blocking::drive;
use crate::clock::{AsyncSleep, Sleep};
use crate::condition::Condition;
use crate::future::Retrying;
use crate::operation::{CallWith, Hidden, Transparent};
use crate::retry::Retry;
use crate::tell::{Blocking, Tell};
use crate::wait::Wait;

/// # Run it with arguments
///
/// The arguments are cloned for each attempt, so that an attempt may use them up. Handlers see them
/// only where [`show_args`](Retry::show_args) says so.
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
}
