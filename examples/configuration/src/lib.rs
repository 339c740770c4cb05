//! A service whose policies come from a file and from environment variables.

use std::path::Path;

use config::{Config, ConfigError, Environment, File, FileFormat};
use relent::wait::OwnedSchedule;
use relent::{Retry, RetryConfig};
use serde::Deserialize;

/// What is configured of the service.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub retry: Policies,
}

/// The policy of each client. One that is not configured has the defaults.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    #[serde(default)]
    pub payments: RetryConfig,
    #[serde(default)]
    pub search: RetryConfig,
    #[serde(default)]
    pub webhooks: RetryConfig,
}

impl Settings {
    /// Reads a file in TOML, JSON or YAML, as its extension says, and then environment variables such as
    /// `SHOP_RETRY__PAYMENTS__MAX_TRIES`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or if a key or a value is wrong: the error names it.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        Self::of(Config::builder().add_source(File::from(file)), None)
    }

    /// Reads a text, and the variables that are given instead of those of the process.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn of_text(
        text: &str,
        format: FileFormat,
        variables: &[(&str, &str)],
    ) -> Result<Self, ConfigError> {
        Self::of(Config::builder().add_source(File::from_str(text, format)), Some(variables))
    }

    fn of(
        file: config::ConfigBuilder<config::builder::DefaultState>,
        variables: Option<&[(&str, &str)]>,
    ) -> Result<Self, ConfigError> {
        let variables = variables.map(|variables| {
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        });
        // Values stay texts: a configuration reads numbers from them.
        let environment = Environment::with_prefix("SHOP").prefix_separator("_").separator("__");
        file.add_source(environment.source(variables)).build()?.try_deserialize()
    }
}

/// A client keeps its policy in a field, whatever strategy is configured.
#[derive(Debug)]
pub struct Client {
    retry: Retry<OwnedSchedule>,
}

impl Client {
    /// # Errors
    ///
    /// If the configuration needs a policy of another type: `no_attempt_after_deadline`.
    pub fn new(config: &RetryConfig) -> Result<Self, relent::config::ConfigError> {
        Ok(Self { retry: config.policy()? })
    }

    /// Makes a call, under the policy of the configuration. What to retry is decided here, where the errors are known.
    ///
    /// # Errors
    ///
    /// The last error of the operation.
    pub fn call<T>(&self, operation: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
        self.retry.by_ref().retry_if(|failure| *failure == Failure::Busy).run(operation)
    }
}

/// The error of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    Busy,
    Refused,
}
