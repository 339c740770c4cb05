//! What gRPC can express of a configuration.

use core::time::Duration;
use std::format;
use std::vec::Vec;

use crate::config::duration::Written;
use crate::config::error::ConfigError;
use crate::config::value::written_jitter;
use crate::config::{DEFAULT_ASKED, RetryConfig};
use crate::nanos::Nanos;
use crate::policy::settings::{DEFAULT_MAX_TRIES, Settings, Tries};
use crate::wait::Numeric;
use crate::wait::jitter::Jitter;
use crate::wait::owned::Kind;
use crate::wait::schedule::Schedule;
use crate::wait::strategies::Constant;

use super::{MOST_ATTEMPTS, SPREAD, spread};

impl RetryConfig {
    /// The number of attempts and the waits, if gRPC can express everything else.
    pub(super) fn grpc_waits(&self) -> Result<(u32, Vec<Duration>), ConfigError> {
        let refused = |key: &str, problem: &str| Err(ConfigError::beyond_grpc(key, problem));
        let growing = self.growing()?;
        if let Some((key, problem)) = obstacle(&self.settings) {
            return refused(key, problem);
        }
        let jitter = self.settings.jitter;
        if !matches!(jitter, Jitter::Proportional(part) if part.to_bits() == SPREAD.to_bits()) {
            let problem = format!(
                "its jitter is `{}`, and gRPC spreads waits by 20 % up and down; write `jitter = \"proportional(0.2)\"`",
                written_jitter(jitter).unwrap_or_default(),
            );
            return refused("jitter", &problem);
        }
        let attempts = self.attempts();
        if !(2..=MOST_ATTEMPTS).contains(&attempts) {
            let made = match attempts {
                u32::MAX => "its number of attempts has no limit".into(),
                attempts => format!("its number of attempts is limited to {attempts}"),
            };
            let problem = format!(
                "{made}, and gRPC clients make 2 to {MOST_ATTEMPTS}; write `max_tries = {MOST_ATTEMPTS}` or fewer"
            );
            return refused("max_tries", &problem);
        }
        let waits: Vec<_> = (1..attempts)
            .filter_map(|tries| growing.nanos(tries))
            .map(Duration::from_nanos)
            .collect();
        let max_wait = self.settings.max_wait;
        let longer = waits.iter().find(|wait| spread(**wait) > max_wait.duration());
        if let (true, Some(wait)) = (max_wait != Nanos::MAX, longer) {
            let problem = format!(
                "a wait of {:#} and 20 % of jitter are longer than `max_wait = \"{:#}\"`, which gRPC then exceeds, and this \
                 policy never does; raise it, or leave it out and write the waits as a `sequence`",
                Written(*wait),
                Written(max_wait.duration()),
            );
            return refused("max_wait", &problem);
        }
        Ok((attempts, waits))
    }

    /// The strategy, if its waits may grow by a factor.
    fn growing(&self) -> Result<&dyn Numeric, ConfigError> {
        const NO_WAIT: Constant = Constant::new(Duration::ZERO);
        match self.strategy.kind() {
            Kind::Schedule(Schedule::Expo(expo)) => Ok(expo),
            Kind::Schedule(Schedule::Constant(constant)) if *constant != NO_WAIT => Ok(constant),
            Kind::Sequence(list) if list.waits.iter().all(|wait| !wait.is_zero()) => Ok(list),
            _ => {
                let (strategy, _) = self.entries();
                let problem = format!(
                    "its strategy is `{strategy}`, and gRPC has waits above zero that grow by a factor; use `expo`, or \
                     `constant` with a `wait` above zero"
                );
                Err(ConfigError::beyond_grpc("strategy", &problem))
            }
        }
    }

    fn attempts(&self) -> u32 {
        let list = match self.strategy.kind() {
            Kind::Sequence(list) => {
                Some(u32::try_from(list.waits.len()).unwrap_or(u32::MAX).saturating_add(1))
            }
            Kind::Schedule(_) => None,
        };
        match self.settings.tries {
            Tries::Unset => list.unwrap_or(DEFAULT_MAX_TRIES),
            Tries::AtMost(most) => most.get().min(list.unwrap_or(u32::MAX)),
        }
    }
}

/// A setting that gRPC does not have, and what to do about it.
fn obstacle(settings: &Settings) -> Option<(&'static str, &'static str)> {
    let &Settings { max_time, max_asked_wait, seed, .. } = settings;
    if max_time.is_some() {
        Some((
            "max_time",
            "it has `max_time`, and gRPC limits time by the deadline of the call; leave it out",
        ))
    } else if seed.is_some() {
        Some(("seed", "it has a `seed`, and gRPC draws its own random numbers; leave it out"))
    } else if max_asked_wait != DEFAULT_ASKED {
        Some((
            "max_asked_wait",
            "it has `max_asked_wait`, and gRPC obeys every wait that a server asks for; leave it out",
        ))
    } else {
        None
    }
}
