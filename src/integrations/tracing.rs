//! The `tracing` observer. The only file that knows of the `tracing` crate.

use core::fmt;
use core::marker::PhantomData;
use tracing::Level;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use crate::event::{Details, EventKind, StopReason};
use crate::integrations::levels::{ByDisplay, Severity, ShowError, levels_of};
use crate::observe::Observe;

/// Records each event through the `tracing` crate, with a field for each fact.
///
/// ```
/// use relent::{Retry, Tracing};
///
/// let policy = Retry::expo().observe(Tracing::new());
/// assert_eq!(policy.run(|| Ok::<_, std::fmt::Error>(7)), Ok(7));
/// ```
///
/// The events' own target is `relent`. Their fields are `target` (what is retried), `tries`,
/// `elapsed_ms`, and where there are any `wait_ms`, `reason` and `error`.
///
/// | event | level | message |
/// |---|---|---|
/// | try | trace | `trying` |
/// | success | debug | `succeeded` |
/// | backoff | info | `backing off` |
/// | give-up | error | `giving up` |
/// | give-up, when the first attempt was not retryable | debug | `giving up` |
///
/// A formatter that flattens fields into the line, as that for JSON does when told to, has then two
/// keys `target`; let it keep the fields apart.
///
/// A first attempt that is not retryable is an answer, such as a 404, and nothing that was retried
/// in vain; its level is that of [`not_retryable_level`](Self::not_retryable_level).
#[derive(Clone, Copy, Debug)]
#[must_use = "an observer does nothing until a policy has it: `.observe(..)`"]
pub struct Tracing<W = ByDisplay> {
    levels: Severity<LevelFilter>,
    show: PhantomData<W>,
}

impl Tracing {
    /// The levels of the table above.
    pub const fn new() -> Self {
        let levels = Severity {
            on_try: LevelFilter::TRACE,
            success: LevelFilter::DEBUG,
            backoff: LevelFilter::INFO,
            giveup: LevelFilter::ERROR,
            not_retryable: LevelFilter::DEBUG,
        };
        Self { levels, show: PhantomData }
    }
}

levels_of!(Tracing, LevelFilter, defaults: "trace", "debug");

fn millis(time: core::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// [`Tracing::new`].
impl Default for Tracing {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E, W: ShowError<E>> Observe<T, E> for Tracing<W> {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let message = match details.event {
            EventKind::Try => "trying",
            EventKind::Success => "succeeded",
            EventKind::Backoff => "backing off",
            EventKind::GiveUp => "giving up",
        };
        // An event's level is part of a static that the macro makes: one for each level.
        macro_rules! at {
            ($level:expr) => {
                tracing::event!(
                    target: "relent",
                    $level,
                    target = details.target().as_str(),
                    tries = details.tries,
                    elapsed_ms = millis(details.elapsed),
                    wait_ms = (details.event == EventKind::Backoff).then(|| millis(details.wait)),
                    reason = details.reason.map(StopReason::name),
                    error = details.error().map(|error| {
                        tracing::field::display(Shown::<_, W>(error, PhantomData))
                    }),
                    "{message}"
                )
            };
        }
        match self.levels.of(details).into_level() {
            Some(Level::ERROR) => at!(Level::ERROR),
            Some(Level::WARN) => at!(Level::WARN),
            Some(Level::INFO) => at!(Level::INFO),
            Some(Level::DEBUG) => at!(Level::DEBUG),
            Some(Level::TRACE) => at!(Level::TRACE),
            None => {}
        }
    }

    fn wants(&self, event: EventKind) -> bool {
        let most = LevelFilter::current().min(STATIC_MAX_LEVEL);
        self.levels.any(event, |level| *level != LevelFilter::OFF && *level <= most)
    }
}

/// An error alone, shown in either way.
struct Shown<'e, E, W>(&'e E, PhantomData<W>);

impl<E, W: ShowError<E>> fmt::Display for Shown<'_, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        W::show(self.0, f)
    }
}
