//! The retry policy of gRPC's service config.

mod read;
mod write;

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::nanos::Nanos;
use crate::policy::settings::Settings;
use crate::wait::Numeric;
use crate::wait::jitter::Jitter;
use crate::wait::owned::{Kind, OwnedSchedule};
use crate::wait::schedule::Schedule;
use crate::wait::strategies::Expo;

use super::RetryConfig;
use super::error::ConfigError;
use super::value::Value;

/// The most attempts that a gRPC client makes, whatever its service config says.
const MOST_ATTEMPTS: u32 = 5;

/// What a gRPC client draws its waits from: 80 % to 120 %.
const SPREAD: f64 = 0.2;

/// The status codes, each at the place of its number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The `retryPolicy` of a gRPC service config, read or to be written.
///
/// ```
/// use relent::config::GrpcRetryPolicy;
///
/// let policy: GrpcRetryPolicy = serde_json::from_str(
///     r#"{
///         "maxAttempts": 4,
///         "initialBackoff": "0.1s",
///         "maxBackoff": "1s",
///         "backoffMultiplier": 2,
///         "retryableStatusCodes": ["UNAVAILABLE"]
///     }"#,
/// )?;
/// assert_eq!(
///     policy.config().to_string(),
///     "expo first_wait=100ms max_wait=1s max_tries=4 jitter=proportional(0.2)",
/// );
/// assert!(policy.retries(14)); // UNAVAILABLE: for `retry_if(|status| grpc.retries(status.code() as u32))`
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// It follows the proposal A6 of gRPC: at most 5 attempts, also where more are configured, and waits that are spread by
/// 20 % up and down. Its status codes are no part of a [`RetryConfig`], since they are a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct GrpcRetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    multiplier: f64,
    /// A bit for each code.
    codes: u32,
}

/// A duration as JSON has it in protocol buffers: `0.1s`.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if nanos == 0 {
            return write!(f, "{seconds}s");
        }
        let fraction = format!("{nanos:09}");
        write!(f, "{seconds}.{}s", fraction.trim_end_matches('0'))
    }
}

impl GrpcRetryPolicy {
    /// Describes a configuration for gRPC clients.
    ///
    /// ```
    /// use relent::RetryConfig;
    /// use relent::config::GrpcRetryPolicy;
    ///
    /// let config: RetryConfig = "expo first_wait=500ms max_wait=10s max_tries=4 jitter=proportional(0.2)".parse()?;
    /// let grpc = GrpcRetryPolicy::try_new(&config, ["UNAVAILABLE"])?;
    /// assert_eq!(
    ///     serde_json::to_string(&grpc).unwrap(),
    ///     r#"{"maxAttempts":4,"initialBackoff":"0.5s","maxBackoff":"10s","backoffMultiplier":2.0,"retryableStatusCodes":["UNAVAILABLE"]}"#,
    /// );
    /// let refused = GrpcRetryPolicy::try_new(&"fibo max_tries=4".parse()?, ["UNAVAILABLE"]).unwrap_err();
    /// assert!(refused.to_string().contains("`fibo`"), "{refused}");
    /// # Ok::<(), relent::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error for everything that gRPC cannot express: a strategy other than `expo`, `constant`, or a list that
    /// is the same as one of these; another jitter than `proportional(0.2)`; other than 2 to 5 attempts; a limit of time; a
    /// seed; and a `max_wait` that a spread wait would exceed, since gRPC spreads a wait after it is capped. Also if a status
    /// code is unknown or there is none.
    pub fn try_new<'c>(
        config: &RetryConfig,
        codes: impl IntoIterator<Item = &'c str>,
    ) -> Result<Self, ConfigError> {
        let values: Vec<_> = codes.into_iter().map(|code| Value::Text(code.into())).collect();
        let codes = read::codes(&Value::List(values))?;
        let (attempts, waits) = config.grpc_waits()?;
        let first = waits.first().copied().unwrap_or_default();
        let longest = waits.iter().copied().max().unwrap_or_default();
        let max_backoff = match config.settings.max_wait {
            Nanos::MAX => longest,
            most => most.duration(),
        };
        let with = |multiplier| Self {
            max_attempts: attempts,
            initial_backoff: first,
            max_backoff,
            multiplier,
            codes,
        };
        match config.strategy.kind() {
            Kind::Schedule(Schedule::Expo(expo)) => Ok(with(expo.factor)),
            Kind::Schedule(_) => Ok(with(1.0)),
            // A list may be one that gRPC computes, or not. Which of its waits a maximum has cut is not known.
            Kind::Sequence(_) => (0..waits.len())
                .rev()
                .map(|place| with(growth(first, waits[place], place)))
                .find(|grpc| grpc.is_about(&waits))
                .ok_or_else(|| {
                    ConfigError::beyond_grpc(
                        "waits",
                        "the list of waits is not one that grows by a factor up to a maximum; use `expo` or `constant`",
                    )
                }),
        }
    }

    /// Whether these are the waits, but for rounding.
    fn is_about(&self, waits: &[Duration]) -> bool {
        let close =
            |(one, other): (&Duration, &Duration)| one.abs_diff(*other) <= Duration::from_nanos(1);
        self.waits().iter().zip(waits).all(close)
    }

    /// Returns the configuration of a policy that waits as a gRPC client does.
    ///
    /// gRPC spreads a wait after it is capped by `maxBackoff`, so that it may be 20 % longer than that. Here
    /// [`max_wait`](crate::Retry::max_wait) is never exceeded. Where that would make a difference, the configuration is a
    /// `sequence` of the waits, of which there are at most four.
    ///
    /// ```
    /// # use relent::config::GrpcRetryPolicy;
    /// let policy: GrpcRetryPolicy = serde_json::from_str(
    ///     r#"{ "maxAttempts": 9, "initialBackoff": "1s", "maxBackoff": "3s", "backoffMultiplier": 2,
    ///          "retryableStatusCodes": ["UNAVAILABLE", "ABORTED"] }"#,
    /// )?;
    /// assert_eq!(policy.config().to_string(), "sequence waits=[1s,2s,3s,3s] jitter=proportional(0.2)");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn config(&self) -> RetryConfig {
        let mut settings = Settings { jitter: Jitter::Proportional(SPREAD), ..Settings::DEFAULT };
        let waits = self.waits();
        let expo = Expo::try_new(self.initial_backoff, self.multiplier).ok();
        let fits = waits.iter().all(|wait| spread(*wait) <= self.max_backoff);
        let strategy = match expo.filter(|_| fits) {
            Some(expo) => {
                settings.max_wait = Nanos::of(self.max_backoff);
                let attempts = self.max_attempts.min(MOST_ATTEMPTS);
                settings = settings.try_max_tries(attempts).unwrap_or(settings);
                OwnedSchedule::from(expo)
            }
            None => waits.into(),
        };
        RetryConfig { strategy, settings }
    }

    /// Returns whether calls that end with the status code of this number are retried.
    ///
    /// ```
    /// # use relent::config::GrpcRetryPolicy;
    /// # use relent::TestClock;
    /// let grpc = GrpcRetryPolicy::try_new(
    ///     &"constant wait=1s max_tries=3 jitter=proportional(0.2)".parse()?,
    ///     ["UNAVAILABLE"],
    /// )?;
    /// let policy = grpc.config().policy()?.retry_if(|code: &u32| grpc.retries(*code));
    /// # let policy = policy.clock(TestClock::new());
    /// let mut calls = 0;
    /// let outcome = policy.run(|| { calls += 1; Err::<(), _>(5) }); // NOT_FOUND
    /// assert_eq!((outcome, calls), (Err(5), 1));
    /// # Ok::<(), relent::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn retries(&self, code: u32) -> bool {
        self.codes.checked_shr(code).unwrap_or(0) & 1 == 1
    }

    /// Returns the names of the status codes whose calls are retried.
    ///
    /// ```
    /// # use relent::config::GrpcRetryPolicy;
    /// let grpc = GrpcRetryPolicy::try_new(
    ///     &"constant wait=1s max_tries=2 jitter=proportional(0.2)".parse()?,
    ///     ["UNAVAILABLE", "ABORTED"],
    /// )?;
    /// assert!(grpc.codes().eq(["ABORTED", "UNAVAILABLE"]));
    /// # Ok::<(), relent::config::ConfigError>(())
    /// ```
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        let codes = self.codes;
        (0_u32..).zip(CODES).filter(move |(code, _)| codes >> code & 1 == 1).map(|(_, name)| name)
    }

    /// The waits before they are spread.
    fn waits(&self) -> Vec<Duration> {
        let first = self.initial_backoff;
        let expo = Expo::try_new(first, self.multiplier).ok();
        let wait = |tries| expo.and_then(|expo| expo.nanos(tries)).map(Duration::from_nanos);
        (1..self.max_attempts.min(MOST_ATTEMPTS))
            .map(|tries| wait(tries).unwrap_or(first).min(self.max_backoff))
            .collect()
    }

    /// The keys as they are written.
    pub(in crate::config) fn entries(&self) -> (u32, String, String, f64) {
        let [initial, most] =
            [self.initial_backoff, self.max_backoff].map(|wait| Seconds(wait).to_string());
        (self.max_attempts, initial, most, self.multiplier)
    }
}

/// The longest wait that gRPC makes of one.
fn spread(wait: Duration) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * (1.0 + SPREAD)).unwrap_or(Duration::MAX)
}

/// The factor by which the first wait becomes this one, so many waits later.
fn growth(first: Duration, wait: Duration, waits: usize) -> f64 {
    let times = wait.as_secs_f64() / first.as_secs_f64();
    u32::try_from(waits).map_or(1.0, |waits| times.powf(1.0 / f64::from(waits.max(1))))
}
