//! `Metrics`, as a recorder sees it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use relent::{EventKind, Metrics, Observe};

use crate::{Busy, failing, policy};

pub(crate) mod metrics_capture {
    use super::{Arc, AtomicU64, BTreeMap, Mutex, Ordering};
    use metrics::{
        Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString,
        Unit,
    };

    /// What was measured, by series: `name{label=value,..}` in the order in which labels are given.
    #[derive(Debug, Default)]
    pub(crate) struct Measured {
        counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
        histograms: Mutex<BTreeMap<String, Arc<Values>>>,
    }

    #[derive(Debug, Default)]
    struct Values(Mutex<Vec<f64>>);

    impl HistogramFn for Values {
        fn record(&self, value: f64) {
            self.0.lock().unwrap().push(value);
        }
    }

    impl Measured {
        pub(crate) fn counters(&self) -> Vec<(String, u64)> {
            let counters = self.counters.lock().unwrap();
            counters.iter().map(|(k, v)| (k.clone(), v.load(Ordering::Relaxed))).collect()
        }

        pub(crate) fn histograms(&self) -> Vec<(String, Vec<f64>)> {
            let histograms = self.histograms.lock().unwrap();
            histograms.iter().map(|(k, v)| (k.clone(), v.0.lock().unwrap().clone())).collect()
        }
    }

    fn series(key: &Key) -> String {
        let labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        format!("{}{{{}}}", key.name(), labels.join(","))
    }

    impl Recorder for Measured {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Arc::clone(self.counters.lock().unwrap().entry(series(key)).or_default()).into()
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            panic!("there are no gauges: {key}")
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

#[test]
fn metrics_count_calls_four_ways_and_retries_apart() {
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
    assert_eq!(
        measured.counters(),
        named(&[
            ("relent_calls_total{target=fetch_user,outcome=failure,retried=false}", 1),
            ("relent_calls_total{target=fetch_user,outcome=failure,retried=true}", 2),
            ("relent_calls_total{target=fetch_user,outcome=success,retried=false}", 4),
            ("relent_calls_total{target=fetch_user,outcome=success,retried=true}", 3),
            ("relent_retries_total{target=fetch_user}", 10),
        ])
    );
}

#[test]
fn metrics_measure_runs_and_waits_in_seconds() {
    let measured = metrics_capture::by(|| {
        let policy = policy().observe(Metrics::default());
        policy.run(failing(0)).unwrap();
        policy.run(failing(1)).unwrap();
        policy.run(failing(3)).unwrap_err();
    });
    assert_eq!(
        measured.histograms(),
        named(&[
            ("relent_elapsed_seconds{target=fetch_user,outcome=failure}", vec![3.0]),
            ("relent_elapsed_seconds{target=fetch_user,outcome=success}", vec![0.0, 1.0]),
            ("relent_wait_seconds{target=fetch_user}", vec![1.0, 1.0, 2.0]),
        ])
    );
}

#[test]
fn metrics_do_not_want_tries() {
    let wants = |event| Observe::<(), Busy>::wants(&Metrics::new(), event);
    assert!(!wants(EventKind::Try));
    assert!(wants(EventKind::Success) && wants(EventKind::Backoff) && wants(EventKind::GiveUp));
}
