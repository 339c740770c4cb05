//! Policies that are configured: [`RetryConfig`], read from a file, from environment variables or from one line of text.
//!
//! A configuration makes a policy, [`Retry<OwnedSchedule>`](crate::wait::OwnedSchedule), and is made of one that is data.
//! [`GrpcRetryPolicy`] is the same for the service config of gRPC. The guide has a
//! [recipe](crate::guide::recipes#configuration).

mod check;
mod duration;
mod error;
mod grpc;
mod keys;
mod line;
mod read;
mod serde;
mod value;
mod write;

pub use error::ConfigError;
pub use grpc::GrpcRetryPolicy;
pub use write::Textual;

use core::fmt;
use core::time::Duration;

use crate::clock::{Punctual, SystemClock};
use crate::condition::AnyError;
use crate::nanos::Nanos;
use crate::policy::Retry;
use crate::policy::settings::{LastWait, Settings};
use crate::wait::jitter::Jitter;
use crate::wait::owned::OwnedSchedule;
use crate::wait::strategies::Expo;

/// The data of a retry policy, as it is written in a configuration.
///
/// ```
/// use std::time::Duration;
/// use relent::wait::OwnedSchedule;
/// use relent::{Retry, RetryConfig};
///
/// struct Client {
///     retry: Retry<OwnedSchedule>,
/// }
///
/// let config: RetryConfig = serde_json::from_str(
///     r#"{ "strategy": "expo", "first_wait": "100ms", "max_wait": "10s", "max_tries": 5 }"#,
/// )?;
/// let client = Client { retry: config.policy()? };
/// assert!(client.retry.waits().eq([100, 200, 400, 800].map(Duration::from_millis)));
/// assert_eq!(config.to_string(), "expo first_wait=100ms max_wait=10s max_tries=5 jitter=full");
/// assert_eq!(config, "expo max_tries=5 max_wait=10s first_wait=100ms".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is read from anything that `serde` reads: a table of keys, or one line of text, as above. Numbers and booleans may be
/// texts, as they are in environment variables. It is checked when it is read, so that one that exists makes a policy.
///
/// | key | value | default | strategies |
/// |---|---|---|---|
/// | `strategy` | `expo`, `fibo`, `constant`, `linear`, `decay`, `decorrelated` or `sequence` | `expo` | |
/// | `first_wait` | duration | `1s`; of `linear`, the step | `expo`, `fibo`, `linear`, `decay` |
/// | `factor` | number above zero | 2 | `expo` |
/// | `wait` | duration, may be `0s` | required | `constant` |
/// | `step` | duration | required | `linear` |
/// | `base` | duration | required | `decorrelated` |
/// | `waits` | list of durations | required | `sequence` |
/// | `decay_factor` | number, not negative | 1 | `decay` |
/// | `min_wait` | duration | `0s` | `decay` |
/// | `max_wait` | duration | no cap | all |
/// | `max_asked_wait` | duration, or `unlimited` | `1h` | all |
/// | `max_tries` | whole number, at least 1 | 10, unless `max_time`, `forever` or a list of waits limits the run | all |
/// | `max_time` | duration | no limit | all |
/// | `forever` | `true` removes the default limit of 10 tries | `false` | all but `sequence` |
/// | `last_wait_may_overrun` | `true` or `false` | `false` | all, with `max_time` |
/// | `no_attempt_after_deadline` | `true` or `false` | `false` | all, with `max_time` |
/// | `nested` | `allow`, or `once`: one attempt inside of another run | `allow` | all |
/// | `jitter` | `full`, `equal`, `none`, `additive(500ms)` or `proportional(0.2)` | `full` | all; of `decorrelated`, `none` alone |
/// | `seed` | whole number | random | all |
///
/// Each key means what the method of that name means. Durations have units: `100ms`, `1.5s`, `1m 30s`; the units are `ns`,
/// `us`, `ms`, `s`, `m`, `h` and `d`. A key that is unknown, that the strategy does not have, or that contradicts another one
/// is an error.
///
/// In a struct of your own, `#[serde(default)]` makes a missing configuration that of [`Retry::expo`], and `#[serde(flatten)]`
/// puts its keys beside the others.
///
/// Two configurations are equal if they make the same policy: `expo` is `expo first_wait=1s`.
///
/// Conditions, handlers, budgets, clocks and targets are code: add them to the policy. A policy that has them is refused by
/// `try_from`, so add them to a default in a `static` only when it is run. For a configuration of a policy
/// that exists, use `RetryConfig::try_from(&policy)`.
#[derive(Clone)]
#[must_use = "a configuration does nothing: `.policy()` makes a policy of it"]
pub struct RetryConfig {
    strategy: OwnedSchedule,
    /// Without a target.
    settings: Settings,
}

impl RetryConfig {
    /// The JSON Schema of a configuration, for editors and for checks before a program starts.
    ///
    /// ```
    /// let schema: serde_json::Value = serde_json::from_str(relent::RetryConfig::JSON_SCHEMA)?;
    /// assert_eq!(schema["title"], "Retry configuration");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// It accepts every configuration that is accepted here. Some contradictions it cannot see: a wait that is longer than
    /// `max_wait`, a `min_wait` that is longer than `first_wait`, and mistakes in a line of text.
    pub const JSON_SCHEMA: &'static str = include_str!("schema.json");

    /// Returns the policy that this configuration describes.
    ///
    /// ```
    /// use relent::{Retry, RetryConfig, TestClock};
    ///
    /// let config: RetryConfig = "constant wait=2s max_tries=3".parse()?;
    /// let policy = config.policy()?;
    /// let clock = TestClock::new();
    /// assert_eq!(policy.clock(&clock).run(|| Err::<(), _>("down")), Err("down"));
    /// assert_eq!(clock.waits().len(), 2);
    /// # Ok::<(), relent::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `no_attempt_after_deadline` is set, since that is part of a policy's type: see
    /// [`punctual_policy`](Self::punctual_policy).
    pub fn policy(&self) -> Result<Retry<OwnedSchedule>, ConfigError> {
        if self.settings.last_wait == LastWait::MustFit {
            return Err(ConfigError::of(
                "no_attempt_after_deadline",
                "true",
                "it is part of a policy's type, and this program makes a policy without it; leave it out, or let the \
                 program call `RetryConfig::punctual_policy`",
            ));
        }
        Ok(self.with_clock(SystemClock))
    }

    /// Returns the policy that this configuration describes, with a type that allows `no_attempt_after_deadline`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{RetryConfig, TestClock};
    ///
    /// let config: RetryConfig = "expo max_time=10s no_attempt_after_deadline=true jitter=none".parse()?;
    /// let clock = TestClock::new();
    /// config.punctual_policy().clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(clock.waits(), [1, 2, 4].map(Duration::from_secs));
    /// # Ok::<(), relent::config::ConfigError>(())
    /// ```
    ///
    /// It does what the configuration says, also without that key. Its runs keep their last outcome through each wait: see
    /// [`Retry::no_attempt_after_deadline`].
    pub fn punctual_policy(&self) -> Retry<OwnedSchedule, AnyError, (), Punctual<SystemClock>> {
        self.with_clock(Punctual { clock: SystemClock })
    }

    fn with_clock<Z>(&self, clock: Z) -> Retry<OwnedSchedule, AnyError, (), Z> {
        let Self { strategy, settings } = self.clone();
        Retry { strategy, condition: AnyError, observer: (), clock, settings }
    }
}

/// The configuration of [`Retry::expo`].
impl Default for RetryConfig {
    fn default() -> Self {
        Self { strategy: Expo::DEFAULT.into(), settings: Settings::DEFAULT }
    }
}

impl PartialEq for RetryConfig {
    fn eq(&self, other: &Self) -> bool {
        // All of them by name, so that no new one is forgotten.
        let data = |settings: &Settings| {
            let &Settings {
                tries,
                max_time,
                last_wait,
                nested,
                max_wait,
                max_asked_wait,
                jitter,
                has_own_window: _,
                seed,
                target: _,
            } = settings;
            let jitter = match jitter {
                Jitter::Full => (0, Duration::ZERO, 0.0),
                Jitter::Equal => (1, Duration::ZERO, 0.0),
                Jitter::Additive(most) => (2, most, 0.0),
                Jitter::Proportional(part) => (3, Duration::ZERO, part),
                // No configuration has a function.
                Jitter::None | Jitter::Between(_) | Jitter::Custom(_) => (4, Duration::ZERO, 0.0),
            };
            (tries, max_time, last_wait, nested, max_wait, max_asked_wait, jitter, seed)
        };
        self.strategy == other.strategy && data(&self.settings) == data(&other.settings)
    }
}

impl fmt::Debug for RetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RetryConfig({self})")
    }
}

/// The longest asked wait, unless it is set.
const DEFAULT_ASKED: Nanos = Settings::DEFAULT.max_asked_wait;
