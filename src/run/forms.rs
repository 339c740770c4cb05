//! The forms of `run`: each makes an operation for the blocking driver.

use core::convert::Infallible;

use crate::clock::BlockingClock;
use crate::condition::Condition;
use crate::observe::chain::{Notify, NotifyBlocking};
use crate::policy::Retry;
use crate::run::blocking::drive;
use crate::run::operation::{Attempt, Call, CallAttempt, CallWith, Hidden};
use crate::run::returns::{AsIs, ValueOnly};
use crate::wait::Wait;

/// # Run
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Calls the operation until its outcome is accepted or the policy gives up, and returns what
    /// the last call returned.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut calls = 0;
    /// let outcome: Result<u32, &str> = Retry::expo().clock(TestClock::new()).run(|| {
    ///     calls += 1;
    ///     if calls < 3 { Err("busy") } else { Ok(calls) }
    /// });
    /// assert_eq!(outcome, Ok(3));
    /// ```
    ///
    /// The waits block the thread: in async code, and for operations that return a future, use
    /// [`run_async`](Self::run_async). If the operation returns a future, the compiler reports "expected `Result`, found
    /// future", or "found `async` block". Its advice to wrap the future in `Ok` or `Err` is wrong: use `run_async`.
    ///
    /// # Errors
    ///
    /// Returns the error of the last call.
    ///
    /// # Panics
    ///
    /// Panics if the operation or a handler panics, and if a handler runs its own policy. The policy stays usable.
    pub fn run<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>, // If it returns a future: `run_async`.
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, Call(operation), AsIs)
    }

    /// Calls an infallible operation until its value is accepted, and returns the last value.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// let mut progress = [10, 60, 100].into_iter();
    /// let last = Retry::constant(Duration::from_secs(2))
    ///     .until(|percent: &Option<i32>| *percent == Some(100))
    ///     .clock(TestClock::new())
    ///     .poll(|| progress.next());
    /// assert_eq!(last, Some(100));
    /// ```
    ///
    /// [`until`](Self::until) decides which value is accepted. Without it, the first value is. If the policy gives up,
    /// the last value is returned even though it was not accepted.
    ///
    /// # Panics
    ///
    /// Same as [`run`](Self::run).
    pub fn poll<T, F>(&self, operation: F) -> T
    where
        F: FnMut() -> T,
        S: Wait<T, Infallible>,
        C: Condition<T, Infallible>,
        H: Notify<T, Infallible> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, Call(operation), ValueOnly)
    }

    /// Same as [`run`](Self::run), but passes a clone of `args` to each attempt.
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
    /// Same as [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// Same as [`run`](Self::run).
    pub fn run_with<A, T, E, F>(&self, args: A, operation: F) -> Result<T, E>
    where
        A: Clone,
        F: FnMut(A) -> Result<T, E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, CallWith::new(args, operation, Hidden), AsIs)
    }

    /// Same as [`run`](Self::run), but passes the [`Attempt`] to the operation: its number and the remaining time.
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
    /// Use it to set a timeout for a request, or a header with the number of the attempt.
    ///
    /// # Errors
    ///
    /// Same as [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// Same as [`run`](Self::run).
    pub fn run_attempt<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut(Attempt) -> Result<T, E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, CallAttempt(operation), AsIs)
    }
}
