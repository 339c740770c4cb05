//! For tests: a clock on which waiting takes no time, and scopes that put every run on it.

#[cfg(feature = "test-util")]
pub(crate) mod clock;
pub(crate) mod scope;

#[cfg(feature = "test-util")]
pub use clock::{TestClock, TestTimer};
#[cfg(feature = "test-util")]
pub use scope::{Entered, InScope};
