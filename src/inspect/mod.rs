//! Inspecting a policy: getters, `Debug`, a preview of its waits, and a description of its runs in an outage. These
//! methods come last on the policy's page.

mod preview;

#[cfg(feature = "std")]
mod describe;
mod getters;
#[cfg(feature = "std")]
mod ranges;
#[cfg(feature = "std")]
mod show;
#[cfg(feature = "std")]
mod simulate;

#[cfg(feature = "std")]
pub use describe::{Basis, Calls, DescribedWait, Description, Spread};
pub use getters::MaxTries;
pub use preview::Waits;
