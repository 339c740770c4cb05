//! How observers show an error: by its `Display`, or by its `Debug` where it has no other.

use core::fmt;

/// Shows errors by their `Display`: what `Log` and `Tracing` do unless
/// told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByDisplay;

/// Shows errors by their `Debug`, for those that have no `Display`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByDebug;

/// A way to show an error. Private: there are two.
pub trait Show<E> {
    /// Writes the error.
    fn show(error: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<E: fmt::Display> Show<E> for ByDisplay {
    fn show(error: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error.fmt(f)
    }
}

impl<E: fmt::Debug> Show<E> for ByDebug {
    fn show(error: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error.fmt(f)
    }
}
