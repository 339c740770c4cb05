//! From the JSON of a `retryPolicy`.

use core::time::Duration;
use std::format;
use std::string::{String, ToString};

use crate::config::error::ConfigError;
use crate::config::value::Value;

use super::{CODES, GrpcRetryPolicy};

fn seconds(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole)
        || !digits(fraction)
        || fraction.len() > 9
        || number.len() < 1 + usize::from(number.contains('.'))
    {
        return None;
    }
    // The proposal's own examples leave the zero out: `.1s`.
    let seconds = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(seconds, nanos))
}

impl GrpcRetryPolicy {
    /// Reads the keys of a JSON object.
    pub(in crate::config) fn read(pairs: &[(String, Value)]) -> Result<Self, ConfigError> {
        const KEYS: [&str; 5] = [
            "maxAttempts",
            "initialBackoff",
            "maxBackoff",
            "backoffMultiplier",
            "retryableStatusCodes",
        ];
        for (at, (key, value)) in pairs.iter().enumerate() {
            let problem = if key == "perAttemptRecvTimeout" {
                "a retry configuration has no timeout for attempts; set it in the program, by `attempt_timeout`".into()
            } else if !KEYS.contains(&key.as_str()) {
                format!("there is no such key; the keys are {}", KEYS.join(", "))
            } else if pairs.iter().take(at).any(|(other, _)| other == key) {
                "the key is given twice; leave one out".into()
            } else {
                continue;
            };
            return Err(ConfigError::grpc(key, &value.to_string(), &problem));
        }
        let get = |key: &str| {
            let found = pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value);
            found.ok_or_else(|| ConfigError::grpc_lacks(key))
        };
        let refused = |key: &str, value: &Value, problem: &str| {
            ConfigError::grpc(key, &value.to_string(), problem)
        };
        let wait = |key: &str| {
            let value = get(key)?;
            let wait = match value {
                Value::Text(text) => seconds(text).filter(|wait| !wait.is_zero()),
                _ => None,
            };
            wait.ok_or_else(|| {
                refused(key, value, "it must be longer than zero, and a number of seconds with an `s`, such as \"0.1s\"")
            })
        };
        let attempts = get("maxAttempts")?;
        let max_attempts = match attempts {
            Value::Integer(number) => u32::try_from(*number).ok().filter(|number| *number >= 2),
            _ => None,
        };
        let factor = get("backoffMultiplier")?;
        let multiplier = match factor {
            Value::Integer(_) | Value::Float(_) => {
                factor.number().filter(|factor| factor.is_finite() && *factor > 0.0)
            }
            _ => None,
        };
        Ok(Self {
            max_attempts: max_attempts.ok_or_else(|| {
                refused("maxAttempts", attempts, "it must be a whole number of at least 2")
            })?,
            initial_backoff: wait("initialBackoff")?,
            max_backoff: wait("maxBackoff")?,
            multiplier: multiplier.ok_or_else(|| {
                refused("backoffMultiplier", factor, "it must be a number above zero")
            })?,
            codes: codes(get("retryableStatusCodes")?)?,
        })
    }
}

/// Reads the status codes, as a bit for each.
pub(super) fn codes(value: &Value) -> Result<u32, ConfigError> {
    let refused = |value: &Value, problem: &str| {
        Err(ConfigError::grpc("retryableStatusCodes", &value.to_string(), problem))
    };
    let Value::List(values) = value else {
        return refused(value, "it must be a list of names, such as [\"UNAVAILABLE\"]");
    };
    let mut codes = 0;
    for code in values {
        let place = match code {
            Value::Text(name) => CODES.iter().position(|code| code.eq_ignore_ascii_case(name)),
            Value::Integer(number) => {
                usize::try_from(*number).ok().filter(|number| *number < CODES.len())
            }
            _ => None,
        };
        match place {
            Some(0) => return refused(code, "a call that succeeds is not retried; leave it out"),
            Some(place) => codes |= 1 << place,
            None => {
                let problem = format!(
                    "there is no such status code; the codes are {}",
                    CODES[1..].join(", ")
                );
                return refused(code, &problem);
            }
        }
    }
    if codes == 0 {
        return refused(value, "it must not be empty; gRPC retries no other status");
    }
    Ok(codes)
}
