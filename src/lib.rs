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
pub mod _docs;

// The policy, its builder, and how it is run. First, since rustdoc follows this order.
mod policy;

mod run;

// The policy's four questions.
mod wait;

mod condition;

mod observe;

mod clock;

// What they are told.
mod event;

mod error;
mod nanos;
mod sealed;
mod slot;

// What others bring, and tests.
#[cfg(feature = "http")]
pub mod http;
mod integrations;
mod testing;

#[cfg(feature = "std")]
pub use crate::clock::cancel::Cancel;
#[cfg(feature = "std")]
pub use crate::clock::cancellable::{Cancellable, CancellableSleep};
#[cfg(feature = "tokio")]
pub use crate::clock::tokio::SystemSleep;
pub use crate::clock::{AsyncSleep, Interruptible, Sleep, System};
#[cfg(target_has_atomic = "32")]
pub use crate::condition::budget::{Budget, Budgeted};
pub use crate::condition::filters::{RetryAfter, RetryAfterValue, RetryIf, Until};
pub use crate::condition::{AnyError, Ask, Condition};
pub use crate::error::InvalidSetting;
#[cfg(feature = "std")]
pub use crate::event::Event;
pub use crate::event::Target;
pub use crate::event::{Details, EventKind, GiveUp};
#[cfg(any(feature = "log", feature = "tracing"))]
pub use crate::integrations::levels::{ByDebug, ByDisplay};
#[cfg(feature = "log")]
pub use crate::integrations::log::Log;
#[cfg(feature = "metrics")]
pub use crate::integrations::metrics::Metrics;
#[cfg(feature = "tracing")]
pub use crate::integrations::tracing::Tracing;
pub use crate::observe::chain::{Blocking as NotifyBlocking, Chain, Tell};
#[cfg(feature = "std")]
pub use crate::observe::handlers::{
    Append, AsyncHandler, Handler, HandlerList, Handlers, HandlersAsync,
};
pub use crate::observe::{Observe, Observed};
pub use crate::policy::Retry;
pub use crate::policy::hold::{Policy, PolicyFor};
pub use crate::run::after::{After, Begin, Given};
pub use crate::run::attempts::{Attempts, AttemptsAsync, InLine};
#[cfg(feature = "explain")]
pub use crate::run::explain::{Explained, GaveUp, RetryError, Succeeded};
pub use crate::run::future::Retrying;
pub use crate::run::operation::Attempt;
pub use crate::run::operation::{Call, CallAttempt, CallWith, Hidden, Shown};
pub use crate::run::options::LastStep;
pub use crate::run::preview::Waits;
pub use crate::run::returns::{AsIs, Return, Returns, ValueOnly};
pub use crate::run::session::{Async, Blocking, Side};
pub use crate::run::timeout::{AttemptTimeout, Bound, InTime, Timed, TimedOut, Unbounded};
#[cfg(feature = "test-util")]
pub use crate::testing::clock::{TestClock, TestSleep};
#[cfg(feature = "test-util")]
pub use crate::testing::scope::{Entered, InScope};
pub use crate::wait::Wait;
pub use crate::wait::jitter::Jitter;
pub use crate::wait::schedule::Schedule;
pub use crate::wait::strategies::{Constant, Decay, Expo, Fibo, Linear, Runtime, Sequence};
