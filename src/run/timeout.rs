//! Attempts that end in time.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::AsyncSleep;
use crate::event::Target;
use crate::run::operation::{Attempt, Needs, Operation};
use crate::testing::scope;
use crate::testing::scope::Sleeping;

/// The error of an attempt that took longer than [`Retry::attempt_timeout`](crate::Retry::attempt_timeout) allows.
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

/// Attempts that may take as long as they like, in the type of a [`LastStep`](crate::LastStep).
#[derive(Clone, Copy, Debug)]
pub struct Unbounded;

/// Attempts that end in time, in the type of a [`LastStep`](crate::LastStep).
#[derive(Clone, Copy, Debug)]
pub struct AttemptTimeout {
    pub(crate) most: Duration,
    pub(crate) at_deadline: bool,
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
