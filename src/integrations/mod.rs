//! What others bring: a leaf for each crate.

#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) mod levels;
#[cfg(feature = "log")]
pub(crate) mod log;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "tracing")]
pub(crate) mod tracing;
