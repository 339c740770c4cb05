//! The observer for the `log` crate. No other file uses that crate.

use core::marker::PhantomData;
use log::{Level, LevelFilter};

use crate::event::{Details, EventKind, Line};
use crate::integrations::levels::{ByDisplay, Severity, ShowError, levels_of};
use crate::observe::Observe;

/// Logs a line for each back-off and give-up, through the `log` crate.
///
/// ```
/// use relent::{Log, Retry};
///
/// let policy = Retry::expo().observe(Log::new());
/// assert_eq!(policy.run(|| Ok::<_, std::fmt::Error>(7)), Ok(7));
/// ```
///
/// The lines have the log target `relent`:
///
/// | event | level | line |
/// |---|---|---|
/// | backoff | info | `Backing off fetch_user for 1.0s after 2 tries (connection refused)` |
/// | give-up | error | `Giving up fetch_user after 3 tries (connection refused)` |
/// | give-up, when the first attempt was not retryable | debug | the same |
/// | try, success | off | `Trying fetch_user (try 2)`, `Succeeded fetch_user after 2 tries` |
///
/// A first attempt that is not retryable is often an ordinary answer, such as a 404, and nothing was retried. It has a
/// level of its own: [`not_retryable_level`](Self::not_retryable_level).
///
/// They are the lines that [`Details`] displays: an error's text is escaped and bounded there.
#[derive(Clone, Copy, Debug)]
#[must_use = "an observer does nothing until it is added to a policy with `.observe(..)`"]
pub struct Log<W = ByDisplay> {
    levels: Severity<LevelFilter>,
    show: PhantomData<W>,
}

impl Log {
    /// Creates an observer with the levels of the table above.
    pub const fn new() -> Self {
        let levels = Severity::all(LevelFilter::Off)
            .with(EventKind::Backoff, LevelFilter::Info)
            .with(EventKind::GiveUp, LevelFilter::Error)
            .with_not_retryable(LevelFilter::Debug);
        Self { levels, show: PhantomData }
    }
}

levels_of!(Log, LevelFilter, defaults: "off", "off");

/// Same as [`Log::new`].
impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E, W: ShowError<E>> Observe<T, E> for Log<W> {
    fn on_event(&self, details: &Details<'_, T, E>) {
        write(&self.levels, &details.line(details.error().map(W::text)));
    }

    #[inline]
    fn wants(&self, event: EventKind) -> bool {
        log::max_level() != LevelFilter::Off && wants(&self.levels, event)
    }
}

// What does not depend on the types of the operation is not part of each call site.

#[inline(never)]
fn write(levels: &Severity<LevelFilter>, line: &Line<'_>) {
    let level: Option<Level> = levels.of(line).to_level();
    if let Some(level) = level {
        log::log!(target: "relent", level, "{line}");
    }
}

#[inline(never)]
fn wants(levels: &Severity<LevelFilter>, event: EventKind) -> bool {
    let most = log::max_level().min(log::STATIC_MAX_LEVEL);
    levels.any(event, |level| *level != LevelFilter::Off && *level <= most)
}
