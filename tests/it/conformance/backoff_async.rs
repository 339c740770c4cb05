//! The items that only `test_backoff_async.py` has. Those that it shares with `test_backoff.py` are in
//! `backoff`.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::{Either, select};
use relent::{Jitter, Retry, StopReason, TestClock};
use tokio::time::{Instant, sleep};

use super::{FALSE, TRUE, is_true};
use crate::support::{play, secs, yields};

/// `test_backoff_async.py::test_on_predicate_max_tries_callable`
#[test]
fn the_tries_may_be_read_for_a_call_that_waits_for_a_value() {
    let max_tries = || 3;
    let policy = Retry::expo().jitter(Jitter::None).max_tries(max_tries()).until(is_true);
    let script: Vec<_> = [FALSE; 10].into_iter().chain([TRUE]).collect();
    let story = play(policy, &script);
    assert_eq!((story.calls, story.result), (3, Ok(0)));
}

/// `test_backoff_async.py::test_on_exception_giveup_coro`
#[test]
fn an_error_may_be_given_up_on_by_what_has_to_be_awaited() {
    async fn is_last(text: &str) -> bool {
        yields(3).await;
        text == "baz"
    }

    let calls = Cell::new(0);
    let mut reason = None;
    let policy = Retry::expo()
        .clock(TestClock::new())
        .retry_if(|(_, gives_up): &(&str, bool)| !gives_up)
        .on_giveup(|d| reason = d.reason);
    let outcome = block_on(policy.run_async(async || {
        let text = ["foo", "bar", "baz", "never"][calls.replace(calls.get() + 1)];
        Err::<(), _>((text, is_last(text).await))
    }));
    drop(policy);
    assert_eq!((outcome, calls.get()), (Err(("baz", true)), 3));
    assert_eq!(reason, Some(StopReason::NotRetryable));
}

/// `test_backoff_async.py::test_on_exception_coro_cancelling`
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_told_to_stop_may_still_return_its_own_value() {
    static CALLS: AtomicU32 = AtomicU32::new(0);

    let (cancel, cancelled) = oneshot::channel::<()>();
    let mut cancelled = Some(cancelled);
    let began = Instant::now();
    let task = tokio::spawn(Retry::expo().into_run_async(move || {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let cancelled = cancelled.take().expect("it is called once");
        async {
            match select(pin!(sleep(secs(10))), cancelled).await {
                Either::Left(_) => Err("nobody cancelled it"),
                Either::Right(_) => Ok(true),
            }
        }
    }));
    sleep(secs(1)).await;
    assert!(!task.is_finished());
    cancel.send(()).unwrap();
    assert_eq!(task.await.unwrap(), Ok(true));
    assert_eq!((CALLS.load(Ordering::Relaxed), began.elapsed()), (1, secs(1)));
}

/// The other half of `test_on_exception_coro_cancelling`, which has no like in the ancestor: who
/// cancels from outside drops the future, and the operation has no say in it.
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_cancelled_from_outside_returns_nothing() {
    static TOLD: AtomicU32 = AtomicU32::new(0);

    let count = |_: &relent::Details<'_, bool, &str>| {
        TOLD.fetch_add(1, Ordering::Relaxed);
    };
    let policy = Retry::expo().on_success(count).on_backoff(count).on_giveup(count);
    let task = tokio::spawn(policy.into_run_async(pending::<Result<bool, &'static str>>));
    sleep(secs(1)).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(TOLD.load(Ordering::Relaxed), 0);
}
