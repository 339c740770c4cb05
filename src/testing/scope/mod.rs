//! Scopes in which runs wait on a virtual clock.

#[cfg(feature = "test-util")]
mod enabled;
#[cfg(feature = "test-util")]
pub use enabled::*;

#[cfg(not(feature = "test-util"))]
mod disabled;
#[cfg(not(feature = "test-util"))]
pub(crate) use disabled::*;
