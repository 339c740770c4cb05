//! What the functions in `bin` have in common.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use retry_if::ExponentialBackoffConfig;

/// The error of most functions.
#[derive(Debug)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

impl From<std::num::ParseIntError> for Failed {
    fn from(_: std::num::ParseIntError) -> Self {
        Self
    }
}

/// The policy of `retry-if`, which takes the name of a constant.
pub const CONFIG: ExponentialBackoffConfig = ExponentialBackoffConfig {
    max_retries: 2,
    t_wait: Duration::from_millis(1),
    backoff: 2.0,
    t_wait_max: None,
    backoff_max: None,
};

/// The policy of `backon`, which takes a path to a function.
pub fn policy() -> backon::ExponentialBuilder {
    backon::ExponentialBuilder::new().with_min_delay(Duration::from_millis(1)).with_max_times(2)
}

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

/// Counts an attempt.
pub fn begins() {
    ATTEMPTS.fetch_add(1, Ordering::Relaxed);
}

/// Panics unless an operation that always fails is tried three times.
pub fn expect_three_attempts<E>(operation: impl Future<Output = Result<u32, E>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    assert!(runtime.unwrap().block_on(operation).is_err());
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 3);
}

/// The predicate of `retry-if`, which each of its attributes has.
pub fn is_err<T, E>(outcome: &Result<T, E>) -> bool {
    outcome.is_err()
}

/// The same, of a job that is polled.
pub fn is_small(progress: &u32) -> bool {
    *progress < 100
}

/// The same, of an `Option`.
pub fn is_none<T>(value: &Option<T>) -> bool {
    value.is_none()
}

/// An operation that borrows its argument.
pub fn send(body: &str) -> Result<u32, Failed> {
    body.parse().map_err(|_| Failed)
}

/// An operation that consumes its argument.
pub fn send_owned(body: String) -> Result<u32, Failed> {
    send(&body)
}
