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

#[cfg(any(feature = "log", feature = "tracing"))]
pub use levels::{ByDebug, ByDisplay, ShowError};
#[cfg(feature = "log")]
pub use log::Log;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
#[cfg(feature = "tracing")]
pub use tracing::Tracing;
