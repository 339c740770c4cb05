//! What a run returns.

use core::convert::Infallible;

use crate::run::End;
use crate::sealed::Sealed;

/// The form of a run's result. Sealed: it appears in bounds and error messages.
pub trait Returns: Sealed {
    /// Whether it says how long the run took.
    const NEEDS_ELAPSED: bool = false;
}

/// The form of a run's result, for an operation that returns `Returned`. Sealed: it appears in bounds and error messages.
pub trait Return<Returned>: Returns {
    /// The operation's value.
    type Value;
    /// The operation's error.
    type Error;
    /// What the run returns.
    type Output;

    /// Converts what an attempt returned to what is judged.
    ///
    /// # Errors
    ///
    /// The operation's own.
    fn outcome(&self, returned: Returned) -> Result<Self::Value, Self::Error>;

    /// Converts the last outcome to what the run returns.
    fn output(&self, outcome: Result<Self::Value, Self::Error>, end: End) -> Self::Output;
}

/// The result is what the last attempt returned, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct AsIs;

impl Sealed for AsIs {}

impl Returns for AsIs {}

impl<T, E> Return<Result<T, E>> for AsIs {
    type Value = T;
    type Error = E;
    type Output = Result<T, E>;

    fn outcome(&self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    fn output(&self, outcome: Result<T, E>, _: End) -> Result<T, E> {
        outcome
    }
}

/// The result is the last value of an infallible operation, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct ValueOnly;

impl Sealed for ValueOnly {}

impl Returns for ValueOnly {}

impl<T> Return<T> for ValueOnly {
    type Value = T;
    type Error = Infallible;
    type Output = T;

    fn outcome(&self, returned: T) -> Result<T, Infallible> {
        Ok(returned)
    }

    fn output(&self, outcome: Result<T, Infallible>, _: End) -> T {
        match outcome {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }
}

/// Returns what the last attempt returned, and how the run ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending;

impl Sealed for Ending {}

impl Returns for Ending {}

impl<T, E> Return<Result<T, E>> for Ending {
    type Value = T;
    type Error = E;
    type Output = (Result<T, E>, End);

    fn outcome(&self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    fn output(&self, outcome: Result<T, E>, end: End) -> (Result<T, E>, End) {
        (outcome, end)
    }
}
