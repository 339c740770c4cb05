//! A configuration as one line of text: `expo first_wait=100ms max_tries=5 jitter=full`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::nanos::Nanos;
use crate::policy::settings::{LastWait, Nested, Settings, Tries};
use crate::wait::jitter::Jitter;
use crate::wait::owned::Kind;
use crate::wait::schedule::Schedule;
use crate::wait::strategies::{Decay, Expo, Linear};

use super::duration::Written;
use super::error::ConfigError;
use super::keys::FLAGS;
use super::read::{Given, is_unlimited};
use super::value::{Value, written_float, written_jitter};
use super::{DEFAULT_ASKED, RetryConfig};

/// A value, as it is written.
pub(super) enum Entry {
    Duration(Duration),
    Number(f64),
    Integer(u64),
    Flag,
    Text(String),
    List(Vec<Duration>),
}

impl RetryConfig {
    /// The name of the strategy, and all keys that are not what they are unless set. Jitter is always named.
    pub(super) fn entries(&self) -> (&'static str, Vec<(&'static str, Entry)>) {
        let mut entries = Vec::new();
        let strategy = match self.strategy.kind() {
            Kind::Sequence(list) => {
                entries.push(("waits", Entry::List(list.waits.to_vec())));
                "sequence"
            }
            Kind::Schedule(schedule) => entries_of(*schedule, &mut entries),
        };
        let &Settings {
            tries,
            max_time,
            last_wait,
            nested,
            max_wait,
            max_asked_wait,
            jitter,
            seed,
            ..
        } = &self.settings;
        let mut push = |key, entry: Option<Entry>| entries.extend(entry.map(|entry| (key, entry)));
        push("max_wait", (max_wait != Nanos::MAX).then(|| Entry::Duration(max_wait.duration())));
        push(
            "max_asked_wait",
            match max_asked_wait {
                DEFAULT_ASKED => None,
                Nanos::MAX => Some(Entry::Text("unlimited".into())),
                most => Some(Entry::Duration(most.duration())),
            },
        );
        let unlimited = is_unlimited(tries);
        if let Tries::AtMost(most) = tries {
            push("max_tries", (!unlimited).then(|| Entry::Integer(most.get().into())));
        }
        push("max_time", max_time.map(Entry::Duration));
        push("forever", (unlimited && max_time.is_none()).then_some(Entry::Flag));
        push("last_wait_may_overrun", (last_wait == LastWait::MayOverrun).then_some(Entry::Flag));
        push("no_attempt_after_deadline", (last_wait == LastWait::MustFit).then_some(Entry::Flag));
        push("nested", (nested == Nested::Once).then(|| Entry::Text("once".into())));
        if strategy != "decorrelated" || matches!(jitter, Jitter::None) {
            push("jitter", written_jitter(jitter).ok().map(Entry::Text));
        }
        push("seed", seed.map(Entry::Integer));
        (strategy, entries)
    }
}

fn entries_of(schedule: Schedule, entries: &mut Vec<(&'static str, Entry)>) -> &'static str {
    const SECOND: Duration = Duration::from_secs(1);
    let mut duration = |key, wait: Duration, default: Option<Duration>| {
        if default != Some(wait) {
            entries.push((key, Entry::Duration(wait)));
        }
    };
    match schedule {
        Schedule::Expo(Expo { first_wait, factor }) => {
            duration("first_wait", first_wait.duration(), Some(SECOND));
            if factor.to_bits() != 2_f64.to_bits() {
                entries.push(("factor", Entry::Number(factor)));
            }
            "expo"
        }
        Schedule::Fibo(fibo) => {
            duration("first_wait", fibo.first_wait.duration(), Some(SECOND));
            "fibo"
        }
        Schedule::Constant(constant) => {
            duration("wait", constant.wait.duration(), None);
            "constant"
        }
        Schedule::Linear(Linear { first_wait, step }) => {
            duration("first_wait", first_wait.duration(), Some(step.duration()));
            duration("step", step.duration(), None);
            "linear"
        }
        Schedule::Decay(Decay { first_wait, factor, min_wait }) => {
            duration("first_wait", first_wait.duration(), Some(SECOND));
            duration("min_wait", min_wait, Some(Duration::ZERO));
            if factor.to_bits() != 1_f64.to_bits() {
                entries.push(("decay_factor", Entry::Number(factor)));
            }
            "decay"
        }
        Schedule::Decorrelated(decorrelated) => {
            duration("base", decorrelated.base.duration(), None);
            "decorrelated"
        }
        // An `OwnedSchedule` holds its own list.
        Schedule::Sequence(list) => {
            entries.push(("waits", Entry::List(list.waits.to_vec())));
            "sequence"
        }
    }
}

/// One line, with all keys that are not what they are unless set, and the jitter: `expo max_tries=5 jitter=full`.
///
/// [`FromStr`] reads it back.
impl fmt::Display for RetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (strategy, entries) = self.entries();
        f.write_str(strategy)?;
        for (key, entry) in entries {
            write!(f, " {key}=")?;
            match entry {
                Entry::Duration(wait) => write!(f, "{}", Written(wait))?,
                Entry::Number(number) => f.write_str(&written_float(number))?,
                Entry::Integer(number) => write!(f, "{number}")?,
                Entry::Flag => f.write_str("true")?,
                Entry::Text(text) => f.write_str(&text)?,
                Entry::List(waits) => {
                    let waits: Vec<_> =
                        waits.into_iter().map(|wait| Written(wait).to_string()).collect();
                    write!(f, "[{}]", waits.join(","))?;
                }
            }
        }
        Ok(())
    }
}

/// Reads one line of text.
///
/// ```
/// use relent::RetryConfig;
///
/// let config: RetryConfig = "sequence waits=[1s, 5s, 1m 30s] max_time = 1h jitter=additive(500ms)".parse()?;
/// assert_eq!(config.to_string(), "sequence waits=[1s,5s,1m30s] max_time=1h jitter=additive(500ms)");
/// let forever: RetryConfig = "fibo forever max_wait=1m".parse()?;
/// assert_eq!(forever.to_string(), "fibo max_wait=1m forever=true jitter=full");
/// # Ok::<(), relent::config::ConfigError>(())
/// ```
///
/// The strategy comes first, then the keys in any order. Values may contain spaces. A key without a value is `true`.
///
/// # Errors
///
/// Returns an error as [`RetryConfig`] describes them.
impl FromStr for RetryConfig {
    type Err = ConfigError;

    fn from_str(line: &str) -> Result<Self, ConfigError> {
        let mut pieces = line.split('=');
        let mut given = Given::default();
        // Each piece is a value, and ends with the name of the next key.
        let mut key = "strategy";
        let mut piece = pieces.next().unwrap_or_default();
        let mut is_empty = true;
        loop {
            let next = pieces.next();
            let (value, next_key) = match next {
                Some(_) => split_last_word(piece),
                None => (piece, ""),
            };
            let (value, flags) = without_flags(value);
            if key == "strategy" && value.contains(' ') {
                let problem = "a line begins with one strategy, and each key after it has a `=` and a value, such as \
                               `expo max_tries=5`";
                return Err(ConfigError::of(key, &Value::Text(value).to_string(), problem));
            }
            if !value.is_empty() || key != "strategy" {
                is_empty = false;
                given.add(key, Value::Text(value))?;
            }
            for flag in flags {
                is_empty = false;
                given.add(flag, Value::Flag(true))?;
            }
            let Some(following) = next else { break };
            if next_key.is_empty() {
                return Err(ConfigError::whole(
                    "a `=` has no key before it; write a line such as `expo first_wait=100ms max_tries=5`",
                ));
            }
            (key, piece) = (next_key, following);
        }
        if is_empty {
            return Err(ConfigError::whole(
                "it is empty; write a line such as `expo first_wait=100ms max_tries=5`",
            ));
        }
        given.config()
    }
}

/// Splits off the last word.
fn split_last_word(piece: &str) -> (&str, &str) {
    let piece = piece.trim_end();
    match piece.rfind(char::is_whitespace) {
        Some(at) => (&piece[..at], piece[at..].trim_start()),
        None => ("", piece),
    }
}

/// The words that are no flags, and the flags, which need no value.
fn without_flags(value: &str) -> (String, Vec<&'static str>) {
    let mut flags = Vec::new();
    let mut words = Vec::new();
    for word in value.split_whitespace() {
        match FLAGS.iter().find(|flag| **flag == word) {
            Some(flag) => flags.push(*flag),
            None => words.push(word),
        }
    }
    let value = words.join(" ");
    let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    (unquoted.map(String::from).unwrap_or(value), flags)
}
