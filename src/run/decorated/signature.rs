//! What is known of a function by its return type.

use core::convert::Infallible;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use crate::event::Details;
#[cfg(feature = "explain")]
use crate::run::explain::Explained;
use crate::run::returns::{AsIs, ValueOnly};
use crate::run::timeout::{By, Convert, OrAtDeadline, TimedOut};

/// The return type of a function. Closures in settings learn their types from it.
pub struct Signature<R>(PhantomData<fn() -> R>);

impl<R> Clone for Signature<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Signature<R> {}

impl<R> fmt::Debug for Signature<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature")
    }
}

/// The signature of a function that can fail.
pub const fn fallible<R: ReturnsResult>() -> Signature<R> {
    Signature(PhantomData)
}

/// The signature of a function that may return a plain value.
pub const fn any<R>() -> Signature<R> {
    Signature(PhantomData)
}

/// A return type of a function that can fail.
#[diagnostic::on_unimplemented(
    message = "`#[retry]` retries functions that return a `Result`, but this one returns `{Self}`",
    label = "not a `Result`",
    note = "to poll a function until it returns a certain value, name the value: `#[retry(.., until = |value| ..)]`"
)]
pub trait ReturnsResult {}

impl<T, E> ReturnsResult for Result<T, E> {}

macro_rules! signature {
    ([$($public:tt)?] $T:ty, $E:ty, $Returns:ident) => {
        #[inline]
        $($public)? fn returns(self) -> $Returns {
            $Returns
        }

        #[inline]
        $($public)? fn error_predicate<F: Fn(&$E) -> bool>(self, function: F) -> F {
            function
        }

        #[inline]
        $($public)? fn value_predicate<F: Fn(&$T) -> bool>(self, function: F) -> F {
            function
        }

        #[inline]
        $($public)? fn error_wait<F: Fn(&$E) -> Option<Duration>>(self, function: F) -> F {
            function
        }

        #[inline]
        $($public)? fn value_wait<F: Fn(&$T) -> Option<Duration>>(self, function: F) -> F {
            function
        }

        #[inline]
        $($public)? fn computed<F>(self, function: F) -> F
        where
            F: Fn(&Details<'_, $T, $E>) -> Duration,
        {
            function
        }

        #[inline]
        $($public)? fn handler<F, O>(self, function: F) -> F
        where
            F: FnMut(&Details<'_, $T, $E>) -> O,
        {
            function
        }
    };
}

// Methods of the type come before those of a trait, so that a `Result` is one under any name.
impl<T, E> Signature<Result<T, E>> {
    signature!([pub] T, E, AsIs);

    /// How the run returns the statistics too.
    #[cfg(feature = "explain")]
    #[inline]
    pub fn explained(self) -> Explained {
        Explained
    }

    #[inline]
    pub fn convert(self) -> Convert {
        Convert
    }

    #[inline]
    pub fn by<F: Fn(TimedOut) -> E + Clone>(self, error: F) -> By<F> {
        By(error)
    }

    #[inline]
    pub fn or_at_deadline<M, F>(self, timeout: M, deadline: F) -> OrAtDeadline<M, F>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        OrAtDeadline { timeout, deadline }
    }
}

/// The signature of a function that returns a plain value.
pub trait Polled<T>: Sized {
    signature!([] T, Infallible, ValueOnly);
}

impl<T> Polled<T> for Signature<T> {}
