//! What only this crate implements.

/// The supertrait of the traits that users may name in bounds and not implement.
pub trait Sealed {}

impl Sealed for () {}

impl<X: Sealed + ?Sized> Sealed for &X {}

impl<X: Sealed + ?Sized> Sealed for &mut X {}

#[cfg(feature = "std")]
impl<X: Sealed + ?Sized> Sealed for std::boxed::Box<X> {}

#[cfg(feature = "std")]
impl<X: Sealed + ?Sized> Sealed for std::sync::Arc<X> {}
