//! Retries operations that can fail, with exponential back-off, jitter, event handlers, and limits that are safe by default.
//!
//! The primary type is [`Retry`]: a policy, which is a value, and has a method for each form of a run.
//!
//! ```
//! use std::{fs, io};
//! use relent::Retry;
//!
//! fn read(path: &str) -> io::Result<String> {
//!     Retry::expo()
//!         .max_tries(5)
//!         .on_backoff(|d| eprintln!("try {} failed, waiting {:?}", d.tries, d.wait))
//!         .on_giveup(|d| eprintln!("{d}"))
//!         .run(|| fs::read_to_string(path))
//! }
//!
//! assert!(read("Cargo.toml").is_ok());
//! ```
//!
//! Unless you set something else, a run retries every `Err`, stops after 10 attempts, and waits for a random time of up to 1, 2,
//! 4, 8 .. seconds.
//!
//! # Table of contents
//!
//! * **Run:** [a closure](Retry::run), [a future](Retry::run_async), [until a value is there](Retry::poll),
//!   [with arguments](Retry::run_with), [with the number of the attempt](Retry::run_attempt)
//! * **Drive the loop yourself:** [`attempts`](Retry::attempts), [`attempts_async`](Retry::attempts_async),
//!   [`decide`](Retry::decide) for a queue, [`backoff`](Retry::backoff) for the waits alone
//! * **Choose the waits:** [`expo`](Retry::expo), [`fibo`](Retry::fibo), [`constant`](Retry::constant),
//!   [`linear`](Retry::linear), [`decay`](Retry::decay), [`decorrelated`](Retry::decorrelated),
//!   [`sequence`](Retry::sequence), [`from_fn`](Retry::from_fn), [`jitter`](Retry::jitter), [`max_wait`](Retry::max_wait)
//! * **Choose what to retry:** [`retry_if`](Retry::retry_if), [`until`](Retry::until), [`retry_after`](Retry::retry_after),
//!   [`condition`](Retry::condition)
//! * **Stop:** [`max_tries`](Retry::max_tries), [`max_time`](Retry::max_time), [`forever`](Retry::forever),
//!   [`budget`](Retry::budget), [`cancelled_by`](Retry::cancelled_by), [`nested`](Retry::nested)
//! * **Limit an attempt:** [`attempt_timeout`](Retry::attempt_timeout),
//!   [`interrupt_at_deadline`](Retry::interrupt_at_deadline), [`no_attempt_after_deadline`](Retry::no_attempt_after_deadline)
//! * **See what happens:** [`on_try`](Retry::on_try), [`on_backoff`](Retry::on_backoff), [`on_success`](Retry::on_success),
//!   [`on_giveup`](Retry::on_giveup), [`observe`](Retry::observe), [`Details`]
#![cfg_attr(
    feature = "explain",
    doc = "* **Know how it ended:** [`explain`](Retry::explain), [`RetryError`], [`StopReason`]"
)]
//! * **Write code for any policy:** [`run::RunBlocking`], [`run::RunAsync`], [`run::RunLocal`]
//! * **Look at a policy before it runs:** [`waits`](Retry::waits), [`describe`](Retry::describe)
#![cfg_attr(feature = "test-util", doc = "* **Test without waiting:** [`TestClock`]")]
//! * **Bring your own:** [`Wait`], [`Condition`], [`Observe`], [`AsyncClock`] and [`BlockingClock`]
//!
//! # The guide
//!
//! In reading order:
//!
//! 1. [Recipes](guide::recipes): a program for each common problem.
//! 2. [Dangers](guide::dangers): what goes wrong with retries. Read it before you retry something that matters.
//! 3. [Handlers](guide::handlers): logs, metrics, traces and alerts, so that retries do not hide failures.
//! 4. [Schedule](guide::schedule): what a policy makes of an outage, before it runs.
//! 5. [Testing](guide::testing): how to test code that retries, without waiting.
#![cfg_attr(
    feature = "macros",
    doc = "6. [The attribute](guide::retry_attribute): `#[retry]` on a function."
)]
#![cfg_attr(
    not(feature = "macros"),
    doc = "6. The attribute `#[retry]`, with the feature `macros`."
)]
//! 7. [Beyond one process](guide::beyond_one_process): budgets and jitter of a fleet.
//! 8. [Comparison](guide::compare) and [Python's `backoff`](guide::from_python_backoff): how to move here.
//! 9. [Performance](guide::performance): what a run costs.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | Handlers, the system's clock, `std::thread::sleep`, and jitter seeded by the system. Without it, the crate is `no_std` and needs no allocator: bring a [clock]. |
//! | `tokio` | yes | `run_async` waits on tokio's timer. Without it, give the policy a timer by [`clock`](Retry::clock). |
//! | `explain` | yes | `explain`: runs that return how and why they ended. |
//! | `log`, `tracing`, `metrics` | no | The observers `Log`, `Tracing` and `Metrics`; with `tracing` also the spans of `traced`. |
//! | `serde` | no | `RetryConfig`, a policy from a file; `Event` serialises, and [`Progress`] both ways. |
//! | `headers` | no | What HTTP answers ask for, such as `Retry-After`, and which requests are safe to repeat. |
//! | `http` | no | The same, from an `http::HeaderMap`. |
//! | `futures-core` | no | `stream`: streams that reconnect. |
//! | `tower-layer` | no | `into_layer`: services that retry, for `tower-layer` and `tower-service`. |
//! | `tower` | no | `tower-layer`, and `into_tower_policy` for `tower`'s own retry. |
//! | `macros` | no | The attribute `#[retry]`. |
//! | `test-util` | no | `TestClock`, on which waiting takes no time. Enable it in `[dev-dependencies]`. |
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

// So that its programs run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// Contains only documentation and its tests. With the default features alone, `cargo test` leaves out the many programs of
// its pages, so that it stays quick.
#[cfg(all(doc, any(not(doctest), all(feature = "log", feature = "metrics", feature = "tracing"))))]
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
