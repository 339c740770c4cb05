//! Something kept across an await, or nothing.
//!
//! Whether a future keeps an outcome while it waits decides its size and whether it is `Send`. It is a type,
//! so that a future that keeps nothing pays for nothing.

use crate::sealed::Sealed;

/// Whether something is kept. Sealed: [`Full`] keeps it, [`Empty`] drops it.
pub trait Slot: Sealed {
    /// Room for an `X`.
    type Of<X>;

    /// Keeps it, or drops it.
    fn keep<X>(x: X) -> Self::Of<X>;

    /// Takes what was kept. The second time there is nothing.
    fn take<X>(slot: &mut Self::Of<X>) -> Option<X>;
}

/// Keeps what it is given.
#[derive(Debug)]
pub enum Full {}

/// Drops what it is given, and takes no room.
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
