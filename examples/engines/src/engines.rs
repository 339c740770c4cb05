//! The conversions.

use std::time::Duration;

use relent::{Jitter, MaxTries, Retry, RetryConfig};
use serde_json::{Value, json};

use crate::data::Data;
use crate::{Converted, Inexpressible};

/// The `RetryPolicy` of a Temporal activity or workflow, as JSON of its protocol buffer.
///
/// # Errors
///
/// If the waits do not grow by a factor of at least 1.
pub fn temporal(config: &RetryConfig) -> Result<Converted, Inexpressible> {
    const ENGINE: &str = "Temporal";
    let mut data = Data::of(config, ENGINE)?;
    growing(&data, ENGINE)?;
    if !matches!(data.jitter, Jitter::None) {
        data.differs("its jitter: Temporal has no setting for jitter; write `jitter = \"none\"`");
    }
    if data.max_time.is_some() {
        data.differs("its `max_time`: it is no part of the retry policy; set the activity's `ScheduleToCloseTimeout`");
    }
    let first = data.max_wait.map_or(data.first_wait, |most| data.first_wait.min(most));
    let mut policy = json!({
        "initialInterval": proto(first),
        "backoffCoefficient": data.factor,
        // Zero is no limit.
        "maximumAttempts": data.max_tries.unwrap_or(0),
    });
    // Left out, it would be a hundred times the first interval.
    policy["maximumInterval"] = Value::from(proto(data.max_wait.unwrap_or(LONGEST)));
    Ok(Converted { engine: ENGINE, policy, differences: data.differences })
}

/// One retrier of a state of AWS Step Functions: an element of its `Retry`. It retries all errors.
///
/// # Errors
///
/// If the waits do not grow by a factor of at least 1.
pub fn step_functions(config: &RetryConfig) -> Result<Converted, Inexpressible> {
    const ENGINE: &str = "AWS Step Functions";
    const MOST: u64 = 99_999_999;
    const LONGEST_DELAY: u64 = 31_622_399;
    let mut data = Data::of(config, ENGINE)?;
    growing(&data, ENGINE)?;
    let jitter = match data.jitter {
        Jitter::Full => "FULL",
        Jitter::None => "NONE",
        _ => {
            data.differs("its jitter: Step Functions has `full` and `none`; this is `full` there");
            "FULL"
        }
    };
    if data.max_time.is_some() {
        data.differs("its `max_time`: a retrier has none; set a timeout around the state");
    }
    let retries = data.max_tries.map_or(MOST, |tries| u64::from(tries - 1).min(MOST));
    if data.max_tries.is_none() {
        data.differs(format!(
            "it has no limit of attempts: Step Functions stops after {MOST} retries"
        ));
    }
    let interval = whole_seconds(&mut data, "first wait", 1..=MOST, |data| data.first_wait);
    let mut policy = json!({
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": interval,
        "BackoffRate": data.factor,
        "MaxAttempts": retries,
        "JitterStrategy": jitter,
    });
    if let Some(most) = data.max_wait {
        let most = whole_seconds(&mut data, "`max_wait`", 1..=LONGEST_DELAY, |_| most);
        policy["MaxDelaySeconds"] = Value::from(most);
    }
    Ok(Converted { engine: ENGINE, policy, differences: data.differences })
}

/// The `RetryPolicy` of an `EventBridge` target. It has limits alone, so that there is always a difference: the waits.
pub fn event_bridge(config: &RetryConfig) -> Converted {
    const ENGINE: &str = "EventBridge";
    const MOST_RETRIES: usize = 185;
    let policy = config.punctual_policy();
    let mut differences = vec![String::from(
        "its waits and its jitter: EventBridge computes both itself, without a setting",
    )];
    // A list of waits ends by itself.
    let limit = match policy.get_max_tries() {
        MaxTries::AtMost(tries) => Retry::new(policy.get_strategy().clone()).max_tries(tries),
        MaxTries::Default => Retry::new(policy.get_strategy().clone()),
        MaxTries::Unlimited => Retry::new(policy.get_strategy().clone()).forever(),
    };
    let retries = limit.waits().take(MOST_RETRIES + 1).count();
    if retries > MOST_RETRIES {
        differences.push(format!(
            "its number of attempts: EventBridge stops after {MOST_RETRIES} retries"
        ));
    }
    let age = policy.get_max_time();
    let seconds = age.map_or(86_400, |age| age.as_secs().clamp(60, 86_400));
    if age != Some(Duration::from_secs(seconds)) {
        differences.push(format!(
            "its time limit: EventBridge has whole seconds from 60 to 86400, and stops after {seconds} here"
        ));
    }
    let policy = json!({
        "MaximumRetryAttempts": retries.min(MOST_RETRIES),
        "MaximumEventAgeInSeconds": seconds,
    });
    Converted { engine: ENGINE, policy, differences }
}

/// The numbers of Restate's `RunRetryPolicy`, under the names of its setters. Durations are in milliseconds.
///
/// # Errors
///
/// If the waits do not grow by a factor of at least 1.
pub fn restate(config: &RetryConfig) -> Result<Converted, Inexpressible> {
    const ENGINE: &str = "Restate";
    let mut data = Data::of(config, ENGINE)?;
    growing(&data, ENGINE)?;
    data.differs("its jitter: Restate lengthens each wait by up to 30 %, without a setting");
    #[expect(
        clippy::cast_possible_truncation,
        reason = "Restate has 32 bits, and a loss is reported"
    )]
    let factor = data.factor as f32;
    if f64::from(factor).to_bits() != data.factor.to_bits() {
        data.differs(format!(
            "its `factor = {}`: Restate has 32 bits for it, and takes {factor}",
            data.factor
        ));
    }
    let mut policy = json!({
        "initial_delay": millis(&mut data, "first wait", |data| Some(data.first_wait)),
        "exponentiation_factor": factor,
    });
    for (key, name, value) in
        [("max_delay", "`max_wait`", data.max_wait), ("max_duration", "`max_time`", data.max_time)]
    {
        let value = millis(&mut data, name, |_| value);
        if !value.is_null() {
            policy[key] = value;
        }
    }
    if let Some(tries) = data.max_tries {
        policy["max_attempts"] = Value::from(tries);
    }
    Ok(Converted { engine: ENGINE, policy, differences: data.differences })
}

/// The longest duration of a protocol buffer: ten thousand years.
const LONGEST: Duration = Duration::from_secs(315_576_000_000);

/// A duration as JSON has it in protocol buffers.
fn proto(wait: Duration) -> String {
    let (seconds, nanos) = (wait.min(LONGEST).as_secs(), wait.min(LONGEST).subsec_nanos());
    match nanos {
        0 => format!("{seconds}s"),
        nanos => format!("{seconds}.{}s", format!("{nanos:09}").trim_end_matches('0')),
    }
}

/// Refuses waits that shrink, or are zero: no engine has them.
fn growing(data: &Data, engine: &'static str) -> Result<(), Inexpressible> {
    let refused = |obstacle: String| Err(Inexpressible { engine, obstacles: vec![obstacle] });
    if data.first_wait.is_zero() {
        return refused("its waits are zero, and engines need one above zero".into());
    }
    if data.factor < 1.0 {
        return refused(format!(
            "its `factor = {}` is below 1, and waits of engines do not shrink",
            data.factor
        ));
    }
    Ok(())
}

fn whole_seconds(
    data: &mut Data,
    name: &str,
    range: std::ops::RangeInclusive<u64>,
    wait: impl FnOnce(&Data) -> Duration,
) -> u64 {
    let wait = wait(data);
    let (least, most) = range.into_inner();
    let rounded_up = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    let seconds = rounded_up.clamp(least, most);
    if Duration::from_secs(seconds) != wait {
        data.differs(format!("its {name} of {wait:?}: it must be whole seconds from {least} to {most}, here {seconds}"));
    }
    seconds
}

fn millis(data: &mut Data, name: &str, time: impl FnOnce(&Data) -> Option<Duration>) -> Value {
    let Some(time) = time(data) else { return Value::Null };
    let millis = u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    if Duration::from_millis(millis) != time {
        data.differs(format!(
            "its {name} of {time:?}: Restate has whole milliseconds, here {millis}"
        ));
    }
    Value::from(millis)
}
