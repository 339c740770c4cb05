//! Scopes in which nothing really waits.

#[cfg(feature = "test-util")]
mod enabled;
#[cfg(feature = "test-util")]
pub use enabled::*;

#[cfg(not(feature = "test-util"))]
mod disabled;
#[cfg(not(feature = "test-util"))]
pub(crate) use disabled::*;
