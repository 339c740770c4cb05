//! Times, dates and durations as servers write them. Nothing here panics, and overflow saturates.

use core::time::Duration;

/// A time since 1970. All earlier times become 1970.
pub(super) type Moment = Duration;

const NANOS: u128 = 1_000_000_000;

/// Numbers of seconds from this one on (three years) are Unix times.
const FIRST_EPOCH: u64 = 100_000_000;
/// Unix times from this one on (the year 5138) are in milliseconds.
const FIRST_MILLIS: u64 = 100_000_000_000;

/// Reads a plain number of seconds, such as `7` or `1.5`. Digits beyond the precision of a [`Duration`] round it up.
pub(super) fn decimal(text: &str) -> Option<Duration> {
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // A number with too many digits is still valid.
    let seconds = whole.parse().unwrap_or(u64::MAX);
    let digits = fraction.bytes().chain(core::iter::repeat(b'0')).take(9);
    let nanos = digits.fold(0, |nanos, digit| nanos * 10 + u64::from(digit - b'0'));
    let has_more = fraction.bytes().skip(9).any(|digit| digit != b'0');
    Some(
        Duration::from_secs(seconds)
            .saturating_add(Duration::from_nanos(nanos + u64::from(has_more))),
    )
}

/// Multiplies the duration and divides it, rounded up to the nanosecond.
pub(super) fn scaled(duration: Duration, times: u64, by: u64) -> Duration {
    let nanos =
        duration.as_nanos().saturating_mul(u128::from(times)).div_ceil(u128::from(by.max(1)));
    match (u64::try_from(nanos / NANOS), u32::try_from(nanos % NANOS)) {
        (Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos),
        _ => Duration::MAX,
    }
}

/// Reads a plain number of milliseconds.
pub(super) fn millis(text: &str) -> Option<Duration> {
    Some(scaled(decimal(text)?, 1, 1000))
}

/// The same, in whole seconds.
pub(super) fn rounded_up(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)))
}

/// Reads numbers with units, such as `6m0s` or `59.56s`.
fn with_units(mut text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let number = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at(number);
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(unit);
        let (times, by) = match unit {
            "d" => (86_400, 1),
            "h" => (3600, 1),
            "m" => (60, 1),
            "s" => (1, 1),
            "ms" => (1, 1_000),
            "us" | "\u{b5}s" | "\u{3bc}s" => (1, 1_000_000),
            "ns" => (1, 1_000_000_000),
            _ => return None,
        };
        sum = sum.saturating_add(scaled(decimal(number)?, times, by));
        text = rest;
    }
    Some(sum)
}

/// Returns the time from `now` until a limit is lifted. The text may be seconds, a Unix time in seconds or
/// milliseconds, numbers with units, or a date. The past gives zero.
pub(super) fn until(text: &str, now: Option<Moment>) -> Option<Duration> {
    if let Some(number) = decimal(text) {
        return match number.as_secs() {
            0..FIRST_EPOCH => Some(number),
            FIRST_EPOCH..FIRST_MILLIS => Some(number.saturating_sub(now?)),
            FIRST_MILLIS.. => Some(scaled(number, 1, 1000).saturating_sub(now?)),
        };
    }
    with_units(text).or_else(|| Some(date(text, now)?.saturating_sub(now?)))
}

/// Reads a date in any form that servers send. `now` decides the century of two-digit years.
pub(super) fn date(text: &str, now: Option<Moment>) -> Option<Moment> {
    // No form is longer, so hostile text costs little.
    if text.len() > 64 {
        return None;
    }
    rfc_3339(text).or_else(|| http_date(text, now))
}

/// Reads `1994-11-06T08:49:37Z`, also with a fraction, with an offset, or with a space in its middle.
fn rfc_3339(text: &str) -> Option<Moment> {
    let (year, rest) = text.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let day = number(rest.get(..2)?, 2)?;
    if !matches!(rest.get(2..3)?, "T" | "t" | " ") {
        return None;
    }
    let clock = clock(rest.get(3..11)?)?;
    let zone = rest.get(11..)?;
    let (fraction, zone) = match zone.find(|c: char| c != '.' && !c.is_ascii_digit())? {
        0 => (Duration::ZERO, zone),
        end => (fraction(zone.get(..end)?)?, zone.get(end..)?),
    };
    let date = [number(year, 4)?, number(month, 2)?, day];
    Some(moment(date, clock, offset(zone)?)?.saturating_add(fraction))
}

/// A fraction of a second that begins with its point.
fn fraction(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix('.')?;
    let fraction = number_up_to(digits.get(..digits.len().min(9))?, 9)?;
    let places = 9_u32.saturating_sub(u32::try_from(digits.len()).ok()?);
    Some(Duration::from_nanos(fraction * 10_u64.pow(places)))
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. The weekday
/// may be missing or wrong, and the zone may be an offset.
fn http_date(text: &str, now: Option<Moment>) -> Option<Moment> {
    let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let mut first = words.next()?;
    if is_weekday(first) {
        first = words.next()?;
    }
    let (year, month, day, clock_text, zone);
    if let Some(number) = month_of(first) {
        month = number;
        day = words.next()?;
        clock_text = words.next()?;
        let next = words.next()?;
        // Unix's `date` writes the zone between them.
        (zone, year) = match offset(next) {
            Some(zone) => (zone, words.next()?),
            None => (0, next),
        };
    } else {
        let mut parts = first.split('-');
        day = parts.next()?;
        if day.len() == first.len() {
            (month, year) = (month_of(words.next()?)?, words.next()?);
        } else {
            (month, year) = (month_of(parts.next()?)?, parts.next()?);
        }
        if parts.next().is_some() {
            return None;
        }
        clock_text = words.next()?;
        zone = words.next().map_or(Some(0), offset)?;
    }
    if words.next().is_some() {
        return None;
    }
    let year = if year.len() == 2 { full_year(number(year, 2)?, now) } else { number(year, 4)? };
    moment([year, month, number_up_to(day, 2)?], clock(clock_text)?, zone)
}

/// Returns the latest year with these last two digits that is at most 50 years ahead, as in RFC 9110.
fn full_year(year: u64, now: Option<Moment>) -> u64 {
    const SECONDS: u64 = 31_556_952;
    // Without a clock, at the turn of the century.
    let latest = now.map_or(2000, |now| 1970 + now.as_secs() / SECONDS).saturating_add(50);
    latest - (latest - year % 100) % 100
}

fn is_weekday(word: &str) -> bool {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    names
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]))
}

fn month_of(word: &str) -> Option<u64> {
    let names =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    (1..).zip(names).find(|(_, name)| word.eq_ignore_ascii_case(name)).map(|(number, _)| number)
}

/// Returns how many seconds a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if ["GMT", "UTC", "UT", "Z"].iter().any(|utc| zone.eq_ignore_ascii_case(utc)) {
        return Some(0);
    }
    let digits = zone.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match digits.len() {
        4 => (digits.get(..2)?, digits.get(2..)?),
        _ => digits.split_once(':')?,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
    Some(if zone.starts_with('-') { -seconds } else { seconds })
}

/// Returns the seconds of `08:49:37` since midnight. A leap second counts as the next second.
fn clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':').map(|part| number(part, 2));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let is_valid = hours < 24 && minutes < 60 && seconds <= 60 && parts.next().is_none();
    is_valid.then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Returns the time of a calendar day, this many seconds after midnight, in a zone with this offset.
fn moment([year, month, day]: [u64; 3], clock: u64, offset: i64) -> Option<Moment> {
    let is_leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let lengths = [31, 28 + u64::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month.checked_sub(1)?).ok()?;
    if day == 0 || day > *lengths.get(before)? {
        return None;
    }
    if year < 1970 {
        return Some(Moment::ZERO);
    }
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let of_years = 365 * (year - 1970) + leap_days(year - 1) - leap_days(1969);
    let days = of_years + lengths.iter().take(before).sum::<u64>() + day - 1;
    Some(Duration::from_secs((days * 86_400 + clock).saturating_add_signed(-offset)))
}

/// Reads a number with exactly this many digits.
fn number(digits: &str, length: usize) -> Option<u64> {
    if digits.len() == length { number_up_to(digits, length) } else { None }
}

/// Reads a number with at most this many digits.
fn number_up_to(digits: &str, length: usize) -> Option<u64> {
    let is_number = digits.len() <= length && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}
