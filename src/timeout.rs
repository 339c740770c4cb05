//! Attempts that take too long: a last step over a policy, for async runs.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

use crate::attempt::Attempt;
use crate::clock::AsyncSleep;
use crate::last_step::LastStep;
use crate::operation::{Hidden, Needs, Operation};
use crate::retry::Retry;
use crate::scope::{self, Sleeping};
use crate::target::Target;

/// # Last steps: a timeout for each attempt
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Ends each attempt that takes longer than this, and takes it for one that failed: one that
    /// hangs is then retried as any other. For async runs; a call that blocks the thread cannot be
    /// interrupted, but [told](Self::run_attempt) how much time it has.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::cell::Cell;
    /// use std::future::pending;
    /// use std::io;
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let calls = Cell::new(0);
    /// let outcome: io::Result<&str> = Retry::expo()
    ///     .attempt_timeout(Duration::from_secs(5))
    ///     .run_async(async || {
    ///         calls.set(calls.get() + 1);
    ///         if calls.get() < 3 { pending().await } else { Ok("body") }
    ///     })
    ///     .await;
    /// assert_eq!((outcome.unwrap(), calls.get()), ("body", 3));
    /// # }
    /// ```
    ///
    /// The operation's error is made from a [`TimedOut`]: it implements `From<TimedOut>`, as
    /// [`std::io::Error`], `Box<dyn Error>` and `anyhow::Error` do. A
    /// [`retry_if`](Self::retry_if) has to let it through.
    ///
    /// The operation's future is dropped when its time is over, and must bear that; what it has
    /// asked of others may still be done. The timer is the policy's clock's.
    ///
    /// The one last attempt that is made at the deadline of [`max_time`](Self::max_time) has its whole
    /// timeout too, so that a run takes at most both together. Where it must not, say
    /// [`stop_at_deadline`](LastStep::stop_at_deadline).
    pub fn attempt_timeout(&self, most: Duration) -> LastStep<'_, Self, Hidden, AttemptTimeout> {
        self.last_step().attempt_timeout(most)
    }
}

impl<'p, P, V, X> LastStep<'p, P, V, Unbounded, X> {
    /// As [`Retry::attempt_timeout`].
    pub fn attempt_timeout(self, most: Duration) -> LastStep<'p, P, V, AttemptTimeout, X> {
        self.with_bound(|_| AttemptTimeout { most, at_deadline: false })
    }
}

impl<P, V, X> LastStep<'_, P, V, AttemptTimeout, X> {
    /// Ends attempts also at the deadline that [`max_time`](Retry::max_time) sets, so that nothing
    /// outlives it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::future::pending;
    /// use std::io;
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry};
    /// use tokio::time::Instant;
    ///
    /// let policy = Retry::expo().max_time(Duration::from_secs(10)).jitter(Jitter::None);
    /// let timed = policy.attempt_timeout(Duration::from_secs(8));
    ///
    /// let began = Instant::now();
    /// timed.stop_at_deadline().run_async(pending::<io::Result<()>>).await.unwrap_err();
    /// assert_eq!(began.elapsed(), Duration::from_secs(10)); // 8, a wait of 1, and what was left
    ///
    /// let began = Instant::now();
    /// timed.run_async(pending::<io::Result<()>>).await.unwrap_err();
    /// assert_eq!(began.elapsed(), Duration::from_secs(17)); // 8, a wait of 1, and 8 once more
    /// # }
    /// ```
    ///
    /// It does without the one last attempt at the deadline, for which no time would be left: a wait
    /// that lasts until then is not begun. Without `max_time` it changes nothing.
    pub fn stop_at_deadline(self) -> Self {
        self.with_bound(|bound| AttemptTimeout { at_deadline: true, ..bound })
    }
}

/// The error of an attempt that took longer than [`Retry::attempt_timeout`] allows.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use relent::TimedOut;
///
/// #[derive(Debug, PartialEq)]
/// enum ApiError {
///     Busy,
///     TimedOut,
/// }
///
/// impl From<TimedOut> for ApiError {
///     fn from(_: TimedOut) -> Self {
///         Self::TimedOut
///     }
/// }
///
/// let timed_out = TimedOut::new(Duration::from_secs(5));
/// assert_eq!(timed_out.to_string(), "the attempt took longer than 5s");
/// assert_eq!(ApiError::from(timed_out), ApiError::TimedOut);
/// assert_eq!(io::Error::from(timed_out).kind(), io::ErrorKind::TimedOut);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    after: Duration,
}

impl TimedOut {
    /// The error of an attempt that was given this much time, for tests of your own conversions.
    #[must_use]
    pub const fn new(after: Duration) -> Self {
        Self { after }
    }

    /// How much time the attempt was given.
    #[must_use]
    pub const fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the attempt took longer than {:?}", self.after)
    }
}

impl Error for TimedOut {}

#[cfg(feature = "std")]
impl From<TimedOut> for std::io::Error {
    fn from(timed_out: TimedOut) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, timed_out)
    }
}

/// How much time an attempt is given. Private: there are two.
pub trait Bound<'p, O, Z> {
    /// The operation whose attempts end in time.
    type Operation;

    /// Gives the operation's attempts their time, on this clock.
    fn bind(self, operation: O, clock: &'p Z) -> Self::Operation;
}

/// Attempts that may take as long as they like, in the type of a [`LastStep`].
#[derive(Clone, Copy, Debug)]
pub struct Unbounded;

/// Attempts that end in time, in the type of a [`LastStep`].
#[derive(Clone, Copy, Debug)]
pub struct AttemptTimeout {
    most: Duration,
    at_deadline: bool,
}

impl<O, Z> Bound<'_, O, Z> for Unbounded {
    type Operation = O;

    fn bind(self, operation: O, _: &Z) -> O {
        operation
    }
}

impl<'p, O, Z: 'p> Bound<'p, O, Z> for AttemptTimeout {
    type Operation = Timed<'p, O, Z>;

    fn bind(self, operation: O, clock: &'p Z) -> Timed<'p, O, Z> {
        Timed { operation, clock, bound: self }
    }
}

/// An operation whose attempts end in time, in the type of a [`Retrying`](crate::Retrying).
pub struct Timed<'p, O, Z> {
    operation: O,
    clock: &'p Z,
    bound: AttemptTimeout,
}

impl<O: Operation, Z: AsyncSleep> Operation for Timed<'_, O, Z> {
    type Output = InTime<O::Output, Sleeping<Z::Sleep>>;

    fn attempt(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Output {
        let AttemptTimeout { most, at_deadline } = self.bound;
        let (attempt, after) = if at_deadline {
            let attempt = attempt();
            let after = attempt.remaining.map_or(most, |left| most.min(left));
            (self.operation.attempt(|| attempt), after)
        } else {
            (self.operation.attempt(attempt), most)
        };
        InTime { attempt, timer: scope::timer(self.clock, after), after }
    }

    fn needs(&self) -> Needs {
        let Needs { elapsed, time_for_attempt } = self.operation.needs();
        let at_deadline = self.bound.at_deadline;
        Needs { elapsed: elapsed || at_deadline, time_for_attempt: time_for_attempt || at_deadline }
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.operation.args()
    }

    fn target(&self) -> Target {
        self.operation.target()
    }
}

impl<O: fmt::Debug, Z> fmt::Debug for Timed<'_, O, Z> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed")
            .field("operation", &self.operation)
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// An attempt and its timer.
    #[derive(Debug)]
    pub struct InTime<A, W> {
        #[pin]
        attempt: A,
        #[pin]
        timer: W,
        after: Duration,
    }
}

impl<A, W, T, E> Future for InTime<A, W>
where
    A: Future<Output = Result<T, E>>,
    W: Future,
    E: From<TimedOut>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The timer is asked first: an attempt may use up all the turns that its task has, and tokio
        // would then not let the timer be ready. But an outcome that is there counts, however late it
        // is looked at.
        let is_over = this.timer.poll(context).is_ready();
        match this.attempt.poll(context) {
            Poll::Pending if is_over => Poll::Ready(Err(TimedOut { after: *this.after }.into())),
            polled => polled,
        }
    }
}
