//! A value of a configuration, whatever format it comes from.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::policy::settings::Nested;
use crate::wait::jitter::Jitter;

use super::duration::{self, HINT, Written};

/// The most characters of a value that an error shows.
const SHOWN: usize = 60;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// Texts are numbers too: environment variables have no other.
    Integer(i128),
    Float(f64),
    Flag(bool),
    List(Vec<Value>),
    Table,
    Null,
}

/// As an error shows it, shortened.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Text(text) => {
                let mut shown: String = text.chars().take(SHOWN).collect();
                if shown.len() < text.len() {
                    shown.push('…');
                }
                return write!(f, "{shown:?}");
            }
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => written_float(*number),
            Self::Flag(flag) => flag.to_string(),
            Self::List(values) if values.len() > 4 => format!("[a list of {}]", values.len()),
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(ToString::to_string).collect();
                format!("[{}]", values.join(", "))
            }
            Self::Table => "{..}".to_string(),
            Self::Null => "null".to_string(),
        };
        f.write_str(&text)
    }
}

/// A number as short as it reads back: `2`, `1.5`, `1e-300`.
pub(super) fn written_float(number: f64) -> String {
    if number == 0.0 || (1e-5..1e16).contains(&number.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

/// What is wrong with a value, and what to write instead.
type Problem = String;

impl Value {
    pub(super) fn duration(&self) -> Result<Duration, Problem> {
        match self {
            Self::Text(text) => duration::parse(text),
            Self::Integer(_) | Self::Float(_) => Err(format!("its unit is missing; {HINT}")),
            _ => Err(format!("it is no duration; {HINT}")),
        }
    }

    /// A whole number of at most `most`.
    pub(super) fn integer(&self, most: u64, example: &str) -> Result<u64, Problem> {
        let number = match self {
            Self::Integer(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            return Err(format!("it is no whole number; write one such as {example}"));
        };
        match u64::try_from(number) {
            Ok(number) if number <= most => Ok(number),
            _ if number < 0 => Err(format!("it is negative; write a number such as {example}")),
            _ => Err(format!("it is too large; the largest number is {most}")),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "a factor is a float")]
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn nested(&self) -> Result<Nested, Problem> {
        match self {
            Self::Text(text) if text == "allow" => Ok(Nested::Allow),
            Self::Text(text) if text == "once" => Ok(Nested::Once),
            _ => Err("write \"once\" for one attempt inside of another run, or \"allow\"".into()),
        }
    }

    pub(super) fn flag(&self) -> Result<bool, Problem> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            Self::Text(text) if text == "true" => Ok(true),
            Self::Text(text) if text == "false" => Ok(false),
            _ => Err("it is neither true nor false; write `true`, or leave it out".into()),
        }
    }

    /// A list of durations, also as one text: `1s, 5s` or `[1s, 5s]`.
    pub(super) fn durations(&self) -> Result<Vec<Duration>, Problem> {
        const FORM: &str = "write a list of waits, such as [\"1s\", \"5s\", \"1m\"]";
        let of = |value: &Self| {
            value.duration().map_err(|problem| format!("of the wait {value} in it: {problem}"))
        };
        match self {
            Self::List(values) => values.iter().map(of).collect(),
            Self::Text(text) => {
                let text = text.trim();
                let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
                match inner.unwrap_or(text).trim() {
                    // `[]` is an empty list, and a text without anything is a mistake.
                    "" if inner.is_some() => Ok(Vec::new()),
                    "" => Err(format!("it is empty; {FORM}")),
                    waits => waits
                        .split(',')
                        .map(|wait| of(&Self::Text(wait.trim().trim_matches('"').into())))
                        .collect(),
                }
            }
            _ => Err(format!("it is no list; {FORM}")),
        }
    }

    pub(super) fn jitter(&self) -> Result<Jitter, Problem> {
        const FORMS: &str = "write full, equal, none, additive(500ms) or proportional(0.2)";
        let Self::Text(text) = self else {
            return Err(format!("it is no jitter; {FORMS}"));
        };
        let argument = text.strip_suffix(')').and_then(|text| text.split_once('('));
        match (text.as_str(), argument.map(|(name, argument)| (name.trim_end(), argument.trim()))) {
            ("full", _) => Ok(Jitter::Full),
            ("equal", _) => Ok(Jitter::Equal),
            ("none", _) => Ok(Jitter::None),
            (_, Some(("additive", most))) => duration::parse(most).map(Jitter::Additive),
            (_, Some(("proportional", part))) => match part.parse() {
                Ok(part) if (0.0..=1.0).contains(&part) => Ok(Jitter::Proportional(part)),
                _ => Err("its part must be a number from 0 to 1, such as proportional(0.2)".into()),
            },
            _ => Err(format!("there is no such jitter; {FORMS}")),
        }
    }
}

/// The text of a jitter that is data.
pub(super) fn written_jitter(jitter: Jitter) -> Result<String, &'static str> {
    Ok(match jitter {
        Jitter::Full => "full".into(),
        Jitter::Equal => "equal".into(),
        Jitter::None => "none".into(),
        Jitter::Additive(most) => format!("additive({})", Written(most)),
        Jitter::Proportional(part) => format!("proportional({})", written_float(part)),
        Jitter::Between(_) => {
            return Err(
                "its jitter is Jitter::Between, a function; use full, equal, none, additive or proportional",
            );
        }
        Jitter::Custom(_) => {
            return Err(
                "its jitter is Jitter::Custom, a function; use full, equal, none, additive or proportional",
            );
        }
    })
}
