//! Durations as strings: "100ms", "1m 30s".

/// The units, each with its nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

const HINT: &str = "write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d";

/// Returns the seconds and nanoseconds of a duration.
pub(crate) fn parse(text: &str) -> Result<(u64, u32), String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("an empty duration: {HINT}"));
    }
    let mut total: u128 = 0;
    let mut last_unit = u128::MAX;
    while !rest.is_empty() {
        let digits =
            rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        rest = after.trim_start();
        if number.is_empty() {
            return Err(format!("`{text}` is no duration: {HINT}"));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` lacks a unit after `{number}`: {HINT}"));
        }
        let Some(&(_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("`{unit}` is no unit of time: {HINT}"));
        };
        if size >= last_unit {
            return Err(format!(
                "`{text}` has its units out of order: begin with the largest, each once"
            ));
        }
        last_unit = size;
        let nanos =
            scaled(number, size).ok_or_else(|| format!("`{number}` is no number: {HINT}"))?;
        total = total.checked_add(nanos).ok_or_else(|| format!("`{text}` is too long"))?;
    }
    let seconds =
        u64::try_from(total / 1_000_000_000).map_err(|_| format!("`{text}` is too long"))?;
    let nanos = (total % 1_000_000_000) as u32;
    Ok((seconds, nanos))
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
    let digits = &fraction[..fraction.len().min(18)];
    let part = digits.parse::<u128>().ok()?.checked_mul(size)?;
    let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    whole.checked_add(part / scale)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_have_units_and_may_have_several() {
        for (text, expected) in [
            ("100ms", (0, 100_000_000)),
            ("1s", (1, 0)),
            ("1.5s", (1, 500_000_000)),
            ("1m 30s", (90, 0)),
            ("1m30s", (90, 0)),
            ("2h 5m", (7500, 0)),
            ("1d", (86_400, 0)),
            ("250us", (0, 250_000)),
            ("250µs", (0, 250_000)),
            ("7ns", (0, 7)),
            ("0s", (0, 0)),
            (" 10 s ", (10, 0)),
            ("1_000ms", (1, 0)),
            ("0.1ms", (0, 100_000)),
            ("18446744073709551615s", (u64::MAX, 0)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("5", "lacks a unit"),
            ("ms", "is no duration"),
            ("-1s", "is no duration"),
            ("1 minute", "is no unit of time"),
            ("1sec", "is no unit of time"),
            ("30s 1m", "out of order"),
            ("1s 1s", "out of order"),
            ("1..5s", "is no number"),
            ("1.s", "is no number"),
            (".5s", "is no number"),
            ("18446744073709551616s", "too long"),
            ("1s,", "is no duration"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
