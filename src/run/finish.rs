//! What comes back of a run.

use core::convert::Infallible;

use crate::run::End;
use crate::run::operation::Needs;

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
