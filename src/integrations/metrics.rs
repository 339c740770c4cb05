//! The observer for the `metrics` crate. No other file uses that crate.

use metrics::{counter, histogram};
use std::borrow::Cow;

use crate::event::{Details, EventKind};
use crate::observe::Observe;

/// Counts calls and retries, and records durations, through the `metrics` crate.
///
/// ```
/// use relent::{Metrics, Retry};
///
/// let policy = Retry::expo().target("fetch_user").observe(Metrics::new());
/// assert_eq!(policy.run(|| Ok::<_, ()>(7)), Ok(7));
/// ```
///
/// | name | kind | labels | meaning |
/// |---|---|---|---|
/// | `relent_calls_total` | counter | `target`, `outcome`, `retried` | runs that ended |
/// | `relent_retries_total` | counter | `target` | back-offs: waits before another attempt |
/// | `relent_elapsed_seconds` | histogram | `target`, `outcome` | durations of runs, including waits |
/// | `relent_wait_seconds` | histogram | `target` | durations of waits |
///
/// `outcome` is `success` or `failure`; `retried` is `true` or `false`. Names and labels are stable: they are part of
/// this crate's interface.
///
/// Set a [`target`](crate::Retry::target) for each policy, so that the label names the operation and not its place in
/// the code.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "an observer does nothing until it is added to a policy with `.observe(..)`"]
pub struct Metrics(());

impl Metrics {
    /// Creates the observer, which has no settings.
    pub const fn new() -> Self {
        Self(())
    }
}

fn ended<T, E>(details: &Details<'_, T, E>, outcome: &'static str) {
    let target = Cow::from(details.target());
    let retried = if details.tries > 1 { "true" } else { "false" };
    counter!("relent_calls_total", "target" => target.clone(), "outcome" => outcome, "retried" => retried)
        .increment(1);
    histogram!("relent_elapsed_seconds", "target" => target, "outcome" => outcome)
        .record(details.elapsed);
}

impl<T, E> Observe<T, E> for Metrics {
    fn on_success(&self, details: &Details<'_, T, E>) {
        ended(details, "success");
    }

    fn on_backoff(&self, details: &Details<'_, T, E>) {
        let target = Cow::from(details.target());
        counter!("relent_retries_total", "target" => target.clone()).increment(1);
        histogram!("relent_wait_seconds", "target" => target).record(details.wait);
    }

    fn on_giveup(&self, details: &Details<'_, T, E>) {
        ended(details, "failure");
    }

    fn wants(&self, event: EventKind) -> bool {
        event != EventKind::Try
    }
}
