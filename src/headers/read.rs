//! Which headers request what, and which of them count.

use core::time::Duration;
use std::string::String;
use std::vec::Vec;

use super::Advice;
use super::time::{Moment, date, decimal, millis, rounded_up, until};

/// What a header is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Date,
    Age,
    ShouldRetry,
    Pushback,
    Millis,
    RetryAfter,
    RateLimit,
    Remaining,
    Reset,
}

/// One limit, for example on tokens: the prefix of its headers, and the rest of their names.
type Dimension = (u8, String);

/// The prefixes, with those that are equivalent: one server used two in one response.
const LIMITS: [(&str, u8); 4] =
    [("x-ratelimit-", 0), ("x-rate-limit-", 0), ("ratelimit-", 1), ("anthropic-ratelimit-", 2)];

/// No known name is longer.
const LONGEST_NAME: usize = 128;

fn kind(name: &str) -> Option<(Kind, Dimension)> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let kind = match name.as_str() {
        "date" => Kind::Date,
        "age" => Kind::Age,
        "x-should-retry" => Kind::ShouldRetry,
        "grpc-retry-pushback-ms" => Kind::Pushback,
        "retry-after-ms" | "x-ms-retry-after-ms" | "x-amz-retry-after" => Kind::Millis,
        "retry-after" => Kind::RetryAfter,
        "ratelimit" => Kind::RateLimit,
        _ => return limit(&name),
    };
    Some((kind, Dimension::default()))
}

/// `x-ratelimit-reset-tokens` and `x-ratelimit-tokens-reset` are about the same dimension.
fn limit(name: &str) -> Option<(Kind, Dimension)> {
    let (rest, prefix) =
        LIMITS.iter().find_map(|(prefix, same)| Some((name.strip_prefix(prefix)?, *same)))?;
    let (mut kind, mut dimension) = (None, String::new());
    for word in rest.split('-') {
        match word {
            "remaining" => kind = Some(Kind::Remaining),
            "reset" | "resettime" => kind = Some(Kind::Reset),
            // Of `reset-after`.
            "after" if kind == Some(Kind::Reset) => {}
            _ => {
                dimension.push_str(word);
                dimension.push('-');
            }
        }
    }
    Some((kind?, (prefix, dimension)))
}

/// Reads all headers, in any order.
pub(super) fn read<N, V>(headers: impl IntoIterator<Item = (N, V)>, now: Option<Moment>) -> Advice
where
    N: AsRef<str>,
    V: AsRef<str>,
{
    let known = |(name, value): (N, V)| Some((kind(name.as_ref())?, value));
    let headers: Vec<_> = headers.into_iter().filter_map(known).collect();
    let values = |wanted: Kind| {
        let of_kind = headers.iter().filter(move |((kind, _), _)| *kind == wanted);
        of_kind.map(|((_, dimension), value)| (dimension, value.as_ref().trim()))
    };

    let is_said = |wanted: &str| {
        values(Kind::ShouldRetry).any(|(_, value)| value.eq_ignore_ascii_case(wanted))
    };
    // Values that are not numbers forbid retries too.
    if is_said("false") || values(Kind::Pushback).any(|(_, value)| millis(value).is_none()) {
        return Advice::Stop;
    }

    // The server's own clock, if known. A cached response is older by its age.
    let age = values(Kind::Age).find_map(|(_, value)| decimal(value)).unwrap_or_default();
    let written = values(Kind::Date).find_map(|(_, value)| date(value, now));
    let now = written.map(|date| date.saturating_add(age)).or(now);

    let exact = values(Kind::Pushback)
        .chain(values(Kind::Millis))
        .filter_map(|(_, value)| millis(value))
        .max();
    let wait = exact
        .or_else(|| values(Kind::RetryAfter).filter_map(|(_, value)| retry_after(value, now)).max())
        .or_else(|| {
            let is_zero = |value: &str| decimal(first_of(value)).is_some_and(|left| left.is_zero());
            let used_up = values(Kind::Remaining).filter(|(_, value)| is_zero(value));
            let mut used_up: Vec<_> = used_up.map(|(dimension, _)| dimension).collect();
            used_up.sort_unstable();
            let resets = values(Kind::Reset)
                .filter(|(dimension, _)| used_up.binary_search(dimension).is_ok());
            let resets = resets.filter_map(|(_, value)| until(value, now));
            resets
                .chain(values(Kind::RateLimit).filter_map(|(_, value)| rate_limit(value, now)))
                .max()
        })
        .or_else(|| is_said("true").then_some(Duration::ZERO));
    wait.map_or(Advice::Nothing, Advice::RetryIn)
}

/// Returns the text before a parameter or a further member.
fn first_of(value: &str) -> &str {
    value.split([',', ';']).next().unwrap_or_default().trim()
}

/// Reads seconds or a date. Proxies and browsers join several lines by commas, which dates also contain.
fn retry_after(value: &str, now: Option<Moment>) -> Option<Duration> {
    /// Some servers send a Unix time, although the header is not meant for one.
    const UNIX_TIMES: core::ops::Range<u64> = 1_000_000_000..10_000_000_000;
    let seconds = |text: &str| {
        let number = rounded_up(decimal(text.trim())?);
        if UNIX_TIMES.contains(&number.as_secs()) {
            Some(number.saturating_sub(now?))
        } else {
            Some(number)
        }
    };
    seconds(value).or_else(|| Some(date(value, now)?.saturating_sub(now?))).or_else(|| {
        value.split(',').map(seconds).try_fold(Duration::ZERO, |most, wait| Some(most.max(wait?)))
    })
}

/// Reads the field of the IETF's draft: `"default";r=0;t=30`, or in its older form `limit=10, remaining=0, reset=30`.
fn rate_limit(value: &str, now: Option<Moment>) -> Option<Duration> {
    let mut longest = None;
    let (mut left, mut reset) = (None, None);
    for member in outside_quotes(value, ',') {
        let (mut left_here, mut reset_here) = (None, None);
        for (at, parameter) in outside_quotes(member, ';').enumerate() {
            let Some((key, value)) = parameter.split_once('=') else { continue };
            let value = value.trim();
            match key.trim() {
                "r" => left_here = decimal(value),
                "t" => reset_here = until(value, now),
                // In the older form, each is a member.
                "remaining" if at == 0 => left = decimal(value),
                "reset" if at == 0 => reset = until(value, now),
                _ => {}
            }
        }
        if left_here == Some(Duration::ZERO) {
            longest = longest.max(reset_here);
        }
    }
    if left == Some(Duration::ZERO) { longest.max(reset) } else { longest }
}

/// Splits a structured field, whose strings may contain separators.
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |c: char| {
        let was_escaped = core::mem::take(&mut is_escaped);
        match c {
            '\\' if is_quoted && !was_escaped => is_escaped = true,
            '"' if !was_escaped => is_quoted = !is_quoted,
            _ => return c == separator && !is_quoted,
        }
        false
    })
}
