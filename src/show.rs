//! How observers show an error: by its `Display`, or by its `Debug` where it has no other.

use core::fmt;

use crate::details::Details;

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

/// The line that [`Details`]' own `Display` gives, with the error shown in either way.
pub(crate) struct Line<'d, 'a, T, E, W>(
    pub(crate) &'d Details<'a, T, E>,
    pub(crate) core::marker::PhantomData<W>,
);

impl<T, E, W: Show<E>> fmt::Display for Line<'_, '_, T, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_line(f, W::show)
    }
}

/// An error alone, shown in either way.
pub(crate) struct Shown<'e, E, W>(pub(crate) &'e E, pub(crate) core::marker::PhantomData<W>);

impl<E, W: Show<E>> fmt::Display for Shown<'_, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        W::show(self.0, f)
    }
}
