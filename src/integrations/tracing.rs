//! The observer for the `tracing` crate. No other file uses that crate.

use core::fmt;
use core::marker::PhantomData;
use tracing::Level;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use crate::event::{Details, EventKind, RunId, StopReason};
use crate::integrations::levels::{ByDisplay, Severity, ShowError, levels_of};
use crate::observe::Observe;

/// Records each event through the `tracing` crate, with fields.
///
/// ```
/// use relent::{Retry, Tracing};
///
/// let policy = Retry::expo().observe(Tracing::new());
/// assert_eq!(policy.run(|| Ok::<_, std::fmt::Error>(7)), Ok(7));
/// ```
///
/// The `tracing` target of the events is `relent`. Their fields are `target` (the name of the operation), `tries`,
/// `elapsed_ms` and, if available, `attempt_ms`, `wait_ms`, `reason`, `error` and `run`, which is the number of
/// [`RunId`](crate::RunId).
///
/// | event | level | message |
/// |---|---|---|
/// | try | trace | `trying` |
/// | success | debug | `succeeded` |
/// | backoff | info | `backing off` |
/// | give-up | error | `giving up` |
/// | give-up, when the first attempt was not retryable | debug | `giving up` |
///
/// A first attempt that is not retryable is often an ordinary answer, such as a 404, and nothing was retried. It has a
/// level of its own: [`not_retryable_level`](Self::not_retryable_level).
///
/// A formatter that flattens fields, such as `tracing-subscriber`'s JSON formatter with `flatten_event(true)`, writes
/// two keys named `target`. Configure it not to flatten.
#[derive(Clone, Copy, Debug)]
#[must_use = "an observer does nothing until it is added to a policy with `.observe(..)`"]
pub struct Tracing<W = ByDisplay> {
    levels: Severity<LevelFilter>,
    show: PhantomData<W>,
}

impl Tracing {
    /// Creates an observer with the levels of the table above.
    pub const fn new() -> Self {
        let levels = Severity::all(LevelFilter::TRACE)
            .with(EventKind::Success, LevelFilter::DEBUG)
            .with(EventKind::Backoff, LevelFilter::INFO)
            .with(EventKind::GiveUp, LevelFilter::ERROR)
            .with_not_retryable(LevelFilter::DEBUG);
        Self { levels, show: PhantomData }
    }
}

levels_of!(Tracing, LevelFilter, defaults: "trace", "debug");

fn millis(time: core::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Same as [`Tracing::new`].
impl Default for Tracing {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E, W: ShowError<E>> Observe<T, E> for Tracing<W> {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let message = details.event.message();
        let (name, shown) = (details.target().as_str(), tracing::field::display(details.target()));
        let target: &dyn tracing::Value = match &name {
            Some(name) => name,
            None => &shown,
        };
        // The level must be a constant: `event!` puts it into a static.
        macro_rules! at {
            ($level:expr) => {
                tracing::event!(
                    target: "relent",
                    $level,
                    target = target,
                    tries = details.tries,
                    elapsed_ms = millis(details.elapsed),
                    attempt_ms = details.attempt_duration.map(millis),
                    wait_ms = (details.event == EventKind::Backoff).then(|| millis(details.wait)),
                    reason = details.reason.map(StopReason::name),
                    error = details.error().map(|error| {
                        tracing::field::display(Shown::<_, W>(error, PhantomData))
                    }),
                    run = details.run.map(RunId::get),
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

/// An error, shown by `W`.
struct Shown<'e, E, W>(&'e E, PhantomData<W>);

impl<E, W: ShowError<E>> fmt::Display for Shown<'_, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        W::show(self.0, f)
    }
}
