//! The retry policy of gRPC's service config, by the proposal A6.

use std::time::Duration;

use proptest::prelude::*;
use relent::config::GrpcRetryPolicy;
use relent::{Jitter, Retry, TestClock};
use serde_json::{Value, json};

use super::line;
use crate::support::{millis, secs};

fn read(document: &Value) -> GrpcRetryPolicy {
    serde_json::from_value(document.clone()).unwrap()
}

/// The example of the proposal, in both of its sections.
fn example() -> Value {
    json!({
        "maxAttempts": 4,
        "initialBackoff": ".1s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    })
}

#[test]
fn the_example_of_the_proposal_makes_four_attempts_that_are_spread_by_a_fifth() {
    let config: Value = serde_json::from_str(
        r#"{ "methodConfig": [{ "name": [{ "service": "a.B" }], "retryPolicy": {
            "maxAttempts": 4, "initialBackoff": ".1s", "maxBackoff": "1s", "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"] } }] }"#,
    )
    .unwrap();
    let grpc = read(&config["methodConfig"][0]["retryPolicy"]);
    assert_eq!(grpc, read(&example()));
    let policy = grpc.config().policy().unwrap();
    assert!(policy.waits().eq([100, 200, 400].map(millis)));
    assert!(matches!(policy.get_jitter(), Jitter::Proportional(part) if (part - 0.2).abs() < 1e-9));
    assert!(grpc.codes().eq(["UNAVAILABLE"]));
    let retried: Vec<u32> = (0..40).filter(|code| grpc.retries(*code)).collect();
    assert_eq!(retried, [14]);
    assert!(!grpc.retries(u32::MAX));
}

#[test]
fn a_run_retries_the_status_codes_of_the_policy_and_no_others() {
    let grpc = read(&example());
    let policy = grpc.config().policy().unwrap().retry_if(|status: &u32| grpc.retries(*status));
    let policy = policy.clock(TestClock::new());
    for (code, attempts) in [(14, 4), (13, 1)] {
        let mut calls = 0;
        let outcome = policy.run(|| {
            calls += 1;
            Err::<(), _>(code)
        });
        assert_eq!((outcome, calls), (Err(code), attempts));
    }
}

#[test]
fn more_than_five_attempts_are_five() {
    let mut document = example();
    document["maxAttempts"] = json!(100);
    let grpc = read(&document);
    assert_eq!(grpc.config().policy().unwrap().waits().count(), 4);
    // What is written back is what was read.
    assert_eq!(serde_json::to_value(&grpc).unwrap()["maxAttempts"], 100);
}

#[test]
fn durations_are_those_of_protocol_buffers() {
    for (text, wait) in [
        ("1s", Some(secs(1))),
        ("0.000000001s", Some(Duration::from_nanos(1))),
        (".5s", Some(millis(500))),
        ("1.s", Some(secs(1))),
        ("315576000000s", Some(secs(315_576_000_000))),
        ("0s", None),
        ("0.000s", None),
        (".s", None),
        ("s", None),
        ("", None),
        ("1", None),
        ("-1s", None),
        ("+1s", None),
        ("1ms", None),
        ("1 s", None),
        ("0.0000000001s", None),
        ("99999999999999999999s", None),
    ] {
        let mut document = example();
        document["initialBackoff"] = json!(text);
        document["maxBackoff"] = json!("999999999999s");
        let grpc: Result<GrpcRetryPolicy, _> = serde_json::from_value(document);
        assert_eq!(grpc.is_ok(), wait.is_some(), "{text}");
        if let (Ok(grpc), Some(wait)) = (grpc, wait) {
            let first = grpc.config().policy().unwrap().waits().next().unwrap();
            // No wait is longer than 584 years.
            assert_eq!(first, wait.min(Duration::from_nanos(u64::MAX)), "{text}");
        }
    }
}

#[test]
fn what_grpc_computes_is_what_the_configuration_waits_for() {
    let mut document = example();
    document["initialBackoff"] = json!("1s");
    document["maxAttempts"] = json!(5);
    document["maxBackoff"] = json!("3s");
    // Capped first, and then spread: a wait of 3 s is up to 3.6 s.
    let clock = TestClock::new();
    let policy = read(&document).config().policy().unwrap().clock(&clock);
    for _ in 0..200 {
        policy.run(|| Err::<(), _>("down")).unwrap_err();
    }
    let waits = clock.waits();
    let longest = waits.iter().max().unwrap();
    assert!((millis(3500)..=millis(3600)).contains(longest), "{longest:?}");
    assert!(waits.chunks(4).all(|waits| (millis(800)..=millis(1200)).contains(&waits[0])));
}

#[test]
fn a_configuration_is_written_for_grpc_if_grpc_can_do_the_same() {
    for (text, written) in [
        (
            "expo first_wait=100ms max_wait=1s max_tries=4 jitter=proportional(0.2)",
            json!([4, "0.1s", "1s", 2.0]),
        ),
        (
            "expo first_wait=1.25s factor=1.5 max_tries=3 jitter=proportional(0.2)",
            json!([3, "1.25s", "1.875s", 1.5]),
        ),
        ("constant wait=2s max_tries=5 jitter=proportional(0.2)", json!([5, "2s", "2s", 1.0])),
        ("sequence waits=[1s,2s,3s,3s] jitter=proportional(0.2)", json!([5, "1s", "3s", 2.0])),
        ("sequence waits=[7s] jitter=proportional(0.2)", json!([2, "7s", "7s", 1.0])),
    ] {
        let grpc = GrpcRetryPolicy::try_new(&line(text), ["unavailable"]).unwrap();
        let document = serde_json::to_value(&grpc).unwrap();
        let keys = ["maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier"];
        assert_eq!(json!(keys.map(|key| &document[key])), written, "{text}");
        assert_eq!(document["retryableStatusCodes"], json!(["UNAVAILABLE"]));
        let [there, here] = [grpc.config(), line(text)].map(|config| config.policy().unwrap());
        assert!(there.waits().eq(here.waits()), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_written_back_and_waits_the_same(
        attempts in 2..9_u32,
        initial in 1..10_000_000_000_u64,
        most in 1..20_000_000_000_u64,
        multiplier in prop_oneof![0.1..4.0, Just(1.0), Just(2.0)],
        codes in prop::collection::vec(1..17_u32, 1..5),
    ) {
        // A list that is capped first and then shrinks has no numbers of gRPC that can be found again.
        prop_assume!(multiplier >= 1.0 || initial <= most);
        let seconds = |nanos: u64| format!("{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000);
        let document = json!({
            "maxAttempts": attempts,
            "initialBackoff": seconds(initial),
            "maxBackoff": seconds(most),
            "backoffMultiplier": multiplier,
            "retryableStatusCodes": codes,
        });
        let grpc = read(&document);
        prop_assert_eq!(&read(&serde_json::to_value(&grpc).unwrap()), &grpc);
        prop_assert!(codes.iter().all(|code| grpc.retries(*code)));
        let config = grpc.config();
        let waits: Vec<_> = config.policy().unwrap().waits().collect();
        prop_assert_eq!(waits.len(), attempts.min(5) as usize - 1);
        let [initial, most] = [initial, most].map(|nanos| Duration::from_nanos(nanos).as_secs_f64());
        let mut expected = initial;
        for wait in &waits {
            let off = (wait.as_secs_f64() - expected.min(most)).abs();
            prop_assert!(off <= 1e-9 + expected * 1e-9, "{} {}", off, expected);
            expected *= multiplier;
        }
        // Back to gRPC: the same waits, by whatever numbers.
        let names: Vec<_> = grpc.codes().collect();
        let again = GrpcRetryPolicy::try_new(&config, names.iter().copied()).unwrap();
        let others: Vec<_> = again.config().policy().unwrap().waits().collect();
        prop_assert_eq!(waits.len(), others.len());
        for (one, other) in waits.iter().zip(others) {
            prop_assert!(one.abs_diff(other) <= Duration::from_nanos(1));
        }
    }
}

#[test]
fn a_plain_retry_policy_is_refused_with_what_grpc_has_instead() {
    let config = relent::RetryConfig::try_from(&Retry::expo().max_tries(4)).unwrap();
    let error = GrpcRetryPolicy::try_new(&config, ["UNAVAILABLE"]).unwrap_err();
    assert_eq!(error.key(), Some("jitter"));
}
