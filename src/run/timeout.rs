//! Attempts with a timeout.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::AsyncClock;
use crate::event::Target;
use crate::run::operation::{Attempt, Attempted, Needs, Operation};
use crate::sealed::Sealed;
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
    /// Creates the error of an attempt with this timeout, to test your own conversions.
    #[must_use]
    pub const fn new(after: Duration) -> Self {
        Self { after }
    }

    /// Returns the timeout of the attempt.
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

/// A limit on the time of an attempt, in the type of a [`Runner`](crate::run::Runner). Sealed: [`Unbounded`] and
/// [`AttemptTimeout`].
pub trait Bound: Clone + Sealed {
    /// The operation with that limit.
    type Operation<O>;

    /// Limits the operation's attempts.
    fn bind<O>(self, operation: O) -> Self::Operation<O>;
}

/// The surroundings of attempts in a blocking run, in the type of a [`Runner`](crate::run::Runner). Sealed:
/// [`Unbounded`], and `Traced` with the feature `tracing`.
#[diagnostic::on_unimplemented(
    message = "a blocking run cannot interrupt an attempt",
    label = "attempts have a timeout",
    note = "use `run_async`; or pass the call itself a timeout, for which `run_attempt` gives the operation the time that is left"
)]
pub trait BoundBlocking: Bound {
    /// The operation with its surroundings.
    type Blocking<O>;

    /// Surrounds the operation's attempts.
    fn bind_blocking<O>(self, operation: O) -> Self::Blocking<O>;
}

/// The surroundings of attempts without a limit on their time. Sealed: [`Unbounded`], and `Traced` with the feature
/// `tracing`.
pub trait Unlimited: Bound {
    /// The same surroundings with a limit.
    type With<L>;

    /// Adds a limit.
    fn with<L>(self, limit: L) -> Self::With<L>;
}

/// Attempts without a timeout, in the type of a [`Runner`](crate::run::Runner).
#[derive(Clone, Copy, Debug)]
pub struct Unbounded;

impl Sealed for Unbounded {}

impl Bound for Unbounded {
    type Operation<O> = O;

    fn bind<O>(self, operation: O) -> O {
        operation
    }
}

impl BoundBlocking for Unbounded {
    type Blocking<O> = O;

    fn bind_blocking<O>(self, operation: O) -> O {
        operation
    }
}

impl Unlimited for Unbounded {
    type With<L> = L;

    fn with<L>(self, limit: L) -> L {
        limit
    }
}

/// Attempts with a timeout, in the type of a [`Runner`](crate::run::Runner). `M` makes the error.
#[derive(Clone, Copy)]
pub struct AttemptTimeout<M = Convert> {
    pub(crate) most: Duration,
    pub(crate) at_deadline: bool,
    pub(crate) error: M,
}

impl AttemptTimeout {
    pub(crate) const fn new(most: Duration) -> Self {
        Self::with(most, Convert)
    }
}

impl<M> AttemptTimeout<M> {
    pub(crate) const fn with(most: Duration, error: M) -> Self {
        Self { most, at_deadline: false, error }
    }

    pub(crate) const fn until_deadline(error: M) -> Self {
        Self { most: Duration::MAX, at_deadline: true, error }
    }

    /// The timeout, combined with the deadline of the run.
    pub(crate) fn or_at_deadline<F>(self, error: F) -> AttemptTimeout<OrAtDeadline<M, F>> {
        let Self { most, error: timeout, .. } = self;
        let error = OrAtDeadline { timeout, deadline: error };
        AttemptTimeout { at_deadline: true, ..AttemptTimeout::with(most, error) }
    }
}

impl<M> fmt::Debug for AttemptTimeout<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptTimeout")
            .field("most", &self.most)
            .field("at_deadline", &self.at_deadline)
            .finish_non_exhaustive()
    }
}

impl<M> Sealed for AttemptTimeout<M> {}

impl<M: Clone> Bound for AttemptTimeout<M> {
    type Operation<O> = Timed<O, M>;

    fn bind<O>(self, operation: O) -> Timed<O, M> {
        Timed { operation, bound: self }
    }
}

/// How the error of a timeout is made, in the type of [`AttemptTimeout`]. Sealed.
pub trait MakeError<E>: Clone + Sealed {
    /// Makes the error of an attempt that reached its timeout, or the deadline of the run.
    fn make(&self, timed_out: TimedOut, at_deadline: bool) -> E;
}

/// Makes the error by `From<TimedOut>`.
#[derive(Clone, Copy, Debug)]
pub struct Convert;

impl Sealed for Convert {}

impl<E: From<TimedOut>> MakeError<E> for Convert {
    fn make(&self, timed_out: TimedOut, _: bool) -> E {
        timed_out.into()
    }
}

/// Makes the error by a function.
#[derive(Clone, Copy)]
pub struct By<F>(pub(crate) F);

impl<F> fmt::Debug for By<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("By").finish_non_exhaustive()
    }
}

impl<F> Sealed for By<F> {}

impl<E, F: Fn(TimedOut) -> E + Clone> MakeError<E> for By<F> {
    fn make(&self, timed_out: TimedOut, _: bool) -> E {
        (self.0)(timed_out)
    }
}

/// Makes the error in one way for a timeout, and by a function for the deadline.
#[derive(Clone, Copy)]
pub struct OrAtDeadline<M, F> {
    pub(crate) timeout: M,
    pub(crate) deadline: F,
}

impl<M, F> fmt::Debug for OrAtDeadline<M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrAtDeadline").finish_non_exhaustive()
    }
}

impl<M, F> Sealed for OrAtDeadline<M, F> {}

impl<E, M: MakeError<E>, F: Fn(TimedOut) -> E + Clone> MakeError<E> for OrAtDeadline<M, F> {
    fn make(&self, timed_out: TimedOut, at_deadline: bool) -> E {
        if at_deadline { (self.deadline)(timed_out) } else { self.timeout.make(timed_out, false) }
    }
}

/// An operation with a timeout for each attempt, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Debug)]
pub struct Timed<O, M = Convert> {
    operation: O,
    bound: AttemptTimeout<M>,
}

impl<O, M> Sealed for Timed<O, M> {}

impl<O: Attempted<Z>, M, Z: AsyncClock> Attempted<Z> for Timed<O, M> {
    type Output = InTime<O::Output, Sleeping<Z::Timer>, M>;
}

impl<O: Operation<Z>, M: Clone, Z: AsyncClock> Operation<Z> for Timed<O, M> {
    fn attempt(&mut self, clock: &Z, attempt: impl FnOnce() -> Attempt) -> Self::Output {
        let AttemptTimeout { most, at_deadline, ref error } = self.bound;
        let error = error.clone();
        if !at_deadline {
            let attempt = self.operation.attempt(clock, attempt);
            return InTime::new(attempt, scope::timeout(clock, most), most, error);
        }
        let attempt = attempt();
        let left = attempt.remaining.unwrap_or(Duration::MAX);
        let attempt = self.operation.attempt(clock, || attempt);
        let timer = scope::timeout(clock, most.min(left));
        InTime { at_deadline: left <= most, ..InTime::new(attempt, timer, most.min(left), error) }
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

    fn can_repeat(&self) -> bool {
        self.operation.can_repeat()
    }
}

pin_project! {
    /// An attempt and its timer.
    #[derive(Debug)]
    pub struct InTime<A, W, M = Convert> {
        #[pin]
        attempt: A,
        #[pin]
        timer: W,
        after: Duration,
        // Whether the timer ends at the deadline of the run.
        at_deadline: bool,
        was_polled: bool,
        error: M,
    }
}

impl<A, W, M> InTime<A, W, M> {
    pub(crate) const fn new(attempt: A, timer: W, after: Duration, error: M) -> Self {
        Self { attempt, timer, after, at_deadline: false, was_polled: false, error }
    }

    #[cfg(feature = "macros")]
    pub(crate) fn at_deadline(self, at_deadline: bool) -> Self {
        Self { at_deadline, ..self }
    }
}

impl<A, W, T, E, M> Future for InTime<A, W, M>
where
    A: Future<Output = Result<T, E>>,
    W: Future,
    M: MakeError<E>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // An attempt that is ready at once needs no timer. Later, the timer is polled first: an attempt may use up its
        // task's budget, and tokio's timer would then never be ready. A finished outcome counts, however late it is
        // polled.
        let mut timer = this.timer;
        let is_over = *this.was_polled && timer.as_mut().poll(context).is_ready();
        if let Poll::Ready(outcome) = this.attempt.poll(context) {
            return Poll::Ready(outcome);
        }
        if is_over || !*this.was_polled && timer.poll(context).is_ready() {
            let timed_out = TimedOut { after: *this.after };
            return Poll::Ready(Err(this.error.make(timed_out, *this.at_deadline)));
        }
        *this.was_polled = true;
        Poll::Pending
    }
}
