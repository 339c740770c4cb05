//! What a policy shows of itself. The last methods of a policy's page.

mod getters;

mod preview;

pub use preview::Waits;
