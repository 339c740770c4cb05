//! Events of a run, which handlers, observers, conditions and strategies receive.
//!
//! * [`Details`] describes an event by reference. [`EventKind`] is its kind, and [`StopReason`] is why a run gave up.
//! * [`Target`] is the name of the operation.
//! * [`RunId`] identifies the run that an event belongs to.
//! * [`Progress`] is the state of a run that you store to continue the run elsewhere.
//! * [`Displayed`] is the bound for errors that an event's line shows.
//! * [`Event`] is an owned copy of `Details`, for channels, async handlers and serialisation.
//!
//! To receive them, add a handler such as [`Retry::on_backoff`](crate::Retry::on_backoff), or an observer: see
//! [`observe`](crate::observe).

mod details;
mod kinds;
mod line;
mod progress;
mod run_id;
#[cfg(feature = "std")]
mod snapshot;
mod target;

pub use details::Details;
pub(crate) use details::UNKNOWN;
pub use kinds::{EventKind, RetryKind, StopReason};
pub use line::Displayed;
#[cfg(any(feature = "std", feature = "explain"))]
pub(crate) use line::Readable;
#[cfg(feature = "explain")]
pub(crate) use line::Tries;
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) use line::{Line, Text};
pub use progress::Progress;
pub use run_id::RunId;
#[cfg(feature = "std")]
pub use snapshot::Event;
pub(crate) use target::Subject;
pub use target::Target;
