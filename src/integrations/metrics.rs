//! The observers for the `metrics` crate. No other file uses that crate.

use core::ops::Deref;
use core::time::Duration;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use std::borrow::Cow;

use crate::condition::Budget;
use crate::event::{Details, EventKind, StopReason, Target};
use crate::observe::Observe;

/// Counts calls, attempts and retries, and records durations, through the `metrics` crate.
///
/// ```
/// use relent::{Metrics, Retry};
///
/// let policy = Retry::expo().target("fetch_user").observe(Metrics::new());
/// assert_eq!(policy.run(|| Ok::<_, ()>(7)), Ok(7));
/// ```
///
/// A call is one run of a policy. A name ends in its unit.
///
/// | name | kind | labels | meaning | basic |
/// |---|---|---|---|---|
/// | `relent_calls_total` | counter | `target`, `outcome`, `reason`, `retried` | calls that ended | yes |
/// | `relent_retries_total` | counter | `target` | back-offs: waits before another attempt | yes |
/// | `relent_nested_retries_total` | counter | `target` | those of them inside of an attempt of another call: [`Details::depth`] | |
/// | `relent_call_duration_seconds` | histogram | `target`, `outcome` | durations of calls, including waits | yes |
/// | `relent_call_tries` | histogram | `target`, `outcome` | attempts per call | |
/// | `relent_retry_time_seconds` | histogram | `target`, `outcome` | the delay that retrying added to a call that was retried: [`Details::retry_time`] | |
/// | `relent_wait_seconds` | histogram | `target` | durations of waits, as they are requested of the clock | |
/// | `relent_attempt_duration_seconds` | histogram | `target`, `outcome` | durations of attempts, without waits: [`Details::attempt_duration`] | |
/// | `relent_budget_available_tokens` | gauge | `budget` | tokens that a budget has left: see [`Metrics::watch`] | |
/// | `relent_budget_capacity_tokens` | gauge | `budget` | tokens of the full budget | |
///
/// The labels have few values, which are fixed except for names that your code gives:
///
/// | label | values |
/// |---|---|
/// | `target` | the name of the operation |
/// | `budget` | the name of the budget, or `unnamed` |
/// | `outcome` | `success` if the outcome was accepted, `failure` otherwise |
/// | `reason` | the [name](crate::StopReason::name) of why the call gave up, such as `max_tries`; `none` for a success |
/// | `retried` | `true` if there was more than one attempt, `false` otherwise |
///
/// Names and labels are stable: they are part of this crate's interface. Later releases may add reasons.
///
/// Set a [`target`](crate::Retry::target) for each policy, so that the label names the operation and not its place in
/// the code. Never build a target from data such as a user's id: each value is a series of its own. A run inside of
/// another run is a call too, under its own target; its retries, which multiply those of the outer run, are counted apart.
///
/// [`Metrics::basic`] records fewer series. The buckets of histograms are a setting of your recorder: the `metrics` crate
/// has none. For `relent_call_tries`, the buckets 1, 2, 3 .. up to the limit of tries count each number of tries apart.
///
/// # Without a recorder
///
/// As long as no recorder is installed, the observer wants no event, so that a run costs hardly more than without it. A
/// recorder that is local to a thread and has no fields at all is not recognised: give it one.
///
/// # In other vocabularies
///
/// | here | gRPC ([A96], [A66]) | Polly |
/// |---|---|---|
/// | `relent_calls_total` | | `resilience.polly.pipeline.duration`, its count |
/// | `relent_call_duration_seconds` | `grpc.client.call.duration` | `resilience.polly.pipeline.duration`, in ms |
/// | `relent_call_tries` | `grpc.client.call.retries`, which is one less | |
/// | `relent_retries_total` | `grpc.client.call.retries`, its sum | `resilience.polly.strategy.events` with `event.name="OnRetry"` |
/// | `relent_wait_seconds`, its sum | `grpc.client.call.retry_delay`, its sum | |
/// | `relent_retry_time_seconds` | | |
/// | `relent_attempt_duration_seconds` | `grpc.client.attempt.duration` | `resilience.polly.strategy.attempt.duration`, in ms |
/// | `target` | `grpc.method` | `operation.key` |
/// | `outcome="failure"` of an attempt | `grpc.status` | `attempt.handled="true"`, if it was retryable |
/// | `reason` | | |
///
/// There is no label for the number of an attempt, as Polly's `attempt.number`: it would multiply the series.
///
/// [A66]: https://github.com/grpc/proposal/blob/master/A66-otel-stats.md
/// [A96]: https://github.com/grpc/proposal/blob/master/A96-retry-otel-stats.md
#[derive(Clone, Copy, Debug)]
#[must_use = "an observer does nothing until it is added to a policy with `.observe(..)`"]
pub struct Metrics {
    is_basic: bool,
}

impl Metrics {
    /// Creates the observer that records everything.
    pub const fn new() -> Self {
        Self { is_basic: false }
    }

    /// Creates an observer that records only the calls, their durations and the retries: two counters and a histogram.
    ///
    /// ```
    /// use relent::{Metrics, Retry};
    ///
    /// let policy = Retry::expo().target("fetch_user").observe(Metrics::basic());
    /// assert_eq!(policy.run(|| Ok::<_, ()>(7)), Ok(7));
    /// ```
    pub const fn basic() -> Self {
        Self { is_basic: true }
    }

    /// Creates an observer that keeps the gauges of a budget current.
    ///
    /// ```
    /// use relent::{Budget, Metrics, Retry};
    ///
    /// static PAYMENTS: Budget = Budget::new().named("payments");
    ///
    /// let policy = Retry::expo()
    ///     .target("pay")
    ///     .budget(&PAYMENTS)
    ///     .observe(Metrics::new())
    ///     .observe(Metrics::watch(&PAYMENTS));
    /// assert_eq!(policy.run(|| Ok::<_, ()>(7)), Ok(7));
    /// ```
    ///
    /// Only runs change a budget, so no thread has to watch it: the observer sets the gauges at each back-off and at the
    /// end of each run. Add it to every policy with that budget. See [`BudgetGauge::set`] for policies without it.
    pub const fn watch<B: Deref<Target = Budget>>(budget: B) -> BudgetGauge<B> {
        BudgetGauge { budget }
    }

    /// Gives the recorder the units and descriptions of all metrics. Call it once, after the recorder was installed.
    ///
    /// ```
    /// relent::Metrics::describe();
    /// ```
    pub fn describe() {
        describe_counter!("relent_calls_total", Unit::Count, "Calls that ended");
        describe_counter!("relent_retries_total", Unit::Count, "Waits before another attempt");
        describe_counter!(
            "relent_nested_retries_total",
            Unit::Count,
            "Waits before another attempt, inside of an attempt of another call"
        );
        let seconds = [
            ("relent_call_duration_seconds", "Durations of calls, including waits"),
            ("relent_retry_time_seconds", "Time that retrying added to calls that were retried"),
            ("relent_wait_seconds", "Durations of waits before another attempt"),
            ("relent_attempt_duration_seconds", "Durations of attempts, without waits"),
        ];
        for (name, description) in seconds {
            describe_histogram!(name, Unit::Seconds, description);
        }
        describe_histogram!("relent_call_tries", Unit::Count, "Attempts per call");
        describe_gauge!(
            "relent_budget_available_tokens",
            Unit::Count,
            "Tokens that the budget has left"
        );
        describe_gauge!("relent_budget_capacity_tokens", Unit::Count, "Tokens of the full budget");
    }
}

/// Same as [`Metrics::new`].
impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Observe<T, E> for Metrics {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let &Details { event, tries, elapsed, wait, reason, depth, .. } = details;
        let retry_time = details.retry_time();
        let attempt = details.attempt_duration.filter(|_| !details.ended_in_wait);
        let target = details.target();
        Recorded { event, target, tries, elapsed, wait, reason, retry_time, attempt, depth }
            .record(self.is_basic);
    }

    #[inline]
    fn wants(&self, event: EventKind) -> bool {
        event != EventKind::Try && has_recorder()
    }
}

/// Keeps the gauges of a budget current: see [`Metrics::watch`].
#[derive(Clone, Copy, Debug)]
#[must_use = "an observer does nothing until it is added to a policy with `.observe(..)`"]
pub struct BudgetGauge<B> {
    budget: B,
}

impl<B: Deref<Target = Budget>> BudgetGauge<B> {
    /// Sets the gauges now.
    ///
    /// Call it after the recorder was installed, so that the gauges exist before the first run. If policies without this
    /// observer share the budget, also call it before each scrape or export.
    ///
    /// ```
    /// use relent::{Budget, Metrics};
    ///
    /// static PAYMENTS: Budget = Budget::new().named("payments");
    /// Metrics::watch(&PAYMENTS).set();
    /// ```
    pub fn set(&self) {
        set_gauges(&self.budget);
    }
}

impl<T, E, B: Deref<Target = Budget>> Observe<T, E> for BudgetGauge<B> {
    fn on_event(&self, _: &Details<'_, T, E>) {
        self.set();
    }

    #[inline]
    fn wants(&self, event: EventKind) -> bool {
        event != EventKind::Try && has_recorder()
    }
}

// What does not depend on the types of the operation is not part of each call site.

/// Whether anything records. The facade does not say so, but its recorder that does nothing has no state.
#[inline(never)]
fn has_recorder() -> bool {
    metrics::with_recorder(|recorder| {
        // A recorder for the whole process is boxed: one without state has no address in memory.
        size_of_val(recorder) > 0
            || core::ptr::from_ref(recorder).cast::<u8>().addr() <= align_of_val(recorder)
    })
}

#[inline(never)]
fn set_gauges(budget: &Budget) {
    let name = budget.get_name().unwrap_or("unnamed");
    gauge!("relent_budget_available_tokens", "budget" => name).set(budget.available());
    gauge!("relent_budget_capacity_tokens", "budget" => name).set(budget.get_capacity());
}

/// What is recorded of an event.
struct Recorded {
    event: EventKind,
    target: Target,
    tries: u32,
    elapsed: Duration,
    wait: Duration,
    reason: Option<StopReason>,
    retry_time: Option<Duration>,
    /// The duration of the attempt, unless it was recorded at an earlier event.
    attempt: Option<Duration>,
    depth: u32,
}

impl Recorded {
    #[inline(never)]
    fn record(&self, is_basic: bool) {
        let target = Cow::from(self.target);
        let outcome = if self.event == EventKind::Success { "success" } else { "failure" };
        if let (Some(attempt), false) = (self.attempt, is_basic) {
            histogram!("relent_attempt_duration_seconds", "target" => target.clone(), "outcome" => outcome)
                .record(attempt);
        }
        if self.event == EventKind::Backoff {
            counter!("relent_retries_total", "target" => target.clone()).increment(1);
            if !is_basic {
                if self.depth > 0 {
                    counter!("relent_nested_retries_total", "target" => target.clone())
                        .increment(1);
                }
                histogram!("relent_wait_seconds", "target" => target).record(self.wait);
            }
            return;
        }
        let labels = [("target", target), ("outcome", Cow::Borrowed(outcome))];
        histogram!("relent_call_duration_seconds", &labels).record(self.elapsed);
        if !is_basic {
            histogram!("relent_call_tries", &labels).record(self.tries);
            if let Some(retry_time) = self.retry_time {
                histogram!("relent_retry_time_seconds", &labels).record(retry_time);
            }
        }
        let [target, outcome] = labels;
        let reason = self.reason.map_or("none", StopReason::name);
        let retried = if self.tries > 1 { "true" } else { "false" };
        let labels = [target, outcome, ("reason", reason.into()), ("retried", retried.into())];
        counter!("relent_calls_total", &labels).increment(1);
    }
}
