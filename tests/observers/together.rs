//! Several observers at once.

use std::error::Error;
use std::num::ParseIntError;
use std::sync::{LazyLock, Mutex};

use relent::condition::AnyError;
use relent::observe::Observed;
use relent::wait::Expo;
use relent::{Details, EventKind, Metrics, Observe, Retry, TestClock, Tracing};
use serde_json::json;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::metrics::{metrics_capture, named};
use crate::tracing::tracing_capture;
use crate::{failing, policy};

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
            (
                "relent_calls_total{target=fetch_user,outcome=failure,reason=max_tries,retried=true}",
                2
            ),
            ("relent_calls_total{target=fetch_user,outcome=success,reason=none,retried=false}", 1),
            ("relent_calls_total{target=fetch_user,outcome=success,reason=none,retried=true}", 1),
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
        fn on_event(&self, d: &Details<'_, T, E>) {
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
