#![doc = include_str!("../README.md")]
//!
//! ## Where things are
//!
//! - [`Retry`]: policies and everything that runs them.
//! - [`guide`]: recipes, the dangers of retries, handlers, testing, and the way from other libraries.
//! - [`wait`]: how long to wait: strategies, jitter, and the trait for your own.
//! - [`condition`]: which outcomes to retry: the trait, and retry budgets.
//! - [`observe`]: observers and handlers.
//! - [`event`]: what handlers, observers, strategies and conditions see of a run.
//! - [`clock`]: clocks and cancellation.
//! - [`run`]: run options, in-line attempts, and the errors of runs.
//! - [`future`], [`mod@iter`]: the futures and iterators that policies return.
#![cfg_attr(feature = "std", doc = "- [`description`]: what a policy makes of an outage.")]
#![cfg_attr(feature = "futures-core", doc = "- [`stream`]: streams that reconnect.")]
#![cfg_attr(feature = "tower-layer", doc = "- [`service`]: services that retry their requests.")]
//! - [`integrations`]: observers for other crates, such as `log`, `tracing` and `metrics`.
#![cfg_attr(feature = "test-util", doc = "- [`testing`]: the virtual clock, for tests.")]
#![cfg_attr(feature = "serde", doc = "- [`config`]: policies that are read from a configuration.")]
#![cfg_attr(
    feature = "headers",
    doc = "- [`headers`]: what HTTP answers ask for, and which requests are safe to repeat."
)]
// Retrying needs no unsafe code.
#![forbid(unsafe_code)]
// The core also serves targets without an operating system.
#![no_std]
// Without a feature, links to its items are plain text.
#![cfg_attr(not(all(feature = "std", feature = "explain")), allow(rustdoc::broken_intra_doc_links))]
// Makes docs.rs show which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

// Contains only documentation and its tests.
#[cfg(any(doc, doctest))]
pub mod guide;

// rustdoc shows the methods of `Retry` in the order of these modules: setters, runs, getters. The blank lines keep
// rustfmt from sorting them.
mod policy;

pub mod run;

#[cfg(feature = "futures-core")]
pub mod stream;

#[cfg(feature = "tower-layer")]
pub mod service;

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

#[cfg(feature = "headers")]
pub mod headers;

#[cfg(feature = "serde")]
pub mod config;

mod error;
mod nanos;
mod sealed;
mod slot;
mod trace;

/// The futures that [`Retry::run_async`] and its variants return.
pub mod future {
    pub use crate::run::after::{After, Begin};
    pub use crate::run::future::Retrying;
    pub use crate::run::in_attempt::{InAttempt, Timer};
}

/// What a policy makes of an outage: see [`Retry::describe`].
#[cfg(feature = "std")]
pub mod description {
    pub use crate::inspect::{Basis, Calls, DescribedWait, Description, Spread};
}

/// The iterator over the waits of a policy: see [`Retry::waits`].
pub mod iter {
    pub use crate::inspect::Waits;
}

#[cfg(feature = "macros")]
#[doc(hidden)]
pub use crate::run::decorated as __private;
#[cfg(feature = "macros")]
pub use relent_macros::retry;

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
#[cfg(feature = "serde")]
#[doc(inline)]
pub use crate::config::RetryConfig;
pub use crate::error::InvalidSetting;
#[cfg(feature = "std")]
#[doc(inline)]
pub use crate::event::Event;
#[doc(inline)]
pub use crate::event::{Details, EventKind, Progress, RunId, StopReason};
#[cfg(feature = "std")]
#[doc(inline)]
pub use crate::inspect::Description;
pub use crate::inspect::MaxTries;
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
pub use crate::policy::settings::Nested;
#[doc(inline)]
pub use crate::run::{Attempt, Decision, TimedOut};
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
