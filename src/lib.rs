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

// The policy, and the forms in which it is run: thin drivers over the one engine.
mod attempt;
mod attempts;
mod blocking;
mod engine;
#[cfg(feature = "explain")]
mod explain;
mod floats;
mod future;
mod inspect;
mod last_step;
mod nanos;
mod operation;
mod parameters;
mod retry;
mod run;
mod run_async;
mod settings;
mod timeout;
mod with_args;

// How long to wait?
mod jitter;
mod strategies;
mod wait;

// Whether to retry?
#[cfg(target_has_atomic = "32")]
mod budget;
mod condition;
mod conditions;

// Who is told?
mod details;
#[cfg(feature = "std")]
mod event;
#[cfg(feature = "std")]
mod handlers;
#[cfg(feature = "std")]
mod handlers_async;
mod observe;
mod target;
mod tell;

// What clock?
#[cfg(feature = "std")]
mod cancel;
mod clock;
mod lent;
#[cfg_attr(not(feature = "test-util"), path = "no_scope.rs")]
mod scope;
#[cfg(feature = "test-util")]
mod test_util;
#[cfg(feature = "std")]
mod wakers;

// What others bring: a leaf for each.
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "log")]
mod log;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "serde")]
mod serde;
#[cfg(any(feature = "log", feature = "tracing"))]
mod severity;
#[cfg(any(feature = "log", feature = "tracing"))]
mod show;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(feature = "tracing")]
mod tracing;

pub use attempt::Attempt;
pub use attempts::{After, Attempts, Begin};
#[cfg(target_has_atomic = "32")]
pub use budget::{Budget, Budgeted};
#[cfg(feature = "std")]
pub use cancel::{Cancel, Cancellable, CancellableSleep};
pub use clock::{AsyncSleep, Interruptible, Sleep, System};
pub use condition::{AnyError, Ask, Condition};
pub use conditions::{RetryAfter, RetryAfterValue, RetryIf, Until};
pub use details::{Details, EventKind, GiveUp};
#[cfg(feature = "std")]
pub use event::Event;
#[cfg(feature = "explain")]
pub use explain::{Explained, GaveUp, RetryError, Succeeded};
pub use future::Retrying;
#[cfg(feature = "std")]
pub use handlers::Handlers;
#[cfg(feature = "std")]
pub use handlers_async::HandlersAsync;
pub use inspect::Waits;
pub use jitter::Jitter;
pub use last_step::LastStep;
pub use lent::{Awaits, Blocks};
#[cfg(feature = "log")]
pub use log::Log;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub use observe::{Observe, Observed};
pub use operation::{Call, CallAttempt, CallWith, Hidden, Polled, Shown, Transparent};
pub use retry::Retry;
#[cfg(feature = "test-util")]
pub use scope::{Entered, InScope};
pub use settings::InvalidSetting;
#[cfg(any(feature = "log", feature = "tracing"))]
pub use show::{ByDebug, ByDisplay};
pub use strategies::{Constant, Decay, Expo, Fibo, Linear, Runtime, Sequence};
pub use target::Target;
#[cfg(feature = "test-util")]
pub use test_util::{TestClock, TestSleep};
pub use timeout::{AttemptTimeout, InTime, Timed, TimedOut, Unbounded};
#[cfg(feature = "tokio")]
pub use tokio::SystemSleep;
#[cfg(feature = "tracing")]
pub use tracing::Tracing;
pub use wait::{Schedule, Wait};
