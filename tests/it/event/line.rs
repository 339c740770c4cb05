//! The line that an event displays.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::time::Duration;

use proptest::prelude::*;
use relent::{Details, Event, StopReason};

use crate::support::{Fault, millis, secs};

/// The most bytes that are shown of an error.
const LIMIT: usize = 1024;

/// The line of a give-up after one attempt with this error.
fn line(error: impl fmt::Display) -> String {
    let outcome: Result<(), _> = Err(error);
    Details::new("x", 1).with_outcome(&outcome).with_reason(StopReason::MaxTries).to_string()
}

/// The part of such a line that shows the error.
fn shown(error: impl fmt::Display) -> String {
    let line = line(error);
    let error =
        line.strip_prefix("Giving up x after 1 try (").and_then(|line| line.strip_suffix(')'));
    error.unwrap_or_else(|| panic!("{line}")).to_owned()
}

fn readable(wait: Duration) -> String {
    let details: Details<'_, (), &str> = Details::new("x", 1).with_wait(wait);
    let line = details.to_string();
    let wait =
        line.strip_prefix("Backing off x for ").and_then(|line| line.strip_suffix(" after 1 try"));
    wait.unwrap_or_else(|| panic!("{line}")).to_owned()
}

#[test]
fn details_read_as_the_line_to_log_and_so_do_their_copies() {
    let fault: Result<u8, Fault> = Err(Fault::Busy);
    let value: Result<u8, Fault> = Ok(3);
    let first = Details::new("fetch", 1);
    let third = Details::new("fetch", 3);
    for (details, line) in [
        (first, "Trying fetch (try 1)"),
        (first.with_outcome(&value), "Succeeded fetch after 1 try"),
        (third.with_outcome(&value), "Succeeded fetch after 3 tries"),
        (third.with_outcome(&fault), "Succeeded fetch after 3 tries"),
        (
            first.with_outcome(&fault).with_wait(millis(1250)),
            "Backing off fetch for 1.3s after 1 try (Busy)",
        ),
        (
            third.with_outcome(&value).with_wait(millis(40)),
            "Backing off fetch for 40ms after 3 tries (value not accepted)",
        ),
        (
            first.with_outcome(&fault).with_reason(StopReason::NotRetryable),
            "Giving up fetch after 1 try (Busy)",
        ),
        (
            third.with_outcome(&value).with_reason(StopReason::MaxTries),
            "Giving up fetch after 3 tries (value not accepted)",
        ),
        (third.with_reason(StopReason::Cancelled), "Giving up fetch after 3 tries (cancelled)"),
        (third.with_wait(secs(1)), "Backing off fetch for 1.0s after 3 tries"),
    ] {
        assert_eq!(details.to_string(), line);
        assert_eq!(details.by_debug().to_string(), line, "its `Debug` is its `Display`");
        assert_eq!(details.snapshot().to_string(), line);
        assert_eq!(details.snapshot_by_debug().to_string(), line);
    }
}

#[test]
fn a_copy_of_an_event_keeps_that_a_value_was_not_accepted() {
    let outcomes: [Result<u8, &str>; 2] = [Ok(3), Err("down")];
    let [value, error] = &outcomes;
    let details = Details::new("fetch", 2);
    for (details, expected) in [
        (details, false),
        (details.with_outcome(value), false),
        (details.with_outcome(value).with_wait(secs(1)), true),
        (details.with_outcome(value).with_reason(StopReason::MaxTries), true),
        (details.with_outcome(error).with_wait(secs(1)), false),
        (details.with_outcome(error).with_reason(StopReason::MaxTries), false),
        (details.with_reason(StopReason::Cancelled), false),
    ] {
        let Event { not_accepted, error, .. } = details.snapshot();
        assert_eq!((not_accepted, error.as_deref()), (expected, details.error().copied()));
    }
}

#[test]
fn waits_are_shown_in_the_unit_that_fits() {
    for (wait, expected) in [
        (Duration::ZERO, "0s"),
        (Duration::from_nanos(1), "1ns"),
        (Duration::from_nanos(999), "999ns"),
        (Duration::from_micros(1), "1µs"),
        (Duration::from_nanos(1_499), "1µs"),
        (Duration::from_nanos(1_500), "2µs"),
        (Duration::from_micros(250), "250µs"),
        (Duration::from_nanos(999_499), "999µs"),
        (Duration::from_nanos(999_500), "1ms"),
        (millis(69), "69ms"),
        (Duration::from_micros(999_499), "999ms"),
        (Duration::from_micros(999_500), "1.0s"),
        (secs(1), "1.0s"),
        (millis(1_249), "1.2s"),
        (millis(1_250), "1.3s"),
        (millis(9_950), "10.0s"),
        (millis(59_949), "59.9s"),
        (millis(59_950), "1m"),
        (secs(60), "1m"),
        (millis(60_499), "1m"),
        (millis(60_500), "1m 1s"),
        (secs(125), "2m 5s"),
        (millis(3_599_499), "59m 59s"),
        (millis(3_599_500), "1h"),
        (secs(3_629), "1h"),
        (secs(3_630), "1h 1m"),
        (secs(3_720), "1h 2m"),
        (secs(86_369), "23h 59m"),
        (secs(86_370), "1d"),
        (secs(86_400 + 1_799), "1d"),
        (secs(86_400 + 1_800), "1d 1h"),
        (secs(365 * 86_400), "365d"),
        (Duration::MAX, "213503982334601d 7h"),
    ] {
        assert_eq!(readable(wait), expected, "{wait:?}");
    }
}

proptest! {
    /// Read again, it is the wait, but for half of the last digit.
    #[test]
    fn no_wait_is_shown_as_another(bits in 0..64_u32, nanos in any::<u64>()) {
        let wait = Duration::from_nanos(nanos >> bits);
        let text = readable(wait);
        let mut read = Duration::ZERO;
        let mut finest = Duration::ZERO;
        for part in text.split(' ') {
            let digits = part.find(|c: char| c.is_alphabetic()).unwrap();
            let (number, name) = part.split_at(digits);
            let unit = match name {
                "ns" => Duration::from_nanos(1),
                "µs" => Duration::from_micros(1),
                "ms" => millis(1),
                "s" => secs(1),
                "m" => secs(60),
                "h" => secs(3_600),
                "d" => secs(86_400),
                _ => panic!("{text}"),
            };
            if let Some((whole, tenth)) = number.split_once('.') {
                finest = unit / 10;
                read += unit * whole.parse::<u32>().unwrap() + finest * tenth.parse::<u32>().unwrap();
            } else {
                let number: u32 = number.parse().unwrap();
                let full = match name { "ns" | "µs" | "ms" => 1_000, "s" | "m" => 60, "h" => 24, _ => u32::MAX };
                prop_assert!(number < full && (number > 0 || wait.is_zero()), "{}", text);
                finest = unit;
                read += unit * number;
            }
        }
        // The unit that is left out, because it is zero, is the finest one.
        let finest = match (text.contains(' '), finest) {
            (false, unit) if unit == secs(60) => secs(1),
            (false, unit) if unit == secs(3_600) => secs(60),
            (false, unit) if unit == secs(86_400) => secs(3_600),
            (_, unit) => unit,
        };
        prop_assert!(read.abs_diff(wait) <= finest / 2, "{:?} as {}", wait, text);
    }

    #[test]
    fn a_line_is_one_line_of_bounded_length_whatever_the_error_says(
        pieces in proptest::collection::vec(
            prop_oneof![
                any::<char>().prop_map(String::from),
                prop::sample::select(vec!["\n", "\u{1b}", "é", "\u{202e}"]).prop_map(String::from),
                (1..200_usize).prop_map(|length| "x".repeat(length)),
            ],
            0..40,
        )
    ) {
        let text = pieces.concat();
        let shown = shown(&text);
        prop_assert!(!shown.chars().any(breaks_lines), "{shown:?}");
        prop_assert!(shown.len() <= LIMIT + '…'.len_utf8());
        let escaped: String = text.chars().map(escaped).collect();
        match shown.strip_suffix('…') {
            Some(begin) if shown != escaped => {
                prop_assert!(escaped.starts_with(begin));
                // An escape is at most eight bytes long.
                prop_assert!(escaped.len() > LIMIT && begin.len() > LIMIT - 8);
            }
            _ => prop_assert_eq!(&shown, &escaped),
        }
        let outcome: Result<(), _> = Err(&text);
        let details = Details::new("x", 1).with_outcome(&outcome).with_reason(StopReason::MaxTries);
        let event = details.snapshot();
        prop_assert_eq!(event.to_string(), details.to_string());
        let kept = event.error.unwrap();
        prop_assert!(kept == text || text.starts_with(kept.strip_suffix('…').unwrap()));
        prop_assert!(kept.len() <= LIMIT + '…'.len_utf8());
    }
}

fn breaks_lines(character: char) -> bool {
    character.is_control()
        || ['\u{2028}', '\u{2029}'].contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}

fn escaped(character: char) -> String {
    if breaks_lines(character) { character.escape_default().to_string() } else { character.into() }
}

#[test]
fn what_would_forge_a_line_is_escaped_and_all_else_is_not() {
    let forged = shown(
        "no\r\nGiving up y after 1 try (\x1b[31mred\x7f\u{85}\u{9b}\u{2028}\u{202e}\u{2066})",
    );
    assert_eq!(
        forged,
        r"no\r\nGiving up y after 1 try (\u{1b}[31mred\u{7f}\u{85}\u{9b}\u{2028}\u{202e}\u{2066})"
    );
    let plain = "C:\\new\\table: \"não\", 'é', \u{a0}\u{200b}\u{2027}\u{202f}\u{2065}\u{206a} 🦀";
    assert_eq!(shown(plain), plain);
}

#[test]
fn a_target_is_escaped_and_bounded_too() {
    let details: Details<'_, (), &str> = Details::new("a\nb", 1);
    assert_eq!(details.to_string(), r"Trying a\nb (try 1)");
    assert_eq!(details.snapshot().to_string(), r"Trying a\nb (try 1)");
    let long = "x".repeat(LIMIT + 1);
    let mut event = details.snapshot();
    event.target.clone_from(&long);
    assert_eq!(event.to_string(), format!("Trying {}… (try 1)", &long[1..]));
}

#[test]
fn a_text_is_cut_off_between_characters_and_escapes() {
    for (text, expected) in [
        ("x".repeat(LIMIT), "x".repeat(LIMIT)),
        ("x".repeat(LIMIT + 1), "x".repeat(LIMIT) + "…"),
        ("x".repeat(LIMIT - 2) + "é", "x".repeat(LIMIT - 2) + "é"),
        ("x".repeat(LIMIT - 1) + "é", "x".repeat(LIMIT - 1) + "…"),
        ("x".repeat(LIMIT - 3) + "🦀", "x".repeat(LIMIT - 3) + "…"),
        ("x".repeat(LIMIT - 2) + "\n", "x".repeat(LIMIT - 2) + r"\n"),
        ("x".repeat(LIMIT - 1) + "\n", "x".repeat(LIMIT - 1) + "…"),
        ("\n".repeat(LIMIT), r"\n".repeat(LIMIT / 2) + "…"),
    ] {
        assert_eq!(shown(&text), expected);
    }
}

/// An error that writes this many pieces of a kilobyte each, and counts them.
struct Long<'a> {
    pieces: usize,
    written: &'a Cell<usize>,
    goes_on_after_an_error: bool,
}

impl fmt::Display for Long<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.pieces {
            self.written.set(self.written.get() + 1);
            let written = f.write_str(&"x".repeat(1000));
            if !self.goes_on_after_an_error {
                written?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Long<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[test]
fn an_error_is_formatted_no_further_than_it_is_shown() {
    let written = Cell::new(0);
    let outcome: Result<(), _> =
        Err(Long { pieces: 10_000, written: &written, goes_on_after_an_error: false });
    let details = Details::new("x", 1).with_outcome(&outcome).with_reason(StopReason::MaxTries);
    let details = details.with_args(outcome.as_ref().unwrap_err());
    let text = "x".repeat(LIMIT) + "…";
    assert_eq!(details.to_string(), format!("Giving up x after 1 try ({text})"));
    assert_eq!(written.take(), 2);
    assert_eq!(details.by_debug().to_string(), details.to_string());
    assert_eq!(written.take(), 4);
    let event = details.snapshot().with_args_of(&details);
    assert_eq!((event.error, event.args), (Some(text.clone()), Some(text)));
    assert_eq!(written.take(), 4);
}

#[test]
fn an_error_that_ignores_the_end_of_the_space_writes_nothing_after_it() {
    let written = Cell::new(0);
    let error = Long { pieces: 4, written: &written, goes_on_after_an_error: true };
    assert_eq!(shown(error), "x".repeat(LIMIT) + "…");
    assert_eq!(written.get(), 4);
}

#[test]
fn an_error_whose_display_fails_makes_no_line_fail() {
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    assert_eq!(shown(Broken), "half");
    let outcome: Result<(), _> = Err(Broken);
    assert_eq!(
        Details::new("x", 1).with_outcome(&outcome).snapshot().error.as_deref(),
        Some("half")
    );
}

#[test]
fn a_writer_that_fails_is_not_hidden() {
    /// A writer with room for so many bytes.
    struct Room(usize);
    impl Write for Room {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let outcome: Result<(), _> = Err("bo\nom");
    let details = Details::new("fetch", 3).with_outcome(&outcome).with_wait(secs(1));
    let length = details.to_string().len();
    for room in 0..length {
        assert_eq!(write!(Room(room), "{details}"), Err(fmt::Error), "{room}");
    }
    assert_eq!(write!(Room(length), "{details}"), Ok(()));
}

#[test]
fn the_alternate_line_shows_the_error_in_its_alternate_form() {
    let error = anyhow::Error::msg("connection refused").context("database unreachable");
    let outcome: Result<(), _> = Err(error);
    let details = Details::new("x", 1).with_outcome(&outcome).with_reason(StopReason::MaxTries);
    assert_eq!(details.to_string(), "Giving up x after 1 try (database unreachable)");
    assert_eq!(
        format!("{details:#}"),
        "Giving up x after 1 try (database unreachable: connection refused)"
    );
}

#[test]
fn an_error_without_display_is_shown_by_its_debug() {
    #[derive(Debug)]
    struct Busy {
        #[expect(dead_code, reason = "it is shown")]
        port: u16,
    }
    let outcome: Result<(), _> = Err(Busy { port: 80 });
    let details = Details::new("x", 1).with_outcome(&outcome).with_reason(StopReason::MaxTries);
    let line = "Giving up x after 1 try (Busy { port: 80 })";
    assert_eq!(details.by_debug().to_string(), line);
    let event = details.snapshot_by_debug();
    assert_eq!(event.error.as_deref(), Some("Busy { port: 80 }"));
    assert_eq!(event.to_string(), line);
    assert_eq!(
        format!("{:#}", details.by_debug()),
        r"Giving up x after 1 try (Busy {\n    port: 80,\n})",
        "one line all the same"
    );
}
