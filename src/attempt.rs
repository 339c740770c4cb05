//! Runs whose operation is told which attempt it is: a form of `run` and `run_async`.

use core::future::Future;
use core::time::Duration;

use crate::blocking::drive;
use crate::clock::{AsyncSleep, Sleep};
use crate::condition::Condition;
use crate::future::Retrying;
use crate::operation::{CallAttempt, Transparent};
use crate::retry::Retry;
use crate::tell::{Blocking, Tell};
use crate::wait::Wait;

/// The attempt that is about to be made: what [`Retry::run_attempt`] tells the operation.
///
/// ```
/// use std::time::Duration;
/// use relent::Attempt;
///
/// /// A request may take five seconds, and less where less is left.
/// fn timeout(attempt: Attempt) -> Duration {
///     let most = Duration::from_secs(5);
///     attempt.remaining.map_or(most, |left| left.min(most))
/// }
///
/// let mut attempt = Attempt::new(3);
/// assert_eq!(timeout(attempt), Duration::from_secs(5));
/// attempt.remaining = Some(Duration::from_secs(2));
/// assert_eq!(timeout(attempt), Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number. The first is 1.
    pub tries: u32,
    /// The time since the run began, read right before this attempt.
    pub elapsed: Duration,
    /// What is left of [`max_time`](Retry::max_time), where that is set. Zero in the one last attempt
    /// that is made at the deadline: give that one some time of its own.
    pub remaining: Option<Duration>,
}

impl Attempt {
    /// An attempt at the beginning of a run without a deadline, for tests of your own operations.
    ///
    /// Set its public fields directly.
    #[must_use]
    pub const fn new(tries: u32) -> Self {
        Self { tries, elapsed: Duration::ZERO, remaining: None }
    }
}

/// # Run it, and tell it which attempt it is
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// [`run`](Self::run) of a function that is told which [`Attempt`] it is: to give a request a
    /// timeout of its own, or a header that says how often it was sent.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let policy = Retry::expo()
    ///     .max_time(Duration::from_secs(10))
    ///     .jitter(Jitter::None)
    ///     .clock(TestClock::new());
    /// let mut left = Vec::new();
    /// policy
    ///     .run_attempt(|attempt| {
    ///         left.push(attempt.remaining.unwrap().as_secs());
    ///         if attempt.tries < 4 { Err("busy") } else { Ok(()) }
    ///     })
    ///     .unwrap();
    /// assert_eq!(left, [10, 9, 7, 3]);
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As of [`run`](Self::run).
    pub fn run_attempt<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut(Attempt) -> Result<T, E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
        Z: Sleep,
    {
        drive(self, CallAttempt(operation), &Transparent)
    }

    /// [`run_async`](Self::run_async) of a function that is told which [`Attempt`] it is.
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
    /// As of [`run_async`](Self::run_async).
    ///
    /// # Panics
    ///
    /// As of [`run_async`](Self::run_async).
    pub fn run_attempt_async<T, E, F, Fut>(&self, operation: F) -> Retrying<&Self, CallAttempt<F>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        Retrying::new(self, CallAttempt(operation), Transparent)
    }
}
