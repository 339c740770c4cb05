//! Tells handlers of every back-off, success and give-up, the complete example of Python's
//! `backoff`: `cargo run --example handlers`

use std::fmt::Display;
use std::time::Duration;

use relent::{Details, Retry, StopReason, TestClock};

fn log_backoff<T, E: Display>(d: &Details<'_, T, E>) {
    let error = d.error().map(ToString::to_string).unwrap_or_default();
    println!("backoff  tries {}  elapsed {:?}  wait {:?}  {error}", d.tries, d.elapsed, d.wait);
}

fn log_giveup<T, E: Display>(d: &Details<'_, T, E>) {
    let error = d.error().map(ToString::to_string).unwrap_or_default();
    println!("giveup   tries {}  elapsed {:?}  wait {:?}  {error}", d.tries, d.elapsed, d.wait);
}

fn log_success<T, E>(d: &Details<'_, T, E>) {
    println!("success  tries {}  elapsed {:?}  wait {:?}", d.tries, d.elapsed, d.wait);
}

fn main() {
    // Waiting on this clock takes no time. Without `.clock(..)` it would be the system's.
    let clock = TestClock::new();
    let mut backoffs = Vec::new();
    let mut reason = None;
    let mut successes = 0;
    let policy = Retry::expo()
        .max_tries(5)
        .max_time(Duration::from_secs(60))
        .clock(&clock)
        .on_backoff(log_backoff)
        .on_backoff(|d| backoffs.push((d.tries, d.wait)))
        .on_giveup(log_giveup)
        .on_giveup(|d| reason = d.reason)
        .on_success(log_success)
        .on_success(|_| successes += 1);

    // It succeeds in the end.
    let mut calls = 0;
    let outcome = policy.run(|| {
        calls += 1;
        if calls < 4 { Err(format!("503 at call {calls}")) } else { Ok(calls) }
    });
    assert_eq!(outcome, Ok(4));

    // It never does: what the last call returned comes back.
    let mut calls = 0;
    let outcome = policy.run(|| {
        calls += 1;
        Err(format!("503 at call {calls}"))
    });
    assert_eq!(outcome, Err(String::from("503 at call 5")));

    drop(policy);
    assert_eq!(successes, 1);
    assert_eq!(reason, Some(StopReason::MaxTries));
    let (tries, waits): (Vec<_>, Vec<_>) = backoffs.into_iter().unzip();
    assert_eq!(tries, [1, 2, 3, 1, 2, 3, 4]);
    assert_eq!(waits, clock.waits());
}
