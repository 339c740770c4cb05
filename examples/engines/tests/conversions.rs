//! Each engine's policy, and what it does not express.

use relent::RetryConfig;
use relent_engines::{event_bridge, restate, step_functions, temporal};
use serde_json::json;

fn line(line: &str) -> RetryConfig {
    line.parse().unwrap()
}

#[test]
fn what_temporal_can_express_is_exact() {
    let policy =
        temporal(&line("expo first_wait=1.5s factor=1.5 max_wait=1m max_tries=8 jitter=none"));
    assert_eq!(
        policy.unwrap().exact().unwrap(),
        json!({
            "initialInterval": "1.5s",
            "backoffCoefficient": 1.5,
            "maximumInterval": "60s",
            "maximumAttempts": 8,
        })
    );
    let policy = temporal(&line("constant wait=2s forever jitter=none")).unwrap().exact().unwrap();
    assert_eq!(
        (&policy["backoffCoefficient"], &policy["maximumAttempts"]),
        (&json!(1.0), &json!(0))
    );
    // Left out, the cap would be a hundred times the first interval.
    assert_eq!(policy["maximumInterval"], "315576000000s");
    let policy = temporal(&line("expo max_wait=500ms jitter=none")).unwrap().exact().unwrap();
    assert_eq!(
        (&policy["initialInterval"], &policy["maximumAttempts"]),
        (&json!("0.5s"), &json!(10))
    );
}

#[test]
fn what_step_functions_can_express_is_exact() {
    let policy = step_functions(&line("expo first_wait=3s max_wait=1m max_tries=4 jitter=full"));
    assert_eq!(
        policy.unwrap().exact().unwrap(),
        json!({
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 3,
            "BackoffRate": 2.0,
            "MaxDelaySeconds": 60,
            // It counts retries.
            "MaxAttempts": 3,
            "JitterStrategy": "FULL",
        })
    );
}

#[test]
fn every_difference_is_said() {
    for (converted, differences) in [
        (
            temporal(&line("expo max_time=1h last_wait_may_overrun seed=7 max_asked_wait=1m")),
            &[
                "`seed = 7`",
                "`max_asked_wait = \"1m\"`",
                "`last_wait_may_overrun = true`",
                "its jitter",
                "`max_time`",
            ][..],
        ),
        (
            step_functions(&line("expo first_wait=100ms max_wait=1.5s forever jitter=equal")),
            &["its jitter", "no limit of attempts", "first wait of 100ms", "`max_wait` of 1.5s"][..],
        ),
        (step_functions(&line("expo max_time=1h")), &["`max_time`", "no limit of attempts"][..]),
        (Ok(event_bridge(&line("fibo max_tries=10 max_time=1h"))), &["its waits"][..]),
        (
            Ok(event_bridge(&line("expo forever"))),
            &["its waits", "after 185 retries", "stops after 86400"][..],
        ),
        (
            Ok(event_bridge(&line("sequence waits=[1s,5s] max_time=30s"))),
            &["its waits", "stops after 60"][..],
        ),
        (restate(&line("expo first_wait=200ms factor=1.5 max_tries=5")), &["up to 30 %"][..]),
        (
            restate(&line("expo first_wait=1us factor=1.1 max_tries=5")),
            &["up to 30 %", "32 bits", "whole milliseconds"][..],
        ),
    ] {
        let converted = converted.unwrap();
        let found = converted.differences().to_vec();
        assert_eq!(found.len(), differences.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(differences) {
            assert!(found.contains(expected), "{found}");
        }
        let refused = converted.exact().unwrap_err().to_string();
        assert!(refused.contains(" cannot express this: "), "{refused}");
        assert!(differences.iter().all(|difference| refused.contains(difference)), "{refused}");
    }
}

#[test]
fn the_nearest_policy_is_there_for_a_program_that_accepts_the_differences() {
    let limits = event_bridge(&line("expo max_tries=10 max_time=1h"));
    assert_eq!(
        limits.nearest(),
        &json!({ "MaximumRetryAttempts": 9, "MaximumEventAgeInSeconds": 3600 })
    );
    let numbers =
        restate(&line("expo first_wait=200ms max_wait=10s max_tries=5 max_time=1m")).unwrap();
    assert_eq!(
        numbers.nearest(),
        &json!({
            "initial_delay": 200,
            "exponentiation_factor": 2.0,
            "max_delay": 10_000,
            "max_attempts": 5,
            "max_duration": 60_000,
        })
    );
}

#[test]
fn waits_that_no_engine_has_are_refused() {
    for text in [
        "fibo",
        "linear step=1s",
        "decay",
        "decorrelated base=1s",
        "sequence waits=[1s,5s]",
        "expo factor=0.5",
        "constant wait=0s",
    ] {
        for converted in [temporal(&line(text)), step_functions(&line(text)), restate(&line(text))]
        {
            let refused = converted.unwrap_err().to_string();
            assert!(refused.contains("cannot express this"), "{text}: {refused}");
        }
    }
}
