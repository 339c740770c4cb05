//! The observer for the `log` crate. No other file uses that crate.

use core::fmt;
use core::marker::PhantomData;
use log::{Level, LevelFilter};

use crate::event::{Details, EventKind};
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
/// | backoff | info | `Backing off fetch_user for 1.0s (connection refused)` |
/// | give-up | error | `Giving up fetch_user after 3 tries (connection refused)` |
/// | give-up, when the first attempt was not retryable | debug | the same |
/// | try, success | off | `Trying fetch_user (try 2)`, `Succeeded fetch_user after 2 tries` |
///
/// A first attempt that is not retryable is often an ordinary answer, such as a 404, and nothing was retried. It has a
/// level of its own: [`not_retryable_level`](Self::not_retryable_level).
///
/// The lines are those of Python's `backoff`, with the differences that [`Details`] lists.
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
        let level: Option<Level> = self.levels.of(details).to_level();
        if let Some(level) = level {
            log::log!(target: "relent", level, "{}", Line::<_, _, W>(details, PhantomData));
        }
    }

    fn wants(&self, event: EventKind) -> bool {
        let most = log::max_level().min(log::STATIC_MAX_LEVEL);
        self.levels.any(event, |level| *level != LevelFilter::Off && *level <= most)
    }
}

/// The line that `Details` displays, with the error shown by `W`.
struct Line<'d, 'a, T, E, W>(&'d Details<'a, T, E>, PhantomData<W>);

impl<T, E, W: ShowError<E>> fmt::Display for Line<'_, '_, T, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_line(f, W::show)
    }
}
