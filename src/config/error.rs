//! The error of a configuration.

use core::error::Error;
use core::fmt;
use std::format;
use std::string::String;

const INVALID: &str = "invalid retry configuration: ";

/// The error of a retry configuration: its text names the key, the value and what to write instead.
///
/// ```
/// use relent::RetryConfig;
///
/// let refused = "expo max_tries=0".parse::<RetryConfig>().unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "invalid retry configuration: `max_tries = \"0\"`: it must be at least 1; for no limit write `forever = true`",
/// );
/// assert_eq!(refused.key(), Some("max_tries"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    key: Option<String>,
    message: String,
}

impl ConfigError {
    /// An error of one key. `value` is as a configuration would show it.
    pub(super) fn of(key: &str, value: &str, problem: &str) -> Self {
        let message = format!("{INVALID}`{} = {value}`: {problem}", shown(key));
        Self { key: Some(key.into()), message }
    }

    /// An error of the whole.
    pub(super) fn whole(problem: &str) -> Self {
        Self { key: None, message: format!("{INVALID}{problem}") }
    }

    /// An error of a policy that cannot be written.
    pub(super) fn unwritable(problem: &str) -> Self {
        let message = format!("this retry policy cannot be written as a configuration: {problem}");
        Self { key: None, message }
    }

    /// The same, of a policy that would be such a configuration.
    pub(super) fn of_policy(self) -> Self {
        let problem = self.message.strip_prefix(INVALID).unwrap_or(&self.message);
        Self { key: self.key, ..Self::unwritable(problem) }
    }

    /// An error of a gRPC retry policy.
    pub(super) fn grpc(key: &str, value: &str, problem: &str) -> Self {
        Self {
            key: Some(key.into()),
            message: format!("invalid gRPC retryPolicy: `{}: {value}`: {problem}", shown(key)),
        }
    }

    /// An error of a gRPC retry policy that lacks a key.
    pub(super) fn grpc_lacks(key: &str) -> Self {
        Self {
            key: Some(key.into()),
            message: format!(
                "invalid gRPC retryPolicy: the key `{key}` is missing, and gRPC requires it; add it"
            ),
        }
    }

    /// An error of a configuration that gRPC cannot express.
    pub(super) fn beyond_grpc(key: &str, problem: &str) -> Self {
        Self {
            key: Some(key.into()),
            message: format!(
                "a gRPC retryPolicy cannot express this retry configuration: {problem}"
            ),
        }
    }

    /// Returns the key that is wrong, if it is a single one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

/// A key that may be anything, on one line and shortened.
fn shown(key: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = key.chars().take(MOST).flat_map(char::escape_debug).collect();
    if key.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ConfigError {}
