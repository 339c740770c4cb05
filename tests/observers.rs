//! The observers, as the crates that they write to see them.
//!
//! A binary of its own: loggers and maximal levels belong to the whole process. Tests that touch
//! them take turns.

// Where cargo does not take it for a test of its own.
#[path = "observers/conformance.rs"]
mod conformance;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use relent::{
    AnyError, Details, EventKind, Expo, GiveUp, Jitter, Log, Metrics, Observe, Observed, Retry,
    TestClock, Tracing,
};
use serde_json::{Value, json};

/// Two waits of 1 s and 2 s, then the end.
fn policy() -> Retry<Expo, AnyError, (), TestClock> {
    Retry::expo().max_tries(3).jitter(Jitter::None).target("fetch_user").clock(TestClock::new())
}

/// Fails this often, then returns the number of calls.
fn failing(times: u32) -> impl FnMut() -> Result<u32, &'static str> {
    let mut calls = 0;
    move || {
        calls += 1;
        if calls <= times { Err("boom") } else { Ok(calls) }
    }
}

/// Fails without a `Display`.
#[derive(Debug)]
struct Busy;

// --- log -----------------------------------------------------------------------------------------

mod log_capture {
    use super::{Mutex, MutexGuard, Once, PoisonError, RefCell};

    pub(crate) type Line = (String, log::Level, String);

    thread_local! {
        static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    }

    struct Logger;

    impl log::Log for Logger {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let line = (record.target().to_owned(), record.level(), record.args().to_string());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }

        fn flush(&self) {}
    }

    /// What is logged by this while the program's maximal level is `most`.
    pub(crate) fn at(most: log::LevelFilter, act: impl FnOnce()) -> Vec<Line> {
        static TURN: Mutex<()> = Mutex::new(());
        static INSTALL: Once = Once::new();
        let _turn: MutexGuard<'_, ()> = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALL.call_once(|| log::set_logger(&Logger).expect("the first logger"));
        log::set_max_level(most);
        act();
        log::set_max_level(log::LevelFilter::Off);
        LINES.take()
    }
}

fn line(level: log::Level, text: &str) -> log_capture::Line {
    ("relent".to_owned(), level, text.to_owned())
}

#[test]
fn log_writes_the_two_lines_of_the_ancestor_and_no_others() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().observe(Log::new());
        policy.run(failing(3)).unwrap_err();
        policy.run(failing(1)).unwrap();
        policy.run(failing(0)).unwrap();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Info, "Backing off fetch_user for 1.0s (boom)"),
            line(log::Level::Info, "Backing off fetch_user for 2.0s (boom)"),
            line(log::Level::Error, "Giving up fetch_user after 3 tries (boom)"),
            line(log::Level::Info, "Backing off fetch_user for 1.0s (boom)"),
        ]
    );
}

#[test]
fn log_default_is_log_new() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        policy().max_tries(1).observe(Log::default()).run(failing(1)).unwrap_err();
    });
    assert_eq!(lines, [line(log::Level::Error, "Giving up fetch_user after 1 try (boom)")]);
}

#[test]
fn log_writes_backoffs_and_giveups_at_any_combination_of_levels() {
    let levels = log::Level::iter().map(Some).chain([None]).collect::<Vec<_>>();
    let filter =
        |level: Option<log::Level>| level.map_or(log::LevelFilter::Off, |l| l.to_level_filter());
    for &backoff in &levels {
        for &giveup in &levels {
            let lines = log_capture::at(log::LevelFilter::Trace, || {
                let log = Log::new().backoff_level(filter(backoff)).giveup_level(filter(giveup));
                policy().max_tries(2).observe(log).run(failing(2)).unwrap_err();
            });
            let expected: Vec<_> = [
                backoff.map(|level| line(level, "Backing off fetch_user for 1.0s (boom)")),
                giveup.map(|level| line(level, "Giving up fetch_user after 2 tries (boom)")),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert_eq!(lines, expected, "{backoff:?} {giveup:?}");
        }
    }
}

#[test]
fn log_writes_tries_and_successes_when_they_are_given_a_level() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let log = Log::new()
            .try_level(log::LevelFilter::Trace)
            .success_level(log::LevelFilter::Warn)
            .backoff_level(log::LevelFilter::Off);
        policy().observe(log).run(failing(1)).unwrap();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Trace, "Trying fetch_user (try 1)"),
            line(log::Level::Trace, "Trying fetch_user (try 2)"),
            line(log::Level::Warn, "Succeeded fetch_user after 2 tries"),
        ]
    );
}

#[test]
fn log_keeps_a_first_attempt_that_is_not_retryable_at_debug_and_a_later_one_at_error() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().retry_if(|e: &&str| *e == "busy").observe(Log::new());
        policy.run(|| Err::<(), _>("no such user")).unwrap_err();
        let mut errors = ["busy", "no such user"].into_iter();
        policy.run(|| errors.next().map_or(Ok(()), Err)).unwrap_err();
        let trace = Log::new().not_retryable_level(log::LevelFilter::Warn);
        let policy = self::policy().retry_if(|_: &&str| false).observe(trace);
        policy.run(|| Err::<(), _>("no such user")).unwrap_err();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Debug, "Giving up fetch_user after 1 try (no such user)"),
            line(log::Level::Info, "Backing off fetch_user for 1.0s (busy)"),
            line(log::Level::Error, "Giving up fetch_user after 2 tries (no such user)"),
            line(log::Level::Warn, "Giving up fetch_user after 1 try (no such user)"),
        ]
    );
}

#[test]
fn log_says_so_when_a_value_was_not_accepted() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().max_tries(2).until(|n: &u32| *n > 2).observe(Log::new());
        assert_eq!(policy.poll(|| 1), 1);
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Info, "Backing off fetch_user for 1.0s (value not accepted)"),
            line(log::Level::Error, "Giving up fetch_user after 2 tries (value not accepted)"),
        ]
    );
}

#[test]
fn giveups_of_either_kind_are_written_when_only_that_kind_has_a_level() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let answers = Log::new().giveup_level(log::LevelFilter::Off);
        let failures = Log::new().not_retryable_level(log::LevelFilter::Off);
        for log in [answers, failures] {
            let policy = policy().max_tries(1).retry_if(|e: &&str| *e == "busy").observe(log);
            policy.run(|| Err::<(), _>("no such user")).unwrap_err();
            policy.run(|| Err::<(), _>("busy")).unwrap_err();
        }
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Debug, "Giving up fetch_user after 1 try (no such user)"),
            line(log::Level::Error, "Giving up fetch_user after 1 try (busy)"),
        ]
    );
}

#[test]
fn log_shows_an_error_without_display_by_its_debug() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().max_tries(1).observe(Log::new().by_debug());
        policy.run(|| Err::<(), _>(Busy)).unwrap_err();
        policy.run(|| Err::<(), _>("boom")).unwrap_err();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Error, "Giving up fetch_user after 1 try (Busy)"),
            line(log::Level::Error, r#"Giving up fetch_user after 1 try ("boom")"#),
        ]
    );
}

#[test]
fn by_debug_keeps_the_levels_that_were_set_before() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let log = Log::new().giveup_level(log::LevelFilter::Warn).by_debug();
        policy().max_tries(1).observe(log).run(|| Err::<(), _>(Busy)).unwrap_err();
    });
    assert_eq!(lines, [line(log::Level::Warn, "Giving up fetch_user after 1 try (Busy)")]);
}

#[test]
fn log_prepares_no_line_below_the_programs_level() {
    let lines = log_capture::at(log::LevelFilter::Warn, || {
        let shown = Shown::default();
        policy().observe(Log::new()).run(|| Err::<(), _>(&shown)).unwrap_err();
        assert_eq!(shown.times(), 1, "the give-up is an error, the back-offs are not");
        let log = Log::new();
        let wants = |event| Observe::<(), Infallible>::wants(&log, event);
        assert!(!wants(EventKind::Try) && !wants(EventKind::Success) && !wants(EventKind::Backoff));
        assert!(wants(EventKind::GiveUp));
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    let lines = log_capture::at(log::LevelFilter::Off, || {
        let shown = Shown::default();
        policy().observe(Log::new()).run(|| Err::<(), _>(&shown)).unwrap_err();
        assert_eq!(shown.times(), 0);
    });
    assert_eq!(lines, []);
}

/// An error that knows how often it was shown.
#[derive(Debug, Default)]
struct Shown(AtomicU32);

impl Shown {
    fn times(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("shown")
    }
}

// --- tracing -------------------------------------------------------------------------------------

mod tracing_capture {
    use super::{Arc, BTreeMap, Mutex, MutexGuard, PoisonError, Value, fmt};
    use tracing::field::{Field, Visit};
    use tracing::level_filters::LevelFilter;
    use tracing::{Event, Level, Metadata, Subscriber, span};

    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Recorded {
        pub(crate) target: String,
        pub(crate) level: Level,
        pub(crate) fields: BTreeMap<&'static str, Value>,
    }

    struct Capture {
        most: LevelFilter,
        events: Arc<Mutex<Vec<Recorded>>>,
    }

    impl Subscriber for Capture {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() <= self.most
        }

        fn max_level_hint(&self) -> Option<LevelFilter> {
            Some(self.most)
        }

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let metadata = event.metadata();
            self.events.lock().unwrap().push(Recorded {
                target: metadata.target().to_owned(),
                level: *metadata.level(),
                fields: fields.0,
            });
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[derive(Default)]
    struct Fields(BTreeMap<&'static str, Value>);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.0.insert(field.name(), format!("{value:?}").into());
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            self.0.insert(field.name(), value.into());
        }

        fn record_u64(&mut self, field: &Field, value: u64) {
            self.0.insert(field.name(), value.into());
        }
    }

    /// What is recorded by this while the program's maximal level is `most`.
    pub(crate) fn at(most: LevelFilter, act: impl FnOnce()) -> Vec<Recorded> {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn: MutexGuard<'_, ()> = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let events = Arc::<Mutex<Vec<Recorded>>>::default();
        let capture = Capture { most, events: Arc::clone(&events) };
        tracing::subscriber::with_default(capture, act);
        let mut events = events.lock().unwrap();
        std::mem::take(&mut *events)
    }
}

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_capture::Recorded;

/// Of events of the target `relent`: the level and the fields as one JSON object.
fn recorded(events: &[Recorded]) -> Vec<(Level, Value)> {
    events
        .iter()
        .map(|event| {
            assert_eq!(event.target, "relent");
            (event.level, json!(event.fields))
        })
        .collect()
}

#[test]
fn tracing_records_each_event_with_the_documented_fields_and_levels() {
    let events = tracing_capture::at(LevelFilter::TRACE, || {
        let policy = policy().max_tries(2).observe(Tracing::new());
        policy.run(failing(2)).unwrap_err();
        policy.run(failing(0)).unwrap();
    });
    let of = |message, tries, elapsed| json!({"message": message, "target": "fetch_user", "tries": tries, "elapsed_ms": elapsed});
    let with = |mut event: Value, fields: &[(&str, Value)]| {
        for (name, value) in fields {
            event[name] = value.clone();
        }
        event
    };
    assert_eq!(
        recorded(&events),
        [
            (Level::TRACE, of("trying", 1, 0)),
            (
                Level::INFO,
                with(
                    of("backing off", 1, 0),
                    &[("wait_ms", json!(1000)), ("error", json!("boom"))]
                )
            ),
            (Level::TRACE, of("trying", 2, 1000)),
            (
                Level::ERROR,
                with(
                    of("giving up", 2, 1000),
                    &[("reason", json!("max_tries")), ("error", json!("boom"))]
                )
            ),
            (Level::TRACE, of("trying", 1, 0)),
            (Level::DEBUG, of("succeeded", 1, 0)),
        ]
    );
}

#[test]
fn tracing_rises_to_error_on_giveup_but_not_for_an_answer_to_the_first_attempt() {
    let events = tracing_capture::at(LevelFilter::TRACE, || {
        let policy = policy().retry_if(|e: &&str| *e == "busy").observe(Tracing::new());
        policy.run(|| Err::<(), _>("no such user")).unwrap_err();
        let mut errors = ["busy", "no such user"].into_iter();
        policy.run(|| errors.next().map_or(Ok(()), Err)).unwrap_err();
    });
    let giveups: Vec<_> = events
        .iter()
        .filter(|event| event.fields.contains_key("reason"))
        .map(|event| (event.level, event.fields["tries"].clone(), event.fields["reason"].clone()))
        .collect();
    let reason = json!("not_retryable");
    assert_eq!(
        giveups,
        [(Level::DEBUG, json!(1), reason.clone()), (Level::ERROR, json!(2), reason)]
    );
}

#[test]
fn tracing_records_each_event_at_any_level_that_it_is_given() {
    let levels = [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    for level in levels {
        let events = tracing_capture::at(LevelFilter::TRACE, || {
            let all = Tracing::new()
                .try_level(level)
                .success_level(level)
                .backoff_level(level)
                .giveup_level(level)
                .not_retryable_level(level);
            let policy = policy().max_tries(2).observe(all);
            policy.run(failing(2)).unwrap_err();
            policy.run(failing(0)).unwrap();
            policy.retry_if(|_: &&str| false).run(failing(1)).unwrap_err();
        });
        let found: Vec<Level> = events.iter().map(|event| event.level).collect();
        let expected = level.into_level().map_or(Vec::new(), |level| vec![level; 8]);
        assert_eq!(found, expected, "{level}");
    }
}

#[test]
fn tracing_prepares_nothing_below_the_subscribers_level() {
    let events = tracing_capture::at(LevelFilter::WARN, || {
        let shown = Shown::default();
        policy().observe(Tracing::new()).run(|| Err::<(), _>(&shown)).unwrap_err();
        assert_eq!(shown.times(), 1, "the give-up is an error, the back-offs are not");
        let tracing = Tracing::new();
        let wants = |event| Observe::<(), Infallible>::wants(&tracing, event);
        assert!(!wants(EventKind::Try) && !wants(EventKind::Success) && !wants(EventKind::Backoff));
        assert!(wants(EventKind::GiveUp));
    });
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn tracing_without_a_subscriber_wants_nothing() {
    let events = tracing_capture::at(LevelFilter::OFF, || {
        let tracing = Tracing::new();
        for event in [EventKind::Try, EventKind::Success, EventKind::Backoff, EventKind::GiveUp] {
            assert!(!Observe::<(), Infallible>::wants(&tracing, event), "{event:?}");
        }
    });
    assert_eq!(events, []);
}

#[test]
fn tracing_shows_an_error_without_display_by_its_debug() {
    let events = tracing_capture::at(LevelFilter::ERROR, || {
        let policy = policy().max_tries(1).observe(Tracing::new().by_debug());
        policy.run(|| Err::<(), _>(Busy)).unwrap_err();
    });
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].fields["error"], "Busy");
}

// --- metrics -------------------------------------------------------------------------------------

mod metrics_capture {
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

fn named<V: Clone>(entries: &[(&str, V)]) -> Vec<(String, V)> {
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

// --- several at once -----------------------------------------------------------------------------

/// Whoever is told of every call of the program.
type Observers = Observed<Observed<(), Tracing>, Metrics>;

/// A policy as a program has it: one, for everything.
static POLICY: LazyLock<Retry<Expo, AnyError, Observers, TestClock>> =
    LazyLock::new(|| policy().observe(Tracing::new()).observe(Metrics::new()));

#[test]
fn one_static_policy_with_tracing_and_metrics_serves_three_operations_of_different_types() {
    fn parse(text: &str) -> Result<u8, ParseIntError> {
        text.parse()
    }

    let mut events = Vec::new();
    let measured = metrics_capture::by(|| {
        events = tracing_capture::at(LevelFilter::INFO, || {
            assert_eq!(POLICY.run(failing(1)), Ok(2));
            assert!(POLICY.run(|| parse("not a number")).is_err());
            let boxed: Result<Vec<String>, Box<dyn Error + Send + Sync>> =
                POLICY.run(|| Err("a boxed error".into()));
            assert!(boxed.is_err());
            assert_eq!(POLICY.poll(|| 'x'), 'x');
        });
    });
    let errors: Vec<_> = events.iter().map(|e| (e.level, e.fields["error"].clone())).collect();
    let digit = json!("invalid digit found in string");
    let boxed = json!("a boxed error");
    assert_eq!(
        errors,
        [
            (Level::INFO, json!("boom")),
            (Level::INFO, digit.clone()),
            (Level::INFO, digit.clone()),
            (Level::ERROR, digit),
            (Level::INFO, boxed.clone()),
            (Level::INFO, boxed.clone()),
            (Level::ERROR, boxed),
        ]
    );
    assert_eq!(
        measured.counters(),
        named(&[
            ("relent_calls_total{target=fetch_user,outcome=failure,retried=true}", 2),
            ("relent_calls_total{target=fetch_user,outcome=success,retried=false}", 1),
            ("relent_calls_total{target=fetch_user,outcome=success,retried=true}", 1),
            ("relent_retries_total{target=fetch_user}", 5),
        ])
    );
}

#[test]
fn the_static_policy_serves_threads_and_futures_too() {
    std::thread::scope(|scope| {
        for tries in 1..=3 {
            scope.spawn(move || {
                let measured = metrics_capture::by(|| {
                    let mut operation = failing(tries - 1);
                    let outcome = futures::executor::block_on(
                        POLICY.run_async(|| std::future::ready(operation())),
                    );
                    assert_eq!(outcome, Ok(tries));
                });
                let calls: u64 = measured
                    .counters()
                    .iter()
                    .filter(|(series, _)| series.starts_with("relent_calls_total"))
                    .map(|(_, count)| count)
                    .sum();
                assert_eq!(calls, 1);
            });
        }
    });
}

#[test]
fn an_observer_that_wants_less_is_spared_beside_one_that_wants_all() {
    use EventKind::{Backoff, GiveUp, Success, Try};

    #[derive(Default)]
    struct Kinds {
        wanted: Option<EventKind>,
        told: Mutex<Vec<EventKind>>,
    }

    impl<T, E> Observe<T, E> for Kinds {
        fn on_try(&self, d: &Details<'_, T, E>) {
            self.told.lock().unwrap().push(d.event);
        }
        fn on_success(&self, d: &Details<'_, T, E>) {
            self.told.lock().unwrap().push(d.event);
        }
        fn on_backoff(&self, d: &Details<'_, T, E>) {
            self.told.lock().unwrap().push(d.event);
        }
        fn on_giveup(&self, d: &Details<'_, T, E>) {
            self.told.lock().unwrap().push(d.event);
        }
        fn wants(&self, event: EventKind) -> bool {
            self.wanted.is_none_or(|wanted| wanted == event)
        }
    }

    for kind in [Try, Success, Backoff, GiveUp] {
        let (all, one) = (Kinds::default(), Kinds { wanted: Some(kind), ..Kinds::default() });
        let policy = policy().max_tries(2).observe(&one).observe(&all).observe(&one);
        policy.run(failing(1)).unwrap();
        policy.run(failing(2)).unwrap_err();
        let all = all.told.into_inner().unwrap();
        assert_eq!(all, [Try, Backoff, Try, Success, Try, Backoff, Try, GiveUp]);
        let twice: Vec<_> =
            all.into_iter().filter(|told| *told == kind).flat_map(|k| [k, k]).collect();
        assert_eq!(one.told.into_inner().unwrap(), twice, "{kind:?}");
    }
}

// --- serde ---------------------------------------------------------------------------------------

#[test]
fn each_of_the_four_events_serialises_to_the_documented_json() {
    let mut events = Vec::new();
    let mut told = |d: &Details<'_, u32, &str>| {
        events.push(serde_json::to_value(d.snapshot()).unwrap());
    };
    let failed = Err("boom");
    let succeeded = Ok(7);
    let mut details = Details::new("fetch_user", 2);
    details.elapsed = Duration::from_millis(1500);
    told(&details);
    told(&details.with_outcome(&failed).with_wait(Duration::from_millis(250)));
    told(&details.with_outcome(&failed).with_reason(GiveUp::MaxTime));
    told(&details.with_outcome(&succeeded));
    let of = |event, wait: Value, error: Value, reason: Value| {
        json!({
            "event": event,
            "target": "fetch_user",
            "tries": 2,
            "elapsed": 1.5,
            "wait": wait,
            "error": error,
            "args": null,
            "sources": [],
            "reason": reason,
        })
    };
    let none = Value::Null;
    assert_eq!(
        events,
        [
            of("try", none.clone(), none.clone(), none.clone()),
            of("backoff", json!(0.25), json!("boom"), none.clone()),
            of("giveup", none.clone(), json!("boom"), json!("max_time")),
            of("success", none.clone(), none.clone(), none),
        ]
    );
}

#[test]
fn the_events_of_a_real_run_serialise_in_its_order() {
    let lines = Mutex::new(Vec::new());
    let keep = |d: &Details<'_, u32, &str>| {
        let event = serde_json::to_value(d.snapshot()).unwrap();
        let [kind, tries, elapsed, wait] = ["event", "tries", "elapsed", "wait"].map(|f| &event[f]);
        lines.lock().unwrap().push(json!([kind, tries, elapsed, wait]));
    };
    policy()
        .on_try(keep)
        .on_backoff(keep)
        .on_success(keep)
        .on_giveup(keep)
        .run(failing(2))
        .unwrap();
    assert_eq!(
        lines.into_inner().unwrap(),
        [
            json!(["try", 1, 0.0, null]),
            json!(["backoff", 1, 0.0, 1.0]),
            json!(["try", 2, 1.0, null]),
            json!(["backoff", 2, 1.0, 2.0]),
            json!(["try", 3, 3.0, null]),
            json!(["success", 3, 3.0, null]),
        ]
    );
}

#[test]
fn every_reason_serialises_as_its_name() {
    for reason in [GiveUp::NotRetryable, GiveUp::MaxTries, GiveUp::MaxTime, GiveUp::WaitsExhausted]
    {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
    }
    for kind in [EventKind::Try, EventKind::Success, EventKind::Backoff, EventKind::GiveUp] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}
