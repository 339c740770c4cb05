//! The reader, beside other readers: the schema as the crate `jsonschema` understands it, and durations as `humantime` does.

use std::time::Duration;

use jsonschema::Validator;
use proptest::prelude::*;
use relent::{Retry, RetryConfig};
use serde_json::{Map, Value, json};

fn schema() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(RetryConfig::JSON_SCHEMA).unwrap()).unwrap()
}

fn is_read(document: &Value) -> bool {
    serde_json::from_value::<RetryConfig>(document.clone()).is_ok()
}

#[test]
fn the_schema_accepts_and_refuses_what_the_reader_does() {
    let schema = schema();
    for (document, is_good) in [
        (json!({}), true),
        (json!("expo max_tries=5"), true),
        (json!({ "strategy": "expo", "first_wait": "100ms", "factor": 1.5 }), true),
        (json!({ "factor": "1.5e1", "max_tries": " 5 ", "seed": "18446744073709551615" }), true),
        (json!({ "strategy": "constant", "wait": "0s" }), true),
        (json!({ "strategy": "linear", "step": "1m 30s" }), true),
        (json!({ "strategy": "decay", "decay_factor": 0, "min_wait": "0s" }), true),
        (json!({ "strategy": "decorrelated", "base": "250µs", "jitter": "none" }), true),
        (json!({ "strategy": "sequence", "waits": [] }), true),
        (json!({ "strategy": "sequence", "waits": "1s, 5s" }), true),
        (json!({ "max_time": "1d 2h 3m 4s 5ms 6us 7ns", "last_wait_may_overrun": true }), true),
        (json!({ "max_asked_wait": "unlimited", "jitter": "additive(500ms)" }), true),
        (json!({ "forever": "true", "jitter": "proportional(0.2)" }), true),
        (json!({ "forever": false, "max_tries": 4_294_967_295_u32 }), true),
        (json!(3), false),
        (json!([]), false),
        (json!(""), false),
        (json!({ "max_trys": 5 }), false),
        (json!({ "max_tries": 0 }), false),
        (json!({ "max_tries": -1 }), false),
        (json!({ "max_tries": 4_294_967_296_u64 }), false),
        (json!({ "max_tries": "many" }), false),
        (json!({ "max_tries": null }), false),
        (json!({ "factor": 0 }), false),
        (json!({ "factor": "inf" }), false),
        (json!({ "first_wait": 100 }), false),
        (json!({ "first_wait": "100" }), false),
        (json!({ "first_wait": "0s" }), false),
        (json!({ "first_wait": "30s 1m" }), false),
        (json!({ "max_time": "" }), false),
        (json!({ "max_wait": "0s" }), false),
        (json!({ "strategy": "exponential" }), false),
        (json!({ "strategy": "constant" }), false),
        (json!({ "strategy": "linear" }), false),
        (json!({ "strategy": "decorrelated" }), false),
        (json!({ "strategy": "sequence" }), false),
        (json!({ "strategy": "fibo", "factor": 2 }), false),
        (json!({ "step": "1s" }), false),
        (json!({ "strategy": "decorrelated", "base": "1s", "jitter": "full" }), false),
        (json!({ "jitter": "some" }), false),
        (json!({ "forever": true, "max_tries": 5 }), false),
        (json!({ "forever": true, "max_time": "1m" }), false),
        (json!({ "forever": true, "strategy": "sequence", "waits": ["1s"] }), false),
        (json!({ "forever": "yes" }), false),
        (json!({ "last_wait_may_overrun": true }), false),
        (json!({ "no_attempt_after_deadline": "true" }), false),
        (
            json!({ "max_time": "1m", "last_wait_may_overrun": true, "no_attempt_after_deadline": true }),
            false,
        ),
    ] {
        assert_eq!(schema.is_valid(&document), is_good, "the schema on {document}");
        assert_eq!(is_read(&document), is_good, "the reader on {document}");
    }
}

/// What the documentation says that a schema cannot see.
#[test]
fn the_schema_cannot_see_some_contradictions() {
    let schema = schema();
    for document in [
        json!({ "first_wait": "10s", "max_wait": "5s" }),
        json!({ "strategy": "decay", "min_wait": "5s" }),
        json!({ "jitter": "proportional(2)" }),
        json!({ "max_tries": "0" }),
        json!("expo max_tries=0"),
    ] {
        assert!(schema.is_valid(&document) && !is_read(&document), "{document}");
    }
}

/// A value that fits some key, or none.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            json!("1s"),
            json!("100ms"),
            json!("1m 30s"),
            json!("0s"),
            json!("5"),
            json!("1.5"),
            json!("true"),
            json!("full"),
            json!("none"),
            json!("additive(1s)"),
            json!("proportional(0.5)"),
            json!("unlimited"),
            json!(["1s", "5s"]),
            json!([]),
            json!([1]),
            json!(true),
            json!(false),
            json!(null),
            json!({}),
        ]),
        (-2..20_i64).prop_map(|number| json!(number)),
        (0.0..3.0).prop_map(|number: f64| json!(number)),
        "[0-9]{1,3}(ns|us|ms|s|m|h|d)( [0-9]{1,2}(ms|s))?".prop_map(Value::from),
        "[a-z0-9 .,()]{0,8}".prop_map(Value::from),
    ]
}

const KEYS: [&str; 19] = [
    "strategy",
    "wait",
    "first_wait",
    "step",
    "base",
    "waits",
    "factor",
    "decay_factor",
    "min_wait",
    "max_wait",
    "max_asked_wait",
    "max_tries",
    "max_time",
    "forever",
    "last_wait_may_overrun",
    "no_attempt_after_deadline",
    "nested",
    "jitter",
    "seed",
];

fn any_document() -> impl Strategy<Value = Value> {
    let strategies = ["expo", "fibo", "constant", "linear", "decay", "decorrelated", "sequence"];
    let pairs =
        prop::collection::vec((prop::sample::select(KEYS[1..].to_vec()), any_value()), 0..4);
    (prop::option::of(prop::sample::select(strategies.to_vec())), pairs).prop_map(
        |(strategy, pairs)| {
            let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value));
            let strategy = strategy.map(|name| (String::from("strategy"), json!(name)));
            Value::Object(pairs.chain(strategy).collect::<Map<_, _>>())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn the_schema_accepts_all_that_is_read(document in any_document()) {
        thread_local!(static SCHEMA: Validator = schema());
        if is_read(&document) {
            prop_assert!(SCHEMA.with(|schema| schema.is_valid(&document)), "{document}");
        }
    }

    #[test]
    fn what_is_written_fits_the_schema(first in 1..u64::MAX, factor in 0.01..100.0, tries in 1..u32::MAX, seed in any::<u64>()) {
        thread_local!(static SCHEMA: Validator = schema());
        let policy = Retry::expo().first_wait(Duration::from_nanos(first)).factor(factor).max_tries(tries).seed(seed);
        let document = serde_json::to_value(RetryConfig::try_from(&policy).unwrap()).unwrap();
        prop_assert!(SCHEMA.with(|schema| schema.is_valid(&document)), "{document}");
    }

    #[test]
    fn durations_are_those_of_humantime(text in "[0-9]{1,6}(ns|us|ms|s|m|h|d)( ?[0-9]{1,3}(ms|s|us|ns))?") {
        let document = json!({ "max_time": text });
        let Ok(config) = serde_json::from_value::<RetryConfig>(document) else { return Ok(()) };
        let time = config.policy().unwrap().get_max_time();
        prop_assert_eq!(time, humantime::parse_duration(&text).ok());
        // What is written is read there, too.
        let written = serde_json::to_value(&config).unwrap();
        let written = written["max_time"].as_str().unwrap();
        prop_assert_eq!(humantime::parse_duration(written).ok(), time);
    }
}

#[test]
fn random_documents_are_often_good() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let documents = (0..1000).map(|_| any_document().new_tree(&mut runner).unwrap().current());
    let good = documents.filter(is_read).count();
    assert!((50..700).contains(&good), "{good} of 1000");
}

/// Why `humantime` is an oracle here, and not what reads a configuration.
#[test]
fn humantime_reads_months_where_minutes_may_be_meant() {
    assert_eq!(humantime::parse_duration("5M").unwrap().as_secs() / 86_400, 152);
    assert!(!is_read(&json!({ "max_time": "5M" })));
    assert!(is_read(&json!({ "max_time": "18446744073709551614s 1000ms" })));
    assert!(!is_read(&json!({ "max_time": "18446744073709551615s 1000ms" })));
}
