//! The line that an event displays: one line of bounded length, for any error text.
//!
//! Nothing here depends on the types of an operation, so a program contains this code once. Nothing here allocates.

use core::fmt::{self, Write};
use core::time::Duration;

use super::kinds::{EventKind, StopReason};

/// The maximum number of bytes shown of a text, without the mark at its cut.
const LIMIT: usize = 1024;

/// An error that a line can show, because it implements [`Display`](fmt::Display).
///
/// All types with `Display` implement it, and no others can. It is a bound with a better error message. For an error
/// that implements only `Debug`, use [`Details::by_debug`](crate::Details::by_debug).
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` cannot be shown, because it does not implement `Display`",
    label = "`{Self}` does not implement `Display`",
    note = "implement `Display` for it, or show it by `Debug`: a line with `details.by_debug()`, an owned event with \
            `details.snapshot_by_debug()`, and observers with `Log::new().by_debug()` and `Tracing::new().by_debug()`"
)]
pub trait Displayed: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<E: fmt::Display + ?Sized> Displayed for E {}

/// A text of the user, shown by `Display` or `Debug`.
// Public for `ShowError`, which only some features have. Users never name it.
#[allow(unreachable_pub, missing_debug_implementations)]
#[derive(Clone, Copy)]
pub enum Text<'a> {
    Display(&'a dyn fmt::Display),
    Debug(&'a dyn fmt::Debug),
}

impl Text<'_> {
    /// Writes the text on one line, up to [`LIMIT`].
    fn write_line(self, to: &mut dyn Write, alternate: bool) -> fmt::Result {
        self.write(&mut Bounded::new(to, true), alternate)
    }

    /// Returns the text unchanged, up to [`LIMIT`].
    #[cfg(feature = "std")]
    pub(crate) fn owned(self) -> std::string::String {
        let mut text = std::string::String::new();
        // Writing to a string cannot fail.
        self.write(&mut Bounded::new(&mut text, false), false).ok();
        text
    }

    /// Fails only if the writer does. At the end of the space, an error stops the formatting. A `Display` that itself
    /// fails must not make `to_string` panic in a handler.
    fn write(self, to: &mut Bounded<'_>, alternate: bool) -> fmt::Result {
        let shown = match (self, alternate) {
            (Self::Display(text), false) => write!(to, "{text}"),
            (Self::Display(text), true) => write!(to, "{text:#}"),
            (Self::Debug(text), false) => write!(to, "{text:?}"),
            (Self::Debug(text), true) => write!(to, "{text:#?}"),
        };
        shown.or(if to.failed { Err(fmt::Error) } else { Ok(()) })
    }
}

/// Shows the text on one line.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alternate = f.alternate();
        self.write_line(f, alternate)
    }
}

/// A writer that passes on a limited number of bytes, and refuses the rest.
struct Bounded<'w> {
    to: &'w mut dyn Write,
    escapes: bool,
    left: usize,
    is_full: bool,
    failed: bool,
}

impl<'w> Bounded<'w> {
    fn new(to: &'w mut dyn Write, escapes: bool) -> Self {
        Self { to, escapes, left: LIMIT, is_full: false, failed: false }
    }

    fn pass(&mut self, text: &str) -> fmt::Result {
        let written = self.to.write_str(text);
        self.failed |= written.is_err();
        written
    }
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.is_full || self.failed {
            return Err(fmt::Error);
        }
        let mut passed = 0;
        for (at, character) in text.char_indices() {
            let escaped =
                (self.escapes && breaks_lines(character)).then(|| character.escape_default());
            let length = escaped.as_ref().map_or(character.len_utf8(), ExactSizeIterator::len);
            let Some(left) = self.left.checked_sub(length) else {
                self.is_full = true;
                self.pass(&text[passed..at])?;
                self.pass("…")?;
                return Err(fmt::Error);
            };
            self.left = left;
            if let Some(escaped) = escaped {
                self.pass(&text[passed..at])?;
                for character in escaped {
                    self.pass(character.encode_utf8(&mut [0; 4]))?;
                }
                passed = at + character.len_utf8();
            }
        }
        self.pass(&text[passed..])
    }
}

/// Returns whether the character ends a line, controls a terminal, or changes the order in which later text is shown.
///
/// Backslashes stay unchanged, since paths would become unreadable.
const fn breaks_lines(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// A duration for people, in a suitable unit, from one minute on in two units: `250µs`, `69ms`, `1.3s`, `2m 5s`,
/// `1h 2m`.
pub(crate) struct Readable(pub(crate) Duration);

impl fmt::Display for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HOUR: u64 = 3600;
        const DAY: u64 = 24 * HOUR;

        let (secs, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        // Each unit is rounded from the whole duration, and used only if the result is below the next unit.
        let [micros, millis] = [1_000, 1_000_000].map(|unit| (nanos + unit / 2) / unit);
        match (secs, nanos) {
            (0, 0) => return f.write_str("0s"),
            (0, ..1_000) => return write!(f, "{nanos}ns"),
            (0, _) if micros < 1_000 => return write!(f, "{micros}µs"),
            (0, _) if millis < 1_000 => return write!(f, "{millis}ms"),
            _ => {}
        }
        let tenths =
            secs.saturating_mul(10).saturating_add(u64::from((nanos + 50_000_000) / 100_000_000));
        if tenths < 600 {
            return write!(f, "{}.{}s", tenths / 10, tenths % 10);
        }
        let rounded = secs.saturating_add(u64::from(nanos >= 500_000_000));
        let minutes = secs / 60 + secs % 60 / 30;
        let hours = secs / HOUR + secs % HOUR / (HOUR / 2);
        let (large, small, units) = if rounded < HOUR {
            (rounded / 60, rounded % 60, ["m", "s"])
        } else if minutes < DAY / 60 {
            (minutes / 60, minutes % 60, ["h", "m"])
        } else {
            (hours / 24, hours % 24, ["d", "h"])
        };
        write!(f, "{large}{}", units[0])?;
        if small > 0 { write!(f, " {small}{}", units[1]) } else { Ok(()) }
    }
}

/// A number of attempts, in words.
pub(crate) struct Tries(pub(crate) u32);

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "try" } else { "tries" })
    }
}

/// The data that the line of an event depends on.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) event: EventKind,
    pub(crate) tries: u32,
    pub(crate) wait: Duration,
    pub(crate) reason: Option<StopReason>,
    pub(crate) target: &'a dyn fmt::Display,
    pub(crate) error: Option<Text<'a>>,
    /// Whether the attempt returned a value.
    pub(crate) has_value: bool,
}

impl Line<'_> {
    /// Returns whether the attempt returned a value that was not accepted.
    pub(crate) fn not_accepted(&self) -> bool {
        self.has_value && matches!(self.event, EventKind::Backoff | EventKind::GiveUp)
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alternate = f.alternate();
        let tries = Tries(self.tries);
        write!(f, "{} ", self.event.verb())?;
        Text::Display(self.target).write_line(f, false)?;
        match self.event {
            EventKind::Try => return write!(f, " (try {})", self.tries),
            EventKind::Success => return write!(f, " after {tries}"),
            EventKind::Backoff => write!(f, " for {} after {tries}", Readable(self.wait))?,
            EventKind::GiveUp => write!(f, " after {tries}")?,
        }
        match (self.error, self.reason) {
            (Some(error), _) => {
                f.write_str(" (")?;
                error.write_line(f, alternate)?;
                f.write_str(")")
            }
            (None, _) if self.not_accepted() => f.write_str(" (value not accepted)"),
            // If other code drives the run, the outcome is gone when the run is cancelled in a wait.
            (None, Some(reason)) => write!(f, " ({reason})"),
            (None, None) => Ok(()),
        }
    }
}
