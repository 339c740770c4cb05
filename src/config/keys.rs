//! The keys of a configuration, and what to say of others.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::error::ConfigError;
use super::value::Value;

/// A key.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// The strategies that have it; all, if none is named.
    pub(super) strategies: &'static [&'static str],
    /// How it is written, for messages.
    form: &'static str,
}

const fn key(name: &'static str, form: &'static str, strategies: &'static [&'static str]) -> Key {
    Key { name, strategies, form }
}

/// All strategies, each with the key that it cannot do without.
pub(super) const STRATEGIES: [(&str, Option<&str>); 7] = [
    ("expo", None),
    ("fibo", None),
    ("constant", Some("wait")),
    ("linear", Some("step")),
    ("decay", None),
    ("decorrelated", Some("base")),
    ("sequence", Some("waits")),
];

/// All keys, in the order in which they are written.
pub(super) const KEYS: [Key; 19] = [
    key("strategy", "strategy = \"expo\"", &[]),
    key("wait", "wait = \"1s\"", &["constant"]),
    key("first_wait", "first_wait = \"100ms\"", &["expo", "fibo", "linear", "decay"]),
    key("step", "step = \"1s\"", &["linear"]),
    key("base", "base = \"100ms\"", &["decorrelated"]),
    key("waits", "waits = [\"1s\", \"5s\", \"1m\"]", &["sequence"]),
    key("factor", "factor = 2", &["expo"]),
    key("decay_factor", "decay_factor = 0.5", &["decay"]),
    key("min_wait", "min_wait = \"100ms\"", &["decay"]),
    key("max_wait", "max_wait = \"10s\"", &[]),
    key("max_asked_wait", "max_asked_wait = \"1h\"", &[]),
    key("max_tries", "max_tries = 5", &[]),
    key("max_time", "max_time = \"1m 30s\"", &[]),
    key("forever", "forever = true", &[]),
    key("last_wait_may_overrun", "last_wait_may_overrun = true", &[]),
    key("no_attempt_after_deadline", "no_attempt_after_deadline = true", &[]),
    key("nested", "nested = \"once\"", &[]),
    key("jitter", "jitter = \"full\"", &[]),
    key("seed", "seed = 7", &[]),
];

pub(super) const FLAGS: [&str; 3] =
    ["forever", "last_wait_may_overrun", "no_attempt_after_deadline"];

/// What only code can set, since it is a function, or shared, or lives as long as the program.
const IN_CODE: [&str; 20] = [
    "retry_if",
    "retry_if_shared",
    "until",
    "retry_after",
    "retry_after_value",
    "condition",
    "budget",
    "observe",
    "target",
    "clock",
    "cancelled_by",
    "on_try",
    "on_success",
    "on_backoff",
    "on_giveup",
    "on_try_async",
    "on_success_async",
    "on_backoff_async",
    "on_giveup_async",
    "attempt_timeout",
];

pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// How a key is written.
pub(super) fn form(name: &str) -> &'static str {
    find(name).map_or("", |key| key.form)
}

pub(super) fn unknown(name: &str, value: &Value) -> ConfigError {
    let problem = if IN_CODE.contains(&name) {
        format!(
            "it cannot be configured; set it in the program, by `.{name}(..)` on the policy that the configuration makes"
        )
    } else if matches!(name, "max_retries" | "retries" | "num_retries" | "retry_count") {
        String::from(
            "there is no such key; write `max_tries`, which also counts the first attempt: 3 retries are `max_tries = 4`",
        )
    } else if let Some(key) = nearest(name, KEYS.iter().map(|key| key.name)).or_else(|| alias(name))
    {
        format!("there is no such key; perhaps you mean `{key}`, as in `{}`", form(key))
    } else {
        let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        format!("there is no such key; the keys are {}", names.join(", "))
    };
    ConfigError::of(name, &format!("{value}"), &problem)
}

pub(super) fn unknown_strategy(name: &str) -> ConfigError {
    let names = STRATEGIES.map(|(name, _)| name);
    let problem = match (alias_of_strategy(name), nearest(name, names.into_iter())) {
        (Some("max_tries"), _) => {
            String::from("there is no such strategy; for a single attempt write `max_tries = 1`")
        }
        (Some("code"), _) => String::from(
            "it cannot be configured, since it is a function; make the policy in the program",
        ),
        (Some(other), _) | (None, Some(other)) => {
            format!("there is no such strategy; perhaps you mean `{other}`")
        }
        (None, None) => {
            format!("there is no such strategy; the strategies are {}", names.join(", "))
        }
    };
    ConfigError::of("strategy", &format!("{}", Value::Text(name.into())), &problem)
}

/// What others call a strategy.
fn alias_of_strategy(name: &str) -> Option<&'static str> {
    Some(match name {
        "exponential" | "exponential_backoff" => "expo",
        "fibonacci" => "fibo",
        "fixed" | "interval" => "constant",
        "list" | "schedule" => "sequence",
        "none" | "off" | "never" | "once" => "max_tries",
        "from_fn" | "runtime" | "new" => "code",
        _ => return None,
    })
}

/// What others call a key.
fn alias(name: &str) -> Option<&'static str> {
    Some(match name {
        "max_attempts" | "attempts" | "tries" | "times" => "max_tries",
        "max_delay" | "max_interval" | "max_backoff" | "max_value" | "maximum_interval" => {
            "max_wait"
        }
        "min_delay" | "initial_delay" | "initial_interval" | "initial_backoff" | "initial" => {
            "first_wait"
        }
        "delay" | "interval" => "wait",
        "multiplier" | "exp_base" | "exponent" | "backoff_multiplier" => "factor",
        "deadline" | "timeout" | "max_elapsed_time" | "total_timeout" | "max_duration" => {
            "max_time"
        }
        "backoff" | "type" | "kind" | "policy" => "strategy",
        "delays" | "intervals" | "list" => "waits",
        _ => return None,
    })
}

/// The most similar name, if one is similar.
fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // Longer ones are no misspellings, and would take long to compare.
    if name.len() > 40 {
        return None;
    }
    let most = (name.len() / 3).max(1);
    names
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// The number of characters to insert, remove or replace. Letters are compared without their case, and `-` is `_`.
fn distance(one: &str, other: &str) -> usize {
    let plain = |c: char| if c == '-' { '_' } else { c.to_ascii_lowercase() };
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, character) in one.chars().map(plain).enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (place, expected) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(character != char::from(expected));
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}
