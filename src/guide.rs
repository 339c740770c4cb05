//! The guide: longer pages than an item's own documentation has room for.
//!
//! Begin with the [`recipes`], and read the [`dangers`] before you retry what matters.

/// A program for each of the problems that retries are used for.
///
#[doc = include_str!("guide/recipes.md")]
pub mod recipes {}

/// What goes wrong with retries, and how to do it right.
///
#[doc = include_str!("guide/dangers.md")]
pub mod dangers {}

/// Who is told of what, and when: logs, counters, alerts.
///
#[doc = include_str!("guide/handlers.md")]
pub mod handlers {}

/// How to test code that retries, without waiting.
///
#[doc = include_str!("guide/testing.md")]
pub mod testing {}

/// Other crates: when to choose them, and how to move from them.
///
#[doc = include_str!("guide/compare.md")]
pub mod compare {}

/// The way from Python's `backoff`.
///
#[doc = include_str!("guide/from_python_backoff.md")]
pub mod from_python_backoff {}

/// Which test of Python's `backoff` is which test here.
///
#[doc = include_str!("guide/conformance.md")]
pub mod conformance {}

/// How this crate is tested, and what would go unnoticed.
///
#[doc = include_str!("guide/testing_of_relent.md")]
pub mod testing_of_relent {}

/// What a run costs, beside other crates and a loop by hand.
///
// Here no file lies beside the page: the first definition of the picture's link is the one that counts.
#[doc = include_str!("guide/performance.plot")]
#[doc = include_str!("guide/performance.md")]
pub mod performance {}
