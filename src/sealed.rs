//! What only this crate implements.

/// The supertrait of the traits that users may name in bounds and not implement.
pub trait Sealed {}
