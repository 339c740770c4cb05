//! Pattern 3, error tracking: what more than three tries could not mend is reported to Sentry.
//!
//! The ingest server that receives the report is on this machine.

use std::error::Error;
use std::io;
use std::time::Duration;

use relent::{Details, Retry};
use relent_observability::Server;
use serde_json::{Value, json};

#[derive(Debug, thiserror::Error)]
enum PaymentError {
    #[error("payment service unreachable")]
    Unreachable(#[source] io::Error),
    #[error("card declined")]
    Declined,
}

/// A handler for any operation whose error Sentry can take.
fn report<T, E: Error>(d: &Details<'_, T, E>) {
    if d.tries > 3
        && let Some(error) = d.error()
    {
        let event = serde_json::to_value(d.snapshot_with_sources()).unwrap_or_default();
        sentry::with_scope(
            |scope| {
                scope.set_tag("target", d.target());
                scope.set_extra("relent", event);
            },
            || sentry::capture_error(error),
        );
    }
}

fn unreachable() -> Result<(), PaymentError> {
    Err(PaymentError::Unreachable(io::Error::other("connection refused")))
}

fn main() -> Result<(), Box<dyn Error>> {
    let ingest = Server::start()?;
    let client = sentry::init(format!("http://key@{}/1", ingest.address()));

    let policy = Retry::constant(Duration::from_millis(2))
        .retry_if(|e| matches!(e, PaymentError::Unreachable(_)))
        .target("charge_card")
        .on_giveup(report);

    // Nothing to report: an answer, a hiccup, and not enough tries.
    policy.run(|| Err::<(), _>(PaymentError::Declined)).unwrap_err();
    let mut calls = 0;
    let fourth = policy.run(|| {
        calls += 1;
        if calls < 4 { unreachable() } else { Ok(()) }
    });
    assert!(fourth.is_ok());
    let policy = policy.max_tries(3);
    policy.run(unreachable).unwrap_err();
    // Something to report.
    let policy = policy.max_tries(4);
    policy.run(unreachable).unwrap_err();

    // From here on: what has arrived?
    assert!(client.flush(Some(Duration::from_secs(5))), "the report was sent");
    let requests = ingest.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].path, "/api/1/envelope/");
    let lines: Vec<Value> =
        requests[0].body.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let [_envelope, item, event] = &lines[..] else { panic!("one event: {lines:#?}") };
    println!("{event:#}");
    assert_eq!(item["type"], "event");
    assert_eq!(event["tags"], json!({"target": "charge_card"}));
    let chain = event["exception"]["values"].as_array().ok_or("a chain of errors")?;
    let texts: Vec<_> = chain.iter().map(|error| &error["value"]).collect();
    assert_eq!(texts, ["connection refused", "payment service unreachable"]);
    let mut reported = event["extra"]["relent"].clone();
    let elapsed = reported["elapsed"].take();
    assert!(elapsed.as_f64().is_some_and(|seconds| seconds < 5.0), "{elapsed}");
    let attempt = reported["attempt_duration"].take();
    assert!(attempt.as_f64().is_some_and(|seconds| seconds < 5.0), "{attempt}");
    let retry_time = reported["retry_time"].take();
    assert!(retry_time.as_f64().is_some_and(|seconds| seconds < 5.0), "{retry_time}");
    assert!(reported["run"].take().is_u64(), "a run has a number");
    assert_eq!(
        reported,
        json!({
            "event": "giveup",
            "target": "charge_card",
            "tries": 4,
            "elapsed": null,
            "wait": null,
            "error": "payment service unreachable",
            "args": null,
            "sources": ["connection refused"],
            "reason": "max_tries",
            "not_accepted": false,
            "attempt_duration": null,
            "run": null,
            "depth": 0,
            "retry_time": null,
        })
    );
    println!("4 runs, 1 report");
    Ok(())
}
