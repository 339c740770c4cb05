//! The forms of `run`: each makes an operation, and hands it to the blocking driver.

use core::convert::Infallible;

use crate::clock::BlockingClock;
use crate::condition::Condition;
use crate::observe::chain::{Notify, NotifyBlocking};
use crate::policy::Retry;
use crate::run::blocking::drive;
use crate::run::operation::{Attempt, Call, CallAttempt, CallWith, Hidden};
use crate::run::returns::{AsIs, ValueOnly};
use crate::wait::Wait;

/// # Run it, blocking the thread
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
    /// The waits block the thread: in async code use [`run_async`](Self::run_async). An operation that
    /// returns a future is for that too; here the compiler says "expected `Result`, found future".
    ///
    /// # Errors
    ///
    /// The operation's own: the one of the last call.
    ///
    /// # Panics
    ///
    /// When the operation or a handler does, and when a handler runs the policy that it belongs to.
    /// The policy stays usable.
    pub fn run<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, Call(operation), AsIs)
    }

    /// Calls an operation that cannot fail until its value is the wanted one, and returns the last
    /// value.
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
    /// Without [`until`](Self::until) the first value is the wanted one.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run) does.
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
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, CallWith::new(args, operation, Hidden), AsIs)
    }

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
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        drive(self, CallAttempt(operation), AsIs)
    }
}
