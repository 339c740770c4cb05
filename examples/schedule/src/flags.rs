//! The command line. Each error names the flag, and what to write instead.

use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use relent::wait::{Constant, Decay, Decorrelated, Expo, Fibo, Linear, Sequence};
use relent::{Description, Jitter, Retry, Schedule};

/// Shows the waits of a policy before it runs: a table with bars, and a picture.
#[derive(Parser)]
#[command(
    name = "schedule",
    after_help = "Example: schedule expo --first-wait 100ms --max-wait 10s --jitter full --tries 8 --asked 30s\n\
                  Durations have a unit: 250us, 100ms, 1.5s, 2m, 1h."
)]
pub struct Flags {
    #[arg(value_enum)]
    strategy: Strategy,
    /// The first wait; of `decorrelated`, the shortest; of `constant`, each. Default: 1s
    #[arg(long, value_name = "WAIT", value_parser = duration)]
    first_wait: Option<Duration>,
    /// By what each wait is multiplied (`expo`), or how fast waits shrink (`decay`)
    #[arg(long, value_parser = factor)]
    factor: Option<f64>,
    /// By how much each wait is longer than the last (`linear`). Default: the first wait
    #[arg(long, value_name = "WAIT", value_parser = duration)]
    step: Option<Duration>,
    /// Waits shrink no further than to this (`decay`)
    #[arg(long, value_name = "WAIT", value_parser = duration)]
    min_wait: Option<Duration>,
    /// The waits of a `sequence`, such as 1s,5s,30s
    #[arg(long, value_name = "WAITS", value_parser = duration, value_delimiter = ',')]
    waits: Vec<Duration>,
    /// The cap on each wait
    #[arg(long, value_name = "WAIT", value_parser = above_zero)]
    max_wait: Option<Duration>,
    /// full, equal, none, proportional:0.2 or additive:500ms
    #[arg(long, default_value = "full", value_parser = jitter)]
    jitter: Jitter,
    /// The most attempts. Default: 10, if time is not limited
    #[arg(long, value_name = "NUMBER", value_parser = tries)]
    tries: Option<u32>,
    /// How long a run may take
    #[arg(long, value_name = "TIME", value_parser = duration)]
    max_time: Option<Duration>,
    /// Removes the default limit of 10 tries
    #[arg(long, conflicts_with = "tries")]
    forever: bool,
    /// The wait for which the other side asks after each attempt, as by `Retry-After`
    #[arg(long, value_name = "WAIT", value_parser = duration)]
    asked: Option<Duration>,
    /// The longest wait for which the other side may ask. Default: 1h
    #[arg(long, value_name = "WAIT", value_parser = duration)]
    max_asked_wait: Option<Duration>,
    /// Writes a picture to this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strategy {
    /// Each wait is the last one times a factor
    Expo,
    /// Each wait is the sum of the last two
    Fibo,
    /// All waits are the same
    Constant,
    /// Each wait is longer by the same step
    Linear,
    /// Waits shrink
    Decay,
    /// Each wait is drawn between a shortest one and three times the last one
    Decorrelated,
    /// A list of waits
    Sequence,
}

impl Strategy {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// An error as clap shows it, with the usage.
pub fn error(kind: ErrorKind, message: String) -> clap::Error {
    Flags::command().error(kind, message)
}

impl Flags {
    /// # Errors
    ///
    /// If flags do not fit together.
    pub fn description(&self) -> Result<Description, clap::Error> {
        let refused = |flag: &str, error: relent::InvalidSetting| {
            error_of(format!("{flag} is refused: {error}"))
        };
        let mut policy = Retry::new(self.schedule()?);
        if let Some(wait) = self.max_wait {
            policy = policy.try_max_wait(wait).map_err(|error| refused("--max-wait", error))?;
        }
        if let Some(tries) = self.tries {
            policy = policy.try_max_tries(tries).map_err(|error| refused("--tries", error))?;
        }
        policy = policy.try_jitter(self.jitter).map_err(|error| refused("--jitter", error))?;
        policy = self.max_time.map_or(policy, |time| policy.max_time(time));
        policy = self.max_asked_wait.map_or(policy, |wait| policy.max_asked_wait(wait));
        policy = if self.forever { policy.forever() } else { policy };
        Ok(policy.describe_if_asked(self.asked.unwrap_or_default()))
    }

    fn schedule(&self) -> Result<Schedule, clap::Error> {
        use Strategy as S;

        let first_wait = self.first_wait.unwrap_or(Duration::from_secs(1));
        let strategy = self.strategy;
        let uses: [(&str, bool, &[Strategy]); 5] = [
            (
                "--first-wait",
                self.first_wait.is_some(),
                &[S::Expo, S::Fibo, S::Constant, S::Linear, S::Decay, S::Decorrelated],
            ),
            ("--factor", self.factor.is_some(), &[S::Expo, S::Decay]),
            ("--step", self.step.is_some(), &[S::Linear]),
            ("--min-wait", self.min_wait.is_some(), &[S::Decay]),
            ("--waits", !self.waits.is_empty(), &[S::Sequence]),
        ];
        for (flag, is_set, strategies) in uses {
            if is_set && !strategies.contains(&strategy) {
                let of: Vec<_> = strategies.iter().map(|strategy| strategy.name()).collect();
                return Err(error_of(format!(
                    "{flag} has no effect on `{}`: leave it out, or use it with {}",
                    strategy.name(),
                    of.join(", ")
                )));
            }
        }
        if strategy == S::Decorrelated && !matches!(self.jitter, Jitter::Full | Jitter::None) {
            return Err(error_of(String::from(
                "--jitter has no effect on `decorrelated`, which draws its waits itself: leave it out, or use `none`",
            )));
        }
        let schedule = match strategy {
            S::Expo => Expo::try_new(first_wait, self.factor.unwrap_or(2.0)).map(Schedule::from),
            S::Fibo => Fibo::try_new(first_wait).map(Schedule::from),
            S::Constant => Ok(Constant::new(first_wait).into()),
            S::Linear => {
                Linear::try_new(first_wait, self.step.unwrap_or(first_wait)).map(Schedule::from)
            }
            S::Decay => {
                let (factor, least) =
                    (self.factor.unwrap_or(1.0), self.min_wait.unwrap_or_default());
                Decay::try_new(first_wait, factor, least).map(Schedule::from)
            }
            S::Decorrelated => Decorrelated::try_new(first_wait).map(Schedule::from),
            S::Sequence if self.waits.is_empty() => {
                return Err(error_of(String::from(
                    "`sequence` needs --waits, such as --waits 1s,5s,30s",
                )));
            }
            // Once in the life of this program.
            S::Sequence => Ok(Sequence::new(&*self.waits.clone().leak()).into()),
        };
        schedule.map_err(|_| {
            error_of(format!(
                "--first-wait 0s is refused for `{}`: use a longer one, or `constant` for retries without a wait",
                strategy.name()
            ))
        })
    }

    /// What the picture shows.
    pub fn title(&self) -> String {
        let waits = [
            ("first wait", self.first_wait),
            ("step", self.step),
            ("min wait", self.min_wait),
            ("max wait", self.max_wait),
            ("max time", self.max_time),
            ("asked for", self.asked),
        ];
        let waits = waits.iter().filter_map(|(name, wait)| Some(format!("{name} {:?}", (*wait)?)));
        let parts: Vec<_> = iter::once(self.strategy.name())
            .chain(waits)
            .chain(self.factor.map(|factor| format!("factor {factor}")))
            .chain(iter::once(format!("jitter {:?}", self.jitter).to_lowercase()))
            .collect();
        parts.join(", ")
    }
}

fn error_of(message: String) -> clap::Error {
    error(ErrorKind::ArgumentConflict, message)
}

fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: &str = "write a number and its unit, such as 250us, 100ms, 1.5s, 2m or 1h";
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    let seconds = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "" => return Err(format!("the unit is missing: {UNITS}")),
        _ => return Err(String::from(UNITS)),
    };
    let number: f64 = number.parse().map_err(|_| String::from(UNITS))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| format!("it is too long: {UNITS}"))
}

fn above_zero(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err(String::from(
            "it must be longer than zero: for retries without a wait use `constant --first-wait 0s`",
        )),
        wait => Ok(wait),
    }
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
        .ok_or_else(|| String::from("write a finite number above zero, such as 2 or 1.5"))
}

fn tries(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) => Err(String::from("it must be at least 1: for no limit use --forever")),
        Ok(tries) => Ok(tries),
        Err(_) => Err(String::from("write a whole number of at least 1, such as 8")),
    }
}

fn jitter(text: &str) -> Result<Jitter, String> {
    let refused = || String::from("write full, equal, none, proportional:0.2 or additive:500ms");
    match text.split_once(':') {
        None if text == "full" => Ok(Jitter::Full),
        None if text == "equal" => Ok(Jitter::Equal),
        None if text == "none" => Ok(Jitter::None),
        Some(("proportional", part)) => {
            let part = part.parse().map_err(|_| refused())?;
            if (0.0..=1.0).contains(&part) {
                Ok(Jitter::Proportional(part))
            } else {
                Err(String::from("the part must be from 0 to 1, such as proportional:0.2"))
            }
        }
        Some(("additive", most)) => duration(most).map(Jitter::Additive),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(line: &str) -> Result<Description, String> {
        let flags = Flags::try_parse_from(["schedule"].into_iter().chain(line.split(' ')));
        flags.and_then(|flags| flags.description()).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_make_the_policy_that_they_name() {
        let policy = Retry::expo()
            .first_wait(Duration::from_millis(100))
            .max_wait(Duration::from_secs(10))
            .max_tries(8);
        let line = "expo --first-wait 100ms --max-wait 10s --jitter full --tries 8 --asked 30s";
        assert_eq!(described(line), Ok(policy.describe_if_asked(Duration::from_secs(30))));
        for (line, last) in [
            ("fibo --jitter none", 34.0),
            ("constant --first-wait 1.5s --jitter equal", 1.5),
            ("linear --first-wait 1s --step 2m", 961.0),
            ("decay --factor 3 --min-wait 250us --jitter none", 0.000_25),
            ("decorrelated --first-wait 1s --max-wait 1h", 3600.0),
            ("sequence --waits 1s,5s,0.5h", 1800.0),
            ("expo --max-time 10s --tries 4 --jitter proportional:0.5", 6.0),
            ("expo --factor 3 --tries 3 --jitter additive:1s", 4.0),
            ("expo --forever --max-wait 7s", 7.0),
        ] {
            let description = described(line).unwrap();
            let longest = description.waits.last().unwrap().length.longest.as_secs_f64();
            assert!((longest - last).abs() < 1e-6, "{line}: {longest}");
        }
    }

    #[test]
    fn a_mistake_is_answered_with_the_flag_and_the_way_out() {
        for (line, flag, way_out) in [
            ("expo --first-wait 100", "--first-wait", "100ms"),
            ("expo --first-wait soon", "--first-wait", "100ms"),
            ("expo --first-wait 0s", "--first-wait", "`constant`"),
            ("expo --max-wait 0s", "--max-wait", "constant --first-wait 0s"),
            ("expo --max-time 1e40h", "--max-time", "1h"),
            ("expo --factor 0", "--factor", "above zero"),
            ("expo --factor NaN", "--factor", "above zero"),
            ("expo --tries 0", "--tries", "--forever"),
            ("expo --tries many", "--tries", "such as 8"),
            ("expo --tries 3 --forever", "--tries", "--forever"),
            ("expo --jitter some", "--jitter", "equal"),
            ("expo --jitter proportional:2", "--jitter", "from 0 to 1"),
            ("expo --step 1s", "--step", "use it with linear"),
            ("fibo --factor 3", "--factor", "use it with expo, decay"),
            ("sequence", "sequence", "--waits 1s,5s,30s"),
            ("sequence --waits 1s --first-wait 1s", "--first-wait", "leave it out"),
            ("decorrelated --jitter equal", "--jitter", "leave it out"),
            ("exponential", "exponential", "expo"),
            ("expo --max-wiat 1s", "--max-wiat", "--max-wait"),
        ] {
            let error = described(line).expect_err(line);
            assert!(error.contains(flag) && error.contains(way_out), "{line}: {error}");
        }
    }
}
