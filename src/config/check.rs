//! Settings that contradict each other.

use core::time::Duration;
use std::format;
use std::vec::Vec;

use crate::nanos::Nanos;
use crate::policy::settings::{LastWait, Settings};
use crate::wait::Decorrelated;
use crate::wait::owned::Kind;
use crate::wait::schedule::Schedule;
use crate::wait::strategies::{Expo, Fibo, Linear};

use super::RetryConfig;
use super::duration::Written;
use super::error::ConfigError;

impl RetryConfig {
    /// Refuses what a policy may have and no configuration should: settings that contradict each other.
    pub(super) fn check(&self, has_first_wait: bool) -> Result<(), ConfigError> {
        let Settings { max_wait, max_time, last_wait, .. } = &self.settings;
        for (key, wait) in self.waits(has_first_wait) {
            if *max_wait != Nanos::MAX && Nanos::of(wait).0 > max_wait.0 {
                let problem = format!(
                    "it is longer than `max_wait = \"{:#}\"`, so that the cap would always replace it; change one of them",
                    Written(max_wait.duration()),
                );
                return Err(ConfigError::of(key, &format!("\"{:#}\"", Written(wait)), &problem));
            }
        }
        match self.strategy.kind() {
            Kind::Schedule(Schedule::Decay(decay))
                if decay.min_wait > decay.first_wait.duration() =>
            {
                let problem = format!(
                    "it is longer than the first wait, `first_wait = \"{:#}\"`, from which waits shrink; change one of them",
                    Written(decay.first_wait.duration()),
                );
                let least = format!("\"{:#}\"", Written(decay.min_wait));
                return Err(ConfigError::of("min_wait", &least, &problem));
            }
            Kind::Schedule(Schedule::Linear(linear)) if linear.step == Nanos(0) => {
                return Err(ConfigError::of(
                    "step",
                    "\"0s\"",
                    "it must be longer than zero; for waits that stay the same write `strategy = \"constant\"`",
                ));
            }
            _ => {}
        }
        let needs_time = match last_wait {
            LastWait::Shortened => return Ok(()),
            LastWait::MayOverrun => "last_wait_may_overrun",
            LastWait::MustFit => "no_attempt_after_deadline",
        };
        if max_time.is_none() {
            let problem = "it has no effect without `max_time`; add one, such as `max_time = \"1m 30s\"`, or leave it out";
            return Err(ConfigError::of(needs_time, "true", problem));
        }
        Ok(())
    }

    /// The waits that are set, and to which `max_wait` must leave room.
    fn waits(&self, has_first_wait: bool) -> Vec<(&'static str, Duration)> {
        const SECOND: Nanos = Nanos::of(Duration::from_secs(1));
        let first = |wait: Nanos| {
            // A cap below a default that is not set contradicts nothing.
            if wait == SECOND && !has_first_wait {
                Vec::new()
            } else {
                Vec::from([("first_wait", wait.duration())])
            }
        };
        match self.strategy.kind() {
            Kind::Sequence(list) => list.waits.iter().map(|wait| ("waits", *wait)).collect(),
            Kind::Schedule(schedule) => match *schedule {
                Schedule::Expo(Expo { first_wait, .. }) | Schedule::Fibo(Fibo { first_wait }) => {
                    first(first_wait)
                }
                Schedule::Decay(decay) => first(decay.first_wait),
                Schedule::Linear(Linear { first_wait, step }) => {
                    let key = if first_wait == step { "step" } else { "first_wait" };
                    Vec::from([(key, first_wait.duration())])
                }
                Schedule::Constant(constant) => Vec::from([("wait", constant.wait.duration())]),
                Schedule::Decorrelated(Decorrelated { base }) => {
                    Vec::from([("base", base.duration())])
                }
                // An `OwnedSchedule` holds its own list.
                Schedule::Sequence(_) => Vec::new(),
            },
        }
    }
}
