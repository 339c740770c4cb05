//! `Tracing`, as a subscriber sees it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relent::{EventKind, Observe, Tracing};
use serde_json::{Value, json};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_capture::Recorded;

use crate::{Busy, Shown, failing, policy};

pub(crate) mod tracing_capture {
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

        fn record_bool(&mut self, field: &Field, value: bool) {
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
fn a_run_inside_of_another_shows_its_depth() {
    let events = tracing_capture::at(LevelFilter::TRACE, || {
        let policy = policy().observe(Tracing::new());
        policy.run(|| policy.run(failing(0))).unwrap();
    });
    let depths: Vec<_> = events.iter().map(|event| event.fields.get("depth").cloned()).collect();
    // Try, the inner run, and Success.
    assert_eq!(depths, [None, Some(1.into()), Some(1.into()), None]);
}

#[test]
fn tracing_records_each_event_with_the_documented_fields_and_levels() {
    let mut events = tracing_capture::at(LevelFilter::TRACE, || {
        let policy = policy().max_tries(2).observe(Tracing::new());
        policy.run(failing(2)).unwrap_err();
        policy.run(failing(0)).unwrap();
    });
    // The identities are numbers of the process, which other tests count up too.
    let runs: Vec<_> = events.iter_mut().map(|event| event.fields.remove("run").unwrap()).collect();
    assert!(runs.iter().all(Value::is_u64));
    assert!(runs[..4].iter().all(|run| *run == runs[0]));
    assert!(runs[4..].iter().all(|run| *run == runs[4] && *run != runs[0]));
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
                    &[("attempt_ms", json!(0)), ("wait_ms", json!(1000)), ("error", json!("boom"))]
                )
            ),
            (Level::TRACE, of("trying", 2, 1000)),
            (
                Level::ERROR,
                with(
                    of("giving up", 2, 1000),
                    &[
                        ("attempt_ms", json!(0)),
                        ("reason", json!("max_tries")),
                        ("error", json!("boom"))
                    ]
                )
            ),
            (Level::TRACE, of("trying", 1, 0)),
            (Level::DEBUG, with(of("succeeded", 1, 0), &[("attempt_ms", json!(0))])),
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

#[test]
fn tracing_marks_a_value_that_was_not_accepted_and_only_that() {
    let events = tracing_capture::at(LevelFilter::TRACE, || {
        let policy = policy().max_tries(2).until(|n: &u32| *n > 5).observe(Tracing::new());
        policy.run(failing(0)).unwrap();
        policy.run(failing(2)).unwrap_err();
        policy.run(|| Ok::<_, &str>(9)).unwrap();
    });
    let marked: Vec<_> = events
        .iter()
        .filter(|event| event.fields.contains_key("not_accepted"))
        .map(|event| {
            (&event.fields["message"], &event.fields["not_accepted"], event.fields.get("error"))
        })
        .collect();
    let yes = json!(true);
    assert_eq!(marked, [(&json!("backing off"), &yes, None), (&json!("giving up"), &yes, None)]);
}

#[test]
fn tracing_shows_an_error_on_one_line_of_bounded_length() {
    let events = tracing_capture::at(LevelFilter::ERROR, || {
        let policy = policy().max_tries(1);
        let text = format!("\x1b[31mno\n{}", "x".repeat(2_000));
        policy.clone().observe(Tracing::new()).run(|| Err::<(), _>(&text)).unwrap_err();
        policy.observe(Tracing::new().by_debug()).run(|| Err::<(), _>(&text)).unwrap_err();
    });
    let of = |event: &Recorded| event.fields["error"].as_str().unwrap().to_owned();
    let [display, debug] = [of(&events[0]), of(&events[1])];
    assert!(display.starts_with(r"\u{1b}[31mno\nxxx") && display.ends_with("x…"), "{display}");
    assert!(debug.starts_with(r#""\u{1b}[31mno\nxxx"#) && debug.ends_with("x…"), "{debug}");
    assert_eq!([display.len(), debug.len()], [1_027; 2]);
}
