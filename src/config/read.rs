//! From keys and values to a configuration.

use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::error::InvalidSetting;
use crate::nanos::Nanos;
use crate::policy::settings::{LastWait, Settings, Tries};
use crate::wait::Decorrelated;
use crate::wait::jitter::Jitter;
use crate::wait::owned::OwnedSchedule;
use crate::wait::strategies::{Constant, Decay, Expo, Fibo, Linear};

use super::error::ConfigError;
use super::keys::{self, Key, STRATEGIES};
use super::value::Value;
use super::{DEFAULT_ASKED, RetryConfig};

/// The keys that are given, each once.
#[derive(Default)]
pub(super) struct Given(Vec<(&'static Key, Value)>);

impl Given {
    pub(super) fn add(&mut self, name: &str, value: Value) -> Result<(), ConfigError> {
        let Some(key) = keys::find(name) else { return Err(keys::unknown(name, &value)) };
        if value == Value::Null {
            return Err(ConfigError::of(
                name,
                "null",
                &format!("it has no value; leave the key out, or write {}", keys::form(name)),
            ));
        }
        if let Some(other) = self.get(name) {
            let problem =
                format!("the key is given twice, also as `{name} = {other}`; leave one out");
            return Err(ConfigError::of(name, &value.to_string(), &problem));
        }
        self.0.push((key, value));
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
    }

    /// The value of a key, if it is given.
    fn read<X>(
        &self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<X, String>,
    ) -> Result<Option<X>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).map_err(|problem| ConfigError::of(name, &value.to_string(), &problem))
    }

    fn duration(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        self.read(name, Value::duration)
    }

    /// A wait that must not be zero.
    fn wait(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        const ZERO: &str = "it must be longer than zero; for retries without a wait write `strategy = \"constant\"` with \
                            `wait = \"0s\"`";
        self.read(name, |value| match value.duration()? {
            Duration::ZERO => Err(ZERO.into()),
            wait => Ok(wait),
        })
    }

    fn number(
        &self,
        name: &str,
        is_allowed: impl Fn(f64) -> bool,
        problem: &str,
    ) -> Result<Option<f64>, ConfigError> {
        self.read(name, |value| {
            let number = value.number().filter(|number| number.is_finite() && is_allowed(*number));
            number.ok_or_else(|| problem.into())
        })
    }

    fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        Ok(self.read(name, Value::flag)?.unwrap_or(false))
    }

    fn strategy(&self) -> Result<&'static str, ConfigError> {
        let name = match self.get("strategy") {
            None => return Ok("expo"),
            Some(Value::Text(name)) => name.as_str(),
            Some(value) => return Err(keys::unknown_strategy(&value.to_string())),
        };
        let known = STRATEGIES.iter().find(|(strategy, _)| *strategy == name);
        known.map(|(strategy, _)| *strategy).ok_or_else(|| keys::unknown_strategy(name))
    }

    pub(super) fn config(&self) -> Result<RetryConfig, ConfigError> {
        let strategy = self.strategy()?;
        self.check_keys_of(strategy)?;
        let config =
            RetryConfig { strategy: self.schedule(strategy)?, settings: self.settings(strategy)? };
        config.check(self.get("first_wait").is_some())?;
        Ok(config)
    }

    /// Refuses keys of other strategies, and demands that of this one.
    fn check_keys_of(&self, strategy: &str) -> Result<(), ConfigError> {
        for (key, value) in &self.0 {
            if !key.strategies.is_empty() && !key.strategies.contains(&strategy) {
                let default =
                    if self.get("strategy").is_none() { ", the default strategy" } else { "" };
                let problem = format!(
                    "it has no effect on the strategy `{strategy}`{default}; leave it out, or use it with {}",
                    key.strategies.join(", "),
                );
                return Err(ConfigError::of(key.name, &value.to_string(), &problem));
            }
        }
        let required = STRATEGIES.iter().find(|(name, _)| *name == strategy);
        if let Some((_, Some(key))) = required {
            if self.get(key).is_none() {
                let problem = format!("it needs the key `{key}`; add `{}`", keys::form(key));
                return Err(ConfigError::of("strategy", &format!("{strategy:?}"), &problem));
            }
        }
        Ok(())
    }

    fn schedule(&self, strategy: &str) -> Result<OwnedSchedule, ConfigError> {
        const SECOND: Duration = Duration::from_secs(1);
        // The checks before leave nothing that a strategy refuses.
        let refused = |error: InvalidSetting| ConfigError::whole(&error.to_string());
        let first_wait = self.wait("first_wait")?;
        let first = first_wait.unwrap_or(SECOND);
        Ok(match strategy {
            "fibo" => Fibo::try_new(first).map_err(refused)?.into(),
            "constant" => Constant::new(self.duration("wait")?.unwrap_or(SECOND)).into(),
            "linear" => {
                let step = self.wait("step")?.unwrap_or(SECOND);
                Linear::try_new(first_wait.unwrap_or(step), step).map_err(refused)?.into()
            }
            "decay" => {
                let factor = self.number(
                    "decay_factor",
                    |factor| factor >= 0.0,
                    "it must be a finite number and not negative, such as 0.5",
                )?;
                let least = self.duration("min_wait")?.unwrap_or_default();
                Decay::try_new(first, factor.unwrap_or(1.0), least).map_err(refused)?.into()
            }
            "decorrelated" => {
                let base = self.wait("base")?.unwrap_or(SECOND);
                Decorrelated::try_new(base).map_err(refused)?.into()
            }
            "sequence" => self.read("waits", Value::durations)?.unwrap_or_default().into(),
            _ => {
                let factor = self.number(
                    "factor",
                    |factor| factor > 0.0,
                    "it must be a finite number above zero, such as 2 or 1.5",
                )?;
                Expo::try_new(first, factor.unwrap_or(2.0)).map_err(refused)?.into()
            }
        })
    }

    fn settings(&self, strategy: &str) -> Result<Settings, ConfigError> {
        let mut settings = Settings::DEFAULT;
        settings.max_wait = self.wait("max_wait")?.map_or(Nanos::MAX, Nanos::of);
        settings.max_asked_wait = self
            .read("max_asked_wait", |value| match value {
                Value::Text(text) if text == "unlimited" => Ok(Nanos::MAX),
                value => value
                    .duration()
                    .map(Nanos::of)
                    .map_err(|problem| format!("{problem}; for no limit write \"unlimited\"")),
            })?
            .unwrap_or(DEFAULT_ASKED);
        settings.seed = self.read("seed", |value| value.integer(u64::MAX, "7"))?;
        settings.nested = self.read("nested", Value::nested)?.unwrap_or_default();
        settings.jitter = self.read("jitter", Value::jitter)?.unwrap_or(Jitter::Full);
        if strategy == "decorrelated"
            && self.get("jitter").is_some()
            && !matches!(settings.jitter, Jitter::None)
        {
            return Err(self.refused("jitter", "the strategy `decorrelated` draws its waits itself; leave it out, or write \"none\""));
        }
        self.limit(settings, strategy)
    }

    fn limit(&self, mut settings: Settings, strategy: &str) -> Result<Settings, ConfigError> {
        let tries =
            self.read("max_tries", |value| match value.integer(u32::MAX.into(), "5")? {
                0 => Err("it must be at least 1; for no limit write `forever = true`".into()),
                tries => Ok(tries),
            })?;
        if let Some(tries) = tries.and_then(|tries| u32::try_from(tries).ok()) {
            settings = settings.try_max_tries(tries).unwrap_or(settings);
        }
        if let Some(time) = self.duration("max_time")? {
            settings = settings.without_default_tries();
            settings.max_time = Some(time);
        }
        let [may_overrun, must_fit] =
            [self.flag("last_wait_may_overrun")?, self.flag("no_attempt_after_deadline")?];
        settings.last_wait = match (may_overrun, must_fit) {
            (true, true) => {
                return Err(self.refused(
                    "last_wait_may_overrun",
                    "it contradicts `no_attempt_after_deadline = true`; leave one of them out",
                ));
            }
            (true, false) => LastWait::MayOverrun,
            (false, true) => LastWait::MustFit,
            (false, false) => LastWait::Shortened,
        };
        if self.flag("forever")? {
            if let Some(tries) = self.get("max_tries") {
                let problem =
                    format!("it contradicts `max_tries = {tries}`; leave one of them out");
                return Err(self.refused("forever", &problem));
            }
            if let Some(time) = self.get("max_time") {
                let problem = format!(
                    "it contradicts `max_time = {time}`, which is a limit and by itself replaces the default limit of 10 \
                     tries; leave `forever` out"
                );
                return Err(self.refused("forever", &problem));
            }
            if strategy == "sequence" {
                return Err(self.refused("forever", "a list of waits ends with its last wait; leave `forever` out, or use another strategy"));
            }
            settings = settings.without_default_tries();
        }
        Ok(settings)
    }

    fn refused(&self, name: &str, problem: &str) -> ConfigError {
        ConfigError::of(name, &self.get(name).unwrap_or(&Value::Null).to_string(), problem)
    }
}

/// Whether no number of tries is limited: `forever`, or a limit of time.
pub(super) fn is_unlimited(tries: Tries) -> bool {
    tries == Tries::UNLIMITED
}
