//! A virtual clock for tests, on which waiting takes no real time.
//!
//! * Give a policy a [`TestClock`] with [`Retry::clock`](crate::Retry::clock), then check its waits.
//! * If you cannot change the policy, use [`TestClock::enter`] or, in async code, [`TestClock::scope`]. Every run of
//!   the code under test then waits on that clock.
//!
//! This module needs the feature `test-util`. The guide has a page on [testing](crate::guide::testing).

#[cfg(feature = "test-util")]
pub(crate) mod clock;
pub(crate) mod scope;

#[cfg(feature = "test-util")]
pub use clock::{TestClock, TestTimer};
#[cfg(feature = "test-util")]
pub use scope::{Entered, InScope};
