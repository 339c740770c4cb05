//! Inspecting a policy: getters, `Debug`, and a preview of its waits. These methods come last on the policy's page.

mod preview;

mod getters;

pub use getters::MaxTries;
pub use preview::Waits;
