//! Observers and trait implementations for other crates, each behind a Cargo feature.
//!
//! * `log`: the observer `Log` logs a line for each back-off and give-up.
//! * `tracing`: the observer `Tracing` records each event with its fields.
//! * `metrics`: the observer `Metrics` counts calls and retries, and records durations.
//! * `serde`: [`Event`](crate::Event), [`EventKind`](crate::EventKind) and [`StopReason`](crate::StopReason) implement
//!   `Serialize`. [`Progress`](crate::Progress) and `RetryKind` also implement `Deserialize`.
//!
//! Add an observer to a policy with [`Retry::observe`](crate::Retry::observe).

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
pub use metrics::{BudgetGauge, Metrics};
#[cfg(feature = "tracing")]
pub use tracing::Tracing;
