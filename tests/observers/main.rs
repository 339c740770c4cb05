//! The observers, as the crates that they write to see them.
//!
//! A binary of its own: loggers and maximal levels belong to the whole process. Tests that touch
//! them take turns.

mod conformance;
mod log;
mod metrics;
mod serde;
mod together;
mod tracing;

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use relent::condition::AnyError;
use relent::wait::Expo;
use relent::{Jitter, Retry, TestClock};

/// Two waits of 1 s and 2 s, then the end.
fn policy() -> Retry<Expo, AnyError, (), TestClock> {
    Retry::expo().max_tries(3).jitter(Jitter::None).target("fetch_user").clock(TestClock::new())
}

/// Fails this often, then returns the number of calls.
fn failing(times: u32) -> impl FnMut() -> Result<u32, &'static str> {
    let mut calls = 0;
    move || {
        calls += 1;
        if calls <= times { Err("boom") } else { Ok(calls) }
    }
}

/// Fails without a `Display`.
#[derive(Debug)]
struct Busy;

/// An error that knows how often it was shown.
#[derive(Debug, Default)]
struct Shown(AtomicU32);

impl Shown {
    fn times(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("shown")
    }
}
