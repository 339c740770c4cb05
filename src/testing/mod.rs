//! For tests: a clock on which waiting takes no time, and scopes that put every run on it.

#[cfg(feature = "test-util")]
pub(crate) mod clock;
pub(crate) mod scope;
