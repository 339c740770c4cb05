//! What the functions in `bin` have in common.

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
    t_wait: Duration::from_millis(100),
    backoff: 2.0,
    t_wait_max: None,
    backoff_max: None,
};

/// Its predicate: each attribute of `retry-if` has one.
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
