//! The observer for the `tracing` crate. No other file uses that crate.

use core::marker::PhantomData;
use core::time::Duration;
use tracing::Level;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use crate::event::{Details, EventKind, Line, RunId, StopReason, Target};
use crate::integrations::levels::{ByDisplay, Severity, ShowError, levels_of};
use crate::nanos::millis;
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
/// [`RunId`](crate::RunId). `depth` is that of [`Details::depth`], and missing where it is 0. `not_accepted` is true if a value was not accepted, and missing otherwise. The error's text
/// is escaped and bounded, as in the line that [`Details`] displays.
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

/// Same as [`Tracing::new`].
impl Default for Tracing {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E, W: ShowError<E>> Observe<T, E> for Tracing<W> {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let line = details.line(details.error().map(W::text));
        let &Details { elapsed, attempt_duration, run, depth, .. } = details;
        let shown = Shown { elapsed, attempt_duration, run, depth };
        record(&self.levels, &line, &details.target(), shown);
    }

    #[inline]
    fn wants(&self, event: EventKind) -> bool {
        LevelFilter::current() != LevelFilter::OFF && wants(&self.levels, event)
    }
}

// What does not depend on the types of the operation is not part of each call site.

/// The fields that are not part of the line.
struct Shown {
    elapsed: Duration,
    attempt_duration: Option<Duration>,
    run: Option<RunId>,
    depth: u32,
}

#[inline(never)]
fn record(
    levels: &Severity<LevelFilter>,
    line: &Line<'_>,
    target: &Target,
    Shown { elapsed, attempt_duration, run, depth }: Shown,
) {
    let message = line.event.message();
    let (name, shown) = (target.as_str(), tracing::field::display(target));
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
                tries = line.tries,
                elapsed_ms = millis(elapsed),
                attempt_ms = attempt_duration.map(millis),
                wait_ms = (line.event == EventKind::Backoff).then(|| millis(line.wait)),
                reason = line.reason.map(StopReason::name),
                error = line.error.map(tracing::field::display),
                not_accepted = line.not_accepted().then_some(true),
                run = run.map(RunId::get),
                depth = (depth > 0).then_some(depth),
                "{message}"
            )
        };
    }
    match levels.of(line).into_level() {
        Some(Level::ERROR) => at!(Level::ERROR),
        Some(Level::WARN) => at!(Level::WARN),
        Some(Level::INFO) => at!(Level::INFO),
        Some(Level::DEBUG) => at!(Level::DEBUG),
        Some(Level::TRACE) => at!(Level::TRACE),
        None => {}
    }
}

#[inline(never)]
fn wants(levels: &Severity<LevelFilter>, event: EventKind) -> bool {
    let most = LevelFilter::current().min(STATIC_MAX_LEVEL);
    levels.any(event, |level| *level != LevelFilter::OFF && *level <= most)
}
