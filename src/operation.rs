//! What an attempt is, and what comes back: the two private traits by which all forms of a run, in
//! both drivers, share one loop and one future.

use core::convert::Infallible;
use core::fmt;
use core::time::Duration;

use crate::attempt::Attempt;
use crate::details::GiveUp;
use crate::target::Target;

/// What is attempted.
pub trait Operation {
    /// What one attempt gives: in the blocking driver what was returned, in the async driver the
    /// future of it.
    type Output;

    /// Makes the attempt, or the future that will make it. `attempt` reads the clock.
    fn attempt(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Output;

    /// What it asks of the run.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// What it is called with, where that is to be shown.
    fn args(&self) -> Option<&dyn fmt::Debug> {
        None
    }

    /// The operation's own name for itself.
    fn target(&self) -> Target;
}

/// What a form of a run asks of the engine beyond what the policy does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// To know how much time has passed.
    pub(crate) elapsed: bool,
    /// Time for an attempt after each wait: none is made at the deadline itself.
    pub(crate) time_for_attempt: bool,
}

/// An operation without arguments, in the type of a [`Retrying`](crate::Retrying).
#[derive(Debug)]
pub struct Call<F>(pub(crate) F);

impl<A, F: FnMut() -> A> Operation for Call<F> {
    type Output = A;

    fn attempt(&mut self, _: impl FnOnce() -> Attempt) -> A {
        (self.0)()
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// An operation that is told which attempt it is, in the type of a [`Retrying`](crate::Retrying).
#[derive(Debug)]
pub struct CallAttempt<F>(pub(crate) F);

impl<R, F: FnMut(Attempt) -> R> Operation for CallAttempt<F> {
    type Output = R;

    fn attempt(&mut self, attempt: impl FnOnce() -> Attempt) -> R {
        (self.0)(attempt())
    }

    fn needs(&self) -> Needs {
        Needs { elapsed: true, ..Needs::default() }
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// An operation that is given a copy of its arguments for each attempt, in the type of a
/// [`Retrying`](crate::Retrying).
#[derive(Debug)]
pub struct CallWith<A, F, V = Hidden> {
    pub(crate) args: A,
    pub(crate) function: F,
    pub(crate) visibility: V,
}

impl<A: Clone, R, F: FnMut(A) -> R, V: Visibility<A>> Operation for CallWith<A, F, V> {
    type Output = R;

    fn attempt(&mut self, _: impl FnOnce() -> Attempt) -> R {
        (self.function)(self.args.clone())
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.visibility.show(&self.args)
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// Whether handlers see the arguments. Private: there are two ways.
pub trait Visibility<A> {
    /// The arguments, if they are to be seen.
    fn show<'a>(&self, args: &'a A) -> Option<&'a dyn fmt::Debug>;
}

/// Arguments that handlers do not see, in the type of a [`Retrying`](crate::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Hidden;

/// Arguments that handlers see, in the type of a [`Retrying`](crate::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Shown;

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

/// How an attempt's `Returned` is judged, and what a run makes of the last one.
pub trait Finish<Returned> {
    /// The operation's value.
    type Value;
    /// The operation's error.
    type Error;
    /// What the run returns.
    type Output;

    /// What is judged.
    fn outcome(&self, returned: Returned) -> Result<Self::Value, Self::Error>;

    /// What it asks of the run, beyond what the operation does.
    fn needs(&self, operation: Needs) -> Needs {
        operation
    }

    /// What the run returns.
    fn finish(&self, outcome: Result<Self::Value, Self::Error>, end: End) -> Self::Output;
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "only `explain` asks"))]
pub struct End {
    pub(crate) tries: u32,
    /// Measured where [`Finish::needs`] says so.
    pub(crate) elapsed: Duration,
    pub(crate) reason: Option<GiveUp>,
}

/// A run that returns what the last attempt returned, in the type of a
/// [`Retrying`](crate::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Transparent;

impl<T, E> Finish<Result<T, E>> for Transparent {
    type Value = T;
    type Error = E;
    type Output = Result<T, E>;

    fn outcome(&self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    fn finish(&self, outcome: Result<T, E>, _: End) -> Result<T, E> {
        outcome
    }
}

/// A run of an operation that cannot fail, which returns its last value, in the type of a
/// [`Retrying`](crate::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Polled;

impl<T> Finish<T> for Polled {
    type Value = T;
    type Error = Infallible;
    type Output = T;

    fn outcome(&self, returned: T) -> Result<T, Infallible> {
        Ok(returned)
    }

    fn finish(&self, outcome: Result<T, Infallible>, _: End) -> T {
        match outcome {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }
}
