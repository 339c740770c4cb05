//! A value kept across an await, or nothing.
//!
//! Whether a future keeps an outcome while it waits affects its size and whether it is `Send`. A type decides it, so
//! that a future that keeps nothing has no cost.

use crate::sealed::Sealed;

/// Whether a future keeps a value across an await: [`Full`] or [`Empty`]. Sealed; appears in bounds and error messages.
pub trait Slot: Sealed {
    /// Storage for an `X`.
    type Of<X>;

    /// Stores the value, or drops it.
    fn keep<X>(x: X) -> Self::Of<X>;

    /// Takes the value, if it was stored and not yet taken.
    fn take<X>(slot: &mut Self::Of<X>) -> Option<X>;
}

/// A [`Slot`] that keeps the value. Appears in error messages.
#[derive(Debug)]
pub enum Full {}

/// A [`Slot`] that drops the value and takes no space. Appears in error messages.
#[derive(Debug)]
pub enum Empty {}

impl Sealed for Full {}

impl Slot for Full {
    type Of<X> = Option<X>;

    fn keep<X>(x: X) -> Option<X> {
        Some(x)
    }

    fn take<X>(slot: &mut Option<X>) -> Option<X> {
        slot.take()
    }
}

impl Sealed for Empty {}

impl Slot for Empty {
    type Of<X> = ();

    fn keep<X>(_: X) {}

    fn take<X>((): &mut ()) -> Option<X> {
        None
    }
}
