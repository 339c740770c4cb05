//! Durations as people write them: "100ms", "1m 30s".
//!
//! These are the texts of the attribute `#[retry]`, in `crates/relent-macros/src/duration.rs`: `tests/it/config` compares
//! the two, and `examples/configuration` compares both with the crate `humantime`. That crate is not used here: version
//! 2.4 panics at `18446744073709551615s 1000ms`, and takes `5M` for five months. `jiff` has no days for a plain duration,
//! and `duration-str` brings a crate for decimals and a parser.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::String;

/// The units, each with its nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("d", 86_400 * SECOND),
    ("h", 3_600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

const SECOND: u128 = 1_000_000_000;

pub(super) const HINT: &str = "write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d";

const TOO_LONG: &str = "it is too long; the longest duration is 213503982334601d";

/// Reads a duration, or returns what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("it is empty; {HINT}"));
    }
    let mut total: u128 = 0;
    let mut last_size = u128::MAX;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.' && c != '_');
        let (unit, after) = split_where(after.trim_start(), |c| !c.is_alphabetic());
        rest = after.trim_start();
        if number.is_empty() {
            return Err(format!("it is no duration; {HINT}"));
        }
        if unit.is_empty() {
            return Err(format!("its unit is missing; {HINT}"));
        }
        let Some(&(_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("there is no such unit of time; {HINT}"));
        };
        if size >= last_size {
            return Err("its units are out of order; begin with the largest, each once".into());
        }
        last_size = size;
        let nanos = scaled(number, size).ok_or_else(|| format!("it is no duration; {HINT}"))?;
        total = total.checked_add(nanos).ok_or(TOO_LONG)?;
    }
    let seconds = u64::try_from(total / SECOND).map_err(|_| TOO_LONG)?;
    let nanos = (total % SECOND) as u32;
    Ok(Duration::new(seconds, nanos))
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// A decimal number times a whole one. What is smaller than one is cut off.
fn scaled(number: &str, size: u128) -> Option<u128> {
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() || number.ends_with('.') {
        return None;
    }
    let whole = whole.parse::<u128>().ok()?.checked_mul(size)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    // No unit has more than 14 digits.
    let digits = fraction.get(..fraction.len().min(18))?;
    let part = digits.parse::<u128>().ok()?.checked_mul(size)?;
    let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    whole.checked_add(part / scale)
}

/// A duration as [`parse`] reads it, exactly: `1m30s`, or with `{:#}` `1m 30s`.
pub(super) struct Written(pub(super) Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        let mut is_first = true;
        for (unit, size) in UNITS.into_iter().filter(|(unit, _)| *unit != "µs") {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                let between = if f.alternate() && !is_first { " " } else { "" };
                write!(f, "{between}{count}{unit}")?;
                is_first = false;
            }
        }
        Ok(())
    }
}
