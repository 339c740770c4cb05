//! The supertrait of traits that only this crate implements.

/// Allows users to name a trait in bounds, but not to implement it.
pub trait Sealed {}
