//! The guide: pages too long for the documentation of one item.
//!
//! In reading order:
//!
//! 1. [`recipes`]: a program for each common problem. Start here.
//! 2. [`dangers`]: what goes wrong with retries. Read it before you retry something that matters.
//! 3. [`handlers`]: logs, metrics, traces and alerts, so that retries do not hide failures.
//! 4. [`schedule`]: what a policy makes of an outage, before it runs.
//! 5. [`testing`]: how to test code that retries, without waiting.
#![cfg_attr(feature = "macros", doc = "6. [`retry_attribute`]: the attribute `#[retry]`.")]
#![cfg_attr(
    not(feature = "macros"),
    doc = "6. `retry_attribute`: the attribute `#[retry]`, with the feature `macros`."
)]
//! 7. [`beyond_one_process`]: budgets and jitter of a fleet.
//! 8. [`compare`] and [`from_python_backoff`]: how to move from another crate, or from Python.
//! 9. [`performance`]: what a run costs.

/// Solves common problems, with a program for each.
///
#[doc = include_str!("guide/recipes.md")]
pub mod recipes {}

/// Shows what goes wrong with retries, and how to avoid it.
///
#[doc = include_str!("guide/dangers.md")]
pub mod dangers {}

/// Describes what holds for a fleet of processes with the same policy, and what does not.
///
#[doc = include_str!("guide/beyond_one_process.md")]
pub mod beyond_one_process {}

/// Describes the events of a run and how to handle them: logs, counters, alerts.
///
// As below: the first definition of the picture's link is the one that counts.
#[doc = include_str!("guide/dashboard.plot")]
#[doc = include_str!("guide/handlers.md")]
pub mod handlers {}

/// Describes what a policy makes of an outage, before it runs.
///
// Here no file lies beside the page: the first definition of the picture's link is the one that counts.
#[doc = include_str!("guide/schedule.plot")]
#[doc = include_str!("guide/schedule.md")]
pub mod schedule {}

/// Shows how to test code that retries, without waiting.
///
#[doc = include_str!("guide/testing.md")]
pub mod testing {}

/// Compares other crates: when to choose them, and how to move from them.
///
#[doc = include_str!("guide/compare.md")]
pub mod compare {}

/// Maps each call of Python's `backoff` to its form here, and lists the differences.
///
#[doc = include_str!("guide/from_python_backoff.md")]
pub mod from_python_backoff {}

/// Measures what a run costs, beside other crates and a loop by hand.
///
// Here no file lies beside the page: the first definition of the picture's link is the one that counts.
#[doc = include_str!("guide/performance.plot")]
#[doc = include_str!("guide/performance.md")]
pub mod performance {}

/// Describes the attribute `#[retry]`: its policy, its settings, and what to know about them.
///
#[cfg(feature = "macros")]
#[doc = include_str!("guide/retry_attribute.md")]
pub mod retry_attribute {}
