//! What happened: the facts that conditions, strategies and observers are told.

mod details;
mod kinds;
#[cfg(feature = "std")]
mod snapshot;
mod target;

pub use details::Details;
pub use kinds::{EventKind, StopReason};
#[cfg(feature = "std")]
pub use snapshot::Event;
pub(crate) use target::Subject;
pub use target::Target;
