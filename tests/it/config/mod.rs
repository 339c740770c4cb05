//! Policies as data.

mod duration;
mod grpc;
mod messages;
mod policies;
mod round_trip;

use relent::RetryConfig;
use serde_json::Value;

/// Reads a JSON document.
fn read(document: &Value) -> Result<RetryConfig, String> {
    serde_json::from_value(document.clone()).map_err(|error| error.to_string())
}

/// Reads one line of text that must be good.
#[track_caller]
fn line(line: &str) -> RetryConfig {
    line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
}
