//! The operation that every crate retries: it fails as often as it is told to, and counts its calls.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// How often a policy lets the operation be called.
pub const MAX_TRIES: u32 = 5;

/// Of policies that limit the time as well: more than any run takes.
pub const MAX_TIME: Duration = Duration::from_secs(30);

/// Of policies that limit the time of each attempt.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The first wait where a thread really sleeps: short, and yet not nothing, which the compiler would make
/// use of.
pub const TINY_WAIT: Duration = Duration::from_micros(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub u32);

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} failed", self.0)
    }
}

/// What no row sees: no attempt takes that long.
impl From<relent::TimedOut> for Failure {
    fn from(_: relent::TimedOut) -> Self {
        Self(0)
    }
}

impl From<tokio::time::error::Elapsed> for Failure {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self(0)
    }
}

pub type Outcome = Result<u32, Failure>;

static FAILURES: AtomicU32 = AtomicU32::new(0);
static CALLS: AtomicU32 = AtomicU32::new(0);
static BACKOFFS: AtomicU32 = AtomicU32::new(0);

/// Begins anew: the next `failures` calls fail.
pub fn reset(failures: u32) {
    FAILURES.store(failures, Relaxed);
    CALLS.store(0, Relaxed);
    BACKOFFS.store(0, Relaxed);
}

/// Not inlined, as operations that do something are not. Plain loads and stores, which cost what a
/// variable does: one thread calls it at a time.
#[inline(never)]
pub fn operation() -> Outcome {
    let calls = CALLS.load(Relaxed) + 1;
    CALLS.store(calls, Relaxed);
    if calls <= FAILURES.load(Relaxed) { Err(Failure(calls)) } else { Ok(calls) }
}

pub async fn operation_async() -> Outcome {
    operation()
}

/// What a counting handler does.
#[inline]
pub fn count_backoff() {
    BACKOFFS.store(BACKOFFS.load(Relaxed) + 1, Relaxed);
}

pub fn calls() -> u32 {
    CALLS.load(Relaxed)
}

pub fn backoffs() -> u32 {
    BACKOFFS.load(Relaxed)
}
