//! `Metrics`, as a recorder sees it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use std::time::Duration;

use relent::condition::AnyError;
use relent::wait::Expo;
use relent::{Budget, Cancel, EventKind, Jitter, Metrics, Observe, Retry, StopReason, TestClock};

use crate::{Busy, failing, policy};

pub(crate) mod metrics_capture {
    use super::{Arc, AtomicU64, BTreeMap, Mutex, Ordering};
    use metrics::{
        Counter, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
        SharedString, Unit,
    };

    /// What was measured, by series: `name{label=value,..}` in the order in which labels are given.
    #[derive(Debug, Default)]
    pub(crate) struct Measured {
        counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
        gauges: Mutex<BTreeMap<String, Arc<Values>>>,
        histograms: Mutex<BTreeMap<String, Arc<Values>>>,
        units: Mutex<BTreeMap<String, Option<Unit>>>,
    }

    #[derive(Debug, Default)]
    struct Values(Mutex<Vec<f64>>);

    impl HistogramFn for Values {
        fn record(&self, value: f64) {
            self.0.lock().unwrap().push(value);
        }
    }

    impl GaugeFn for Values {
        fn increment(&self, _: f64) {
            panic!("a gauge is set")
        }

        fn decrement(&self, _: f64) {
            panic!("a gauge is set")
        }

        fn set(&self, value: f64) {
            self.0.lock().unwrap().push(value);
        }
    }

    fn values(of: &Mutex<BTreeMap<String, Arc<Values>>>) -> Vec<(String, Vec<f64>)> {
        let of = of.lock().unwrap();
        of.iter().map(|(k, v)| (k.clone(), v.0.lock().unwrap().clone())).collect()
    }

    impl Measured {
        pub(crate) fn counters(&self) -> Vec<(String, u64)> {
            let counters = self.counters.lock().unwrap();
            counters.iter().map(|(k, v)| (k.clone(), v.load(Ordering::Relaxed))).collect()
        }

        pub(crate) fn histograms(&self) -> Vec<(String, Vec<f64>)> {
            values(&self.histograms)
        }

        /// The histogram of this name.
        pub(crate) fn histogram(&self, name: &str) -> Vec<(String, Vec<f64>)> {
            let of_name =
                |(series, _): &(String, Vec<f64>)| series.starts_with(&format!("{name}{{"));
            self.histograms().into_iter().filter(of_name).collect()
        }

        /// All values that the gauges were set to, in order.
        pub(crate) fn gauges(&self) -> Vec<(String, Vec<f64>)> {
            values(&self.gauges)
        }

        pub(crate) fn units(&self) -> BTreeMap<String, Option<Unit>> {
            self.units.lock().unwrap().clone()
        }

        fn describe(&self, name: &KeyName, unit: Option<Unit>) {
            self.units.lock().unwrap().insert(name.as_str().to_owned(), unit);
        }
    }

    fn series(key: &Key) -> String {
        let labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        format!("{}{{{}}}", key.name(), labels.join(","))
    }

    impl Recorder for Measured {
        fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
            self.describe(&name, unit);
        }

        fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
            self.describe(&name, unit);
        }

        fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
            self.describe(&name, unit);
        }

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Arc::clone(self.counters.lock().unwrap().entry(series(key)).or_default()).into()
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Arc::clone(self.gauges.lock().unwrap().entry(series(key)).or_default()).into()
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Arc::clone(self.histograms.lock().unwrap().entry(series(key)).or_default()).into()
        }
    }

    /// What is measured by this, on this thread.
    pub(crate) fn by(act: impl FnOnce()) -> Measured {
        let measured = Measured::default();
        metrics::with_local_recorder(&measured, act);
        measured
    }
}

pub(crate) fn named<V: Clone>(entries: &[(&str, V)]) -> Vec<(String, V)> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The same as `policy`, on this clock.
fn policy_on(clock: &TestClock) -> Retry<Expo, AnyError, (), TestClock> {
    Retry::expo().max_tries(3).jitter(Jitter::None).target("fetch_user").clock(clock.clone())
}

/// Fails this often, then succeeds. Each attempt takes 100 ms.
fn slow(clock: &TestClock, times: u32) -> impl FnMut() -> Result<u32, &'static str> + use<> {
    let (clock, mut operation) = (clock.clone(), failing(times));
    move || {
        clock.advance(Duration::from_millis(100));
        operation()
    }
}

#[test]
fn metrics_count_calls_by_outcome_and_reason_and_retries_apart() {
    let measured = metrics_capture::by(|| {
        let policy = policy().observe(Metrics::new());
        for _ in 0..4 {
            policy.run(failing(0)).unwrap();
        }
        for _ in 0..3 {
            policy.run(failing(2)).unwrap();
        }
        for _ in 0..2 {
            policy.run(failing(3)).unwrap_err();
        }
        policy.retry_if(|_: &&str| false).run(failing(1)).unwrap_err();
    });
    let calls = |outcome, reason, retried| {
        format!(
            "relent_calls_total{{target=fetch_user,outcome={outcome},reason={reason},retried={retried}}}"
        )
    };
    assert_eq!(
        measured.counters(),
        named(&[
            (&calls("failure", "max_tries", true), 2),
            (&calls("failure", "not_retryable", false), 1),
            (&calls("success", "none", false), 4),
            (&calls("success", "none", true), 3),
            ("relent_retries_total{target=fetch_user}", 10),
        ])
    );
}

#[test]
fn metrics_measure_calls_attempts_and_waits_in_seconds() {
    let measured = metrics_capture::by(|| {
        let clock = TestClock::new();
        let policy = policy_on(&clock).observe(Metrics::default());
        policy.run(slow(&clock, 0)).unwrap();
        policy.run(slow(&clock, 1)).unwrap();
        policy.run(slow(&clock, 3)).unwrap_err();
    });
    let (failed, succeeded) =
        ("{target=fetch_user,outcome=failure}", "{target=fetch_user,outcome=success}");
    let series = |name: &str, labels: &str| format!("{name}{labels}");
    assert_eq!(
        measured.histograms(),
        named(&[
            (&series("relent_attempt_duration_seconds", failed), vec![0.1; 4]),
            (&series("relent_attempt_duration_seconds", succeeded), vec![0.1; 2]),
            (&series("relent_call_duration_seconds", failed), vec![3.3]),
            (&series("relent_call_duration_seconds", succeeded), vec![0.1, 1.2]),
            (&series("relent_call_tries", failed), vec![3.0]),
            (&series("relent_call_tries", succeeded), vec![1.0, 2.0]),
            // From the end of the first attempt on.
            (&series("relent_retry_time_seconds", failed), vec![3.2]),
            (&series("relent_retry_time_seconds", succeeded), vec![1.1]),
            ("relent_wait_seconds{target=fetch_user}", vec![1.0, 1.0, 2.0]),
        ])
    );
}

#[test]
fn basic_metrics_are_two_counters_and_a_histogram() {
    let measured = metrics_capture::by(|| {
        let policy = policy().observe(Metrics::basic());
        policy.run(failing(1)).unwrap();
    });
    assert_eq!(
        measured.counters(),
        named(&[
            ("relent_calls_total{target=fetch_user,outcome=success,reason=none,retried=true}", 1),
            ("relent_retries_total{target=fetch_user}", 1),
        ])
    );
    assert_eq!(
        measured.histograms(),
        named(&[("relent_call_duration_seconds{target=fetch_user,outcome=success}", vec![1.0])])
    );
}

#[test]
fn retries_inside_of_another_call_are_counted_apart_and_not_by_basic() {
    for (observer, expected) in [(Metrics::new(), vec![2]), (Metrics::basic(), vec![])] {
        let measured = metrics_capture::by(|| {
            let policy = policy().observe(observer);
            policy.run(failing(1)).unwrap();
            policy.run(|| policy.run(failing(2))).unwrap();
        });
        let counters = measured.counters();
        let count = |name: &str| {
            let of_name = |(series, _): &&(String, u64)| series.starts_with(&format!("{name}{{"));
            counters.iter().filter(of_name).map(|(_, count)| *count).collect::<Vec<_>>()
        };
        assert_eq!(count("relent_retries_total"), [3]);
        assert_eq!(count("relent_nested_retries_total"), expected);
    }
}

#[test]
fn an_attempt_before_a_wait_that_is_cut_short_is_recorded_once() {
    let measured = metrics_capture::by(|| {
        let (clock, cancel) = (TestClock::new(), Cancel::new());
        let policy = policy_on(&clock).cancelled_by(&cancel).observe(Metrics::new());
        let cancels = policy.on_backoff(|_| cancel.cancel());
        cancels.run(slow(&clock, 1)).unwrap_err();
        // Cancelled after an attempt: that one is recorded by the give-up.
        cancels.run(slow(&clock, 1)).unwrap_err();
    });
    let failed = "{target=fetch_user,outcome=failure}";
    assert_eq!(
        measured.histogram("relent_attempt_duration_seconds"),
        named(&[(&format!("relent_attempt_duration_seconds{failed}"), vec![0.1, 0.1])])
    );
    let cancelled = |retried| {
        format!(
            "relent_calls_total{{target=fetch_user,outcome=failure,reason=cancelled,retried={retried}}}"
        )
    };
    assert_eq!(
        measured.counters(),
        named(&[(&cancelled(false), 2), ("relent_retries_total{target=fetch_user}", 1)])
    );
}

#[test]
fn the_gauges_of_a_budget_follow_each_retry_and_each_end() {
    let measured = metrics_capture::by(|| {
        let budget = Budget::new().capacity(30).named("payments");
        let policy = policy().budget(&budget).observe(Metrics::watch(&budget));
        policy.run(failing(1)).unwrap(); // takes 14 and returns them
        policy.run(failing(3)).unwrap_err(); // takes 14 twice
        policy.run(failing(0)).unwrap(); // returns 1
        budget_of_others(&budget);
        Metrics::watch(&budget).set();
    });
    let (available, capacity) = ("relent_budget_available_tokens", "relent_budget_capacity_tokens");
    assert_eq!(
        measured.gauges(),
        named(&[
            (
                &format!("{available}{{budget=payments}}"),
                vec![16.0, 30.0, 16.0, 2.0, 2.0, 3.0, 4.0]
            ),
            (&format!("{capacity}{{budget=payments}}"), vec![30.0; 7]),
        ])
    );
}

/// A run that shares the budget, and does not watch it.
fn budget_of_others(budget: &Budget) {
    policy().budget(budget).run(failing(0)).unwrap();
}

#[test]
fn a_budget_without_a_name_has_a_label_all_the_same() {
    let budget = Arc::new(Budget::new());
    let measured = metrics_capture::by(|| Metrics::watch(Arc::clone(&budget)).set());
    let names: Vec<_> = measured.gauges().into_iter().map(|(series, _)| series).collect();
    assert_eq!(
        names,
        [
            "relent_budget_available_tokens{budget=unnamed}",
            "relent_budget_capacity_tokens{budget=unnamed}"
        ]
    );
}

#[test]
fn every_metric_is_described_with_its_unit() {
    let measured = metrics_capture::by(|| {
        Metrics::describe();
        let budget = Budget::new();
        let policy = policy().budget(&budget).observe(Metrics::new());
        let policy = policy.observe(Metrics::watch(&budget));
        Retry::expo().run(|| policy.run(failing(1))).unwrap();
    });
    let units = measured.units();
    let all = [measured.counters().into_iter().map(|(series, _)| series).collect::<Vec<_>>()]
        .into_iter()
        .flatten()
        .chain(measured.gauges().into_iter().map(|(series, _)| series))
        .chain(measured.histograms().into_iter().map(|(series, _)| series));
    let mut described = std::collections::BTreeSet::new();
    for series in all {
        let name = series.split('{').next().unwrap().to_owned();
        let unit = units[&name].unwrap_or_else(|| panic!("{name} has no unit"));
        assert_eq!(name.ends_with("_seconds"), unit == metrics::Unit::Seconds, "{name}: {unit:?}");
        described.insert(name);
    }
    assert_eq!(described.into_iter().collect::<Vec<_>>(), units.into_keys().collect::<Vec<_>>());
}

#[test]
fn every_reason_is_a_label_as_events_spell_it() {
    let measured = metrics_capture::by(|| {
        let budget = Budget::new().capacity(0);
        policy().budget(&budget).observe(Metrics::new()).run(failing(1)).unwrap_err();
        let in_time = policy().max_time(Duration::ZERO).observe(Metrics::new());
        in_time.run(failing(1)).unwrap_err();
    });
    for reason in [StopReason::Budget, StopReason::MaxTime] {
        let name = format!("reason={},", reason.name());
        let counters = measured.counters();
        assert!(
            counters.iter().any(|(series, n)| series.contains(&name) && *n == 1),
            "{counters:?}"
        );
    }
}

#[test]
fn without_a_recorder_no_event_is_wanted() {
    let wants = |event| Observe::<(), Busy>::wants(&Metrics::new(), event);
    let all = [EventKind::Try, EventKind::Success, EventKind::Backoff, EventKind::GiveUp];
    assert!(!all.into_iter().any(wants));
    let budget = Budget::new();
    assert!(!Observe::<(), Busy>::wants(&Metrics::watch(&budget), EventKind::Success));
    metrics_capture::by(|| {
        assert!(!wants(EventKind::Try));
        assert!(wants(EventKind::Success) && wants(EventKind::Backoff) && wants(EventKind::GiveUp));
        assert!(Observe::<(), Busy>::wants(&Metrics::watch(&budget), EventKind::Success));
    });
    assert_eq!(Retry::expo().observe(Metrics::new()).run(failing(0)), Ok(1));
}
