//! What engines ask of a configuration.

use std::time::Duration;

use relent::{Jitter, MaxTries, Retry, RetryConfig};

use crate::Inexpressible;

/// A configuration whose waits grow by a factor.
pub struct Data {
    pub first_wait: Duration,
    pub factor: f64,
    pub max_wait: Option<Duration>,
    /// The most attempts. `None` is no limit.
    pub max_tries: Option<u32>,
    pub max_time: Option<Duration>,
    pub jitter: Jitter,
    /// What no engine has a setting for.
    pub differences: Vec<String>,
}

impl Data {
    /// # Errors
    ///
    /// If the waits do not grow by a factor: there is no policy that would be near.
    pub fn of(config: &RetryConfig, engine: &'static str) -> Result<Self, Inexpressible> {
        let written = serde_json::to_value(config).unwrap_or_default();
        let strategy = written["strategy"].as_str().unwrap_or_default();
        let factor = match strategy {
            "expo" => written["factor"].as_f64().unwrap_or(2.0),
            "constant" => 1.0,
            _ => {
                let obstacle = format!(
                    "its strategy is `{strategy}`, and only `expo` and `constant` have waits that grow by a factor"
                );
                return Err(Inexpressible { engine, obstacles: vec![obstacle] });
            }
        };
        let policy = config.punctual_policy();
        let uncapped = Retry::new(policy.get_strategy().clone());
        let mut differences = Vec::new();
        let mut differs = |key: &str, problem: &str| {
            if !written[key].is_null() {
                differences.push(format!("`{key} = {}`: {problem}", written[key]));
            }
        };
        differs("seed", "an engine draws its own random numbers");
        differs("max_asked_wait", "an engine has no limit for a wait that is asked for");
        differs("last_wait_may_overrun", "an engine decides itself about the last wait");
        differs("no_attempt_after_deadline", "an engine decides itself about the last wait");
        Ok(Self {
            first_wait: uncapped.waits().next().unwrap_or_default(),
            factor,
            max_wait: policy.get_max_wait(),
            max_tries: match policy.get_max_tries() {
                MaxTries::Default => Some(10),
                MaxTries::AtMost(tries) => Some(tries),
                MaxTries::Unlimited => None,
            },
            max_time: policy.get_max_time(),
            jitter: policy.get_jitter(),
            differences,
        })
    }

    pub fn differs(&mut self, difference: impl Into<String>) {
        self.differences.push(difference.into());
    }
}
