//! What is attempted.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use crate::event::Target;
use crate::policy::hold::Policy;
use crate::policy::settings::Settings;
use crate::sealed::Sealed;
use crate::trace::Trace;

/// The attempt that is about to be made: what [`Retry::run_attempt`](crate::Retry::run_attempt) passes to the
/// operation.
///
/// ```
/// use std::time::Duration;
/// use relent::Attempt;
///
/// /// Asks for a cheaper answer rather than none.
/// fn url(attempt: Attempt) -> &'static str {
///     if attempt.is_last { "/users?cached=true" } else { "/users" }
/// }
///
/// let mut attempt = Attempt::new(3);
/// assert_eq!(url(attempt), "/users");
/// attempt.is_last = true;
/// assert_eq!(url(attempt), "/users?cached=true");
///
/// attempt.remaining = Some(Duration::from_secs(2));
/// assert_eq!(attempt.timeout(Duration::from_secs(5)), Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number. The first is 1.
    pub tries: u32,
    /// The time since the run began, read right before this attempt.
    pub elapsed: Duration,
    /// What is left of [`max_time`](crate::Retry::max_time), if that is set. It is zero for the final attempt at the
    /// deadline: see [`timeout`](Self::timeout).
    pub remaining: Option<Duration>,
    /// Whether no retry can follow, however this attempt ends: a limit is reached, or the strategy's waits are used up.
    ///
    /// A run may also end earlier than that: an error may not be retryable, a budget empty, the run cancelled, or the
    /// deadline reached during the attempt.
    pub is_last: bool,
}

impl Attempt {
    /// Creates an attempt at the start of a run without a deadline, for tests of your own operations.
    ///
    /// Set its public fields directly.
    #[must_use]
    pub const fn new(tries: u32) -> Self {
        Self { tries, elapsed: Duration::ZERO, remaining: None, is_last: false }
    }

    /// Returns how long this attempt may take: `most`, or what is left of [`max_time`](crate::Retry::max_time) if that is
    /// less.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Attempt, Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let second = Duration::from_secs(1);
    /// let policy = Retry::constant(4 * second).max_time(10 * second).jitter(Jitter::None).clock(&clock);
    /// let mut timeouts = Vec::new();
    /// policy
    ///     .run_attempt(|attempt: Attempt| {
    ///         timeouts.push(attempt.timeout(3 * second));
    ///         Err::<(), _>("timed out")
    ///     })
    ///     .unwrap_err();
    /// assert_eq!(timeouts, [3, 3, 2, 3].map(Duration::from_secs));
    /// ```
    ///
    /// The final attempt at the deadline, for which nothing is left, gets `most` too: a run takes at most its `max_time`,
    /// and one attempt more. The timeout is therefore never zero, which [`std::net`] refuses, unless `most` is.
    #[must_use]
    pub fn timeout(&self, most: Duration) -> Duration {
        match self.remaining {
            Some(left) if !left.is_zero() => left.min(most),
            _ => most,
        }
    }

    /// The attempt with this number, after so many nanoseconds.
    pub(crate) fn of(tries: u32, elapsed: u64, settings: &Settings, is_last: bool) -> Self {
        let remaining =
            settings.max_time.map(|most| most.saturating_sub(Duration::from_nanos(elapsed)));
        Self { tries, elapsed: Duration::from_nanos(elapsed), remaining, is_last }
    }
}

/// The type that an attempt of an operation returns. Sealed: it appears in bounds and error messages.
///
/// A trait apart from [`Operation`], which does not ask whether the function takes its arguments: the compiler
/// forgets lifetimes before it checks whether a future that holds a run is `Send`.
pub trait Attempted<Z>: Sealed {
    /// What the attempt returned in a blocking run, and the future of it in an async one.
    type Output;
}

// Fully qualified, since `P::Clock` in the bounds of another parameter is a cycle (E0391).
pub(crate) type AttemptOf<P, O> = <O as Attempted<<P as Policy>::Clock>>::Output;

/// An operation with what the forms of `run` add to it. Sealed: it appears in bounds and error messages.
pub trait Operation<Z>: Attempted<Z> {
    /// Makes the attempt, or the future that will make it. A timeout waits on `clock`; `attempt` reads it.
    fn attempt(&mut self, clock: &Z, attempt: impl FnOnce() -> Attempt) -> Self::Output;

    /// What it needs of the run.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The arguments, if they are shown to observers.
    fn args(&self) -> Option<&dyn fmt::Debug> {
        None
    }

    /// The operation's own name.
    fn target(&self) -> Target;

    /// The spans of the run, if it has any.
    fn trace(&self) -> Option<&Trace> {
        None
    }

    /// Same as `trace`, to change them.
    fn trace_mut(&mut self) -> Option<&mut Trace> {
        None
    }

    /// Whether the run makes the next attempt itself, which then begins now. If not, other code has made it already.
    fn is_made_by_run(&self) -> bool {
        true
    }

    /// Whether another attempt can be made after this one: not if its arguments are used up.
    fn can_repeat(&self) -> bool {
        true
    }
}

/// What an operation needs of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// To know how much time has passed.
    pub(crate) elapsed: bool,
    /// Time for an attempt after each wait: none is made at the deadline itself.
    pub(crate) time_for_attempt: bool,
}

/// An operation without arguments, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Debug)]
pub struct Call<F>(pub(crate) F);

impl<F> Sealed for Call<F> {}

impl<A, F: FnMut() -> A, Z> Attempted<Z> for Call<F> {
    type Output = A;
}

impl<A, F: FnMut() -> A, Z> Operation<Z> for Call<F> {
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) -> A {
        (self.0)()
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// An operation that receives its [`Attempt`], in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Debug)]
pub struct CallAttempt<F>(pub(crate) F);

impl<F> Sealed for CallAttempt<F> {}

impl<R, F: FnMut(Attempt) -> R, Z> Attempted<Z> for CallAttempt<F> {
    type Output = R;
}

impl<R, F: FnMut(Attempt) -> R, Z> Operation<Z> for CallAttempt<F> {
    fn attempt(&mut self, _: &Z, attempt: impl FnOnce() -> Attempt) -> R {
        (self.0)(attempt())
    }

    fn needs(&self) -> Needs {
        Needs { elapsed: true, ..Needs::default() }
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// An operation that receives a clone of its arguments, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Debug)]
pub struct CallWith<A, F, R, V = Hidden> {
    args: A,
    function: F,
    visibility: V,
    returns: PhantomData<fn() -> R>,
}

impl<A, F, R, V> CallWith<A, F, R, V> {
    pub(crate) fn new(args: A, function: F, visibility: V) -> Self {
        Self { args, function, visibility, returns: PhantomData }
    }
}

impl<A, F, R, V> Sealed for CallWith<A, F, R, V> {}

impl<A, F, R, V, Z> Attempted<Z> for CallWith<A, F, R, V> {
    type Output = R;
}

impl<A: Clone, R, F: FnMut(A) -> R, V: Visibility<A>, Z> Operation<Z> for CallWith<A, F, R, V> {
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) -> R {
        (self.function)(self.args.clone())
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.visibility.show(&self.args)
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// Whether observers see the arguments. Sealed: [`Hidden`] and [`Shown`].
pub trait Visibility<A>: Sealed {
    /// The arguments, if they are to be seen.
    fn show<'a>(&self, args: &'a A) -> Option<&'a dyn fmt::Debug>;
}

/// Arguments that observers do not see, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Hidden;

/// Arguments that observers see, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Shown;

impl Sealed for Hidden {}

impl Sealed for Shown {}

impl<A> Visibility<A> for Hidden {
    fn show<'a>(&self, _: &'a A) -> Option<&'a dyn fmt::Debug> {
        None
    }
}

impl<A: fmt::Debug> Visibility<A> for Shown {
    fn show<'a>(&self, args: &'a A) -> Option<&'a dyn fmt::Debug> {
        Some(args)
    }
}
