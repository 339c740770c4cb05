//! `Event`, serialised.

use std::sync::Mutex;
use std::time::Duration;

use relent::{Details, EventKind, StopReason};
use serde_json::{Value, json};

use crate::{failing, policy};

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
    told(&details.with_outcome(&failed).with_reason(StopReason::MaxTime));
    told(&details.with_outcome(&succeeded));
    let of = |event, wait: Value, error: Value, reason: Value| {
        json!({
            "event": event,
            "target": "fetch_user",
            "tries": 2,
            "elapsed": 1.5,
            "wait": wait,
            "error": error,
            "not_accepted": false,
            "args": null,
            "sources": [],
            "reason": reason,
            "attempt_duration": null,
            "run": null,
            "depth": 0,
            "retry_time": null,
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
fn a_value_that_was_not_accepted_leaves_its_trace_in_the_json() {
    let mut events = Vec::new();
    let keep = |d: &Details<'_, u32, &str>| {
        let event = serde_json::to_value(d.snapshot()).unwrap();
        events.push([event["error"].clone(), event["not_accepted"].clone()]);
    };
    let policy = policy().max_tries(2).until(|n: &u32| *n > 5).on_giveup(keep);
    policy.run(failing(0)).unwrap();
    policy.run(failing(2)).unwrap_err();
    drop(policy);
    assert_eq!(events, [[Value::Null, json!(true)], [json!("boom"), json!(false)]]);
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
    for reason in [
        StopReason::NotRetryable,
        StopReason::MaxTries,
        StopReason::MaxTime,
        StopReason::WaitsExhausted,
    ] {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
    }
    for kind in [EventKind::Try, EventKind::Success, EventKind::Backoff, EventKind::GiveUp] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}
