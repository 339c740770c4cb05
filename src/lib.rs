#![doc = include_str!("../README.md")]
// Nothing in a retry needs it.
#![forbid(unsafe_code)]
// The core runs where there is no operating system.
#![no_std]
// Shows on docs.rs which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

// Only for readers, and for the tests of what they read.
#[cfg(any(doc, doctest))]
pub mod guide;

// rustdoc shows the methods of a policy in the order of these modules: the builder, the forms of a run, and what it
// shows of itself.
mod policy;

pub mod run;

mod inspect;

pub mod wait;

pub mod condition;

pub mod observe;

pub mod event;

pub mod clock;

pub mod integrations;

#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(not(feature = "test-util"))]
mod testing;

#[cfg(feature = "http")]
pub mod headers;

mod error;
mod nanos;
mod sealed;
mod slot;

/// The futures that runs return.
pub mod future {
    pub use crate::run::after::{After, Begin};
    pub use crate::run::future::Retrying;
}

/// The iterators that policies return.
pub mod iter {
    pub use crate::inspect::Waits;
}

#[cfg(feature = "std")]
#[doc(inline)]
pub use crate::clock::Cancel;
#[doc(no_inline)]
pub use crate::clock::{AsyncClock, BlockingClock};
#[cfg(target_has_atomic = "32")]
#[doc(inline)]
pub use crate::condition::Budget;
#[doc(no_inline)]
pub use crate::condition::{Condition, Verdict};
pub use crate::error::InvalidSetting;
#[cfg(feature = "std")]
#[doc(inline)]
pub use crate::event::Event;
#[doc(inline)]
pub use crate::event::{Details, EventKind, StopReason};
#[cfg(feature = "log")]
#[doc(inline)]
pub use crate::integrations::Log;
#[cfg(feature = "metrics")]
#[doc(inline)]
pub use crate::integrations::Metrics;
#[cfg(feature = "tracing")]
#[doc(inline)]
pub use crate::integrations::Tracing;
#[doc(no_inline)]
pub use crate::observe::Observe;
pub use crate::policy::Retry;
#[doc(inline)]
pub use crate::run::{Attempt, TimedOut};
#[cfg(feature = "explain")]
#[doc(inline)]
pub use crate::run::{RetryError, Succeeded};
#[cfg(feature = "test-util")]
#[doc(inline)]
pub use crate::testing::TestClock;
#[doc(no_inline)]
pub use crate::wait::Wait;
#[doc(inline)]
pub use crate::wait::{Jitter, Schedule};
