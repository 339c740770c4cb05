//! First.
#![deny(warnings, clippy::pedantic)]
use relent::{Retry, TestClock, retry};
use std::time::Duration;

static API: Retry = Retry::expo().max_tries(3).first_wait(Duration::from_millis(1));

#[retry(API)]
fn plain(calls: &mut u32) -> Result<u32, String> {
    *calls += 1;
    if *calls < 3 {
        return Err("busy".into());
    }
    Ok(*calls)
}

#[retry(API)]
async fn plain_async(calls: &mut u32) -> Result<u32, String> {
    *calls += 1;
    if *calls < 3 {
        return Err("busy".into());
    }
    Ok(*calls)
}

#[retry(expo, first_wait = "1ms", jitter = none, max_tries = 5, show(id), target = "send", attempt = attempt,
    clone(body), on_backoff = [log, |d| eprintln!("{d} {:?}", d.args())], retry_if = |e| e.len() > 2)]
async fn send(id: u32, body: String) -> Result<String, String> {
    if attempt.tries < 3 { Err(format!("busy {id}")) } else { Ok(body) }
}

fn log<T, E: std::fmt::Display>(d: &relent::Details<'_, T, E>) {
    eprintln!("log {d}");
}

#[retry(constant("1ms"), until = |n| *n > 2, clock = TestClock::new())]
fn poll(calls: &mut u32) -> u32 {
    *calls += 1;
    *calls
}

#[test]
fn first() {
    let mut calls = 0;
    assert_eq!(plain(&mut calls), Ok(3));
    assert_eq!(poll(&mut calls), 4);
}

#[tokio::test]
async fn second() {
    let mut calls = 0;
    assert_eq!(plain_async(&mut calls).await, Ok(3));
    let task = tokio::spawn(send(7, "x".into()));
    assert_eq!(task.await.unwrap(), Ok("x".into()));
}
