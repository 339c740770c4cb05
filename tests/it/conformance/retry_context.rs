//! The items of `test_retry_context.py`, whose loops are loops of one's own here as well. Those of
//! version 3 are among them.

use std::cell::Cell;
use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use relent::condition::AnyError;
use relent::wait::{Constant, Sequence};
use relent::{Details, EventKind, Jitter, Retry, StopReason, TestClock};

use crate::support::yields;

const FAILS: Result<(), &str> = Err("always fails");

fn policy() -> Retry<Constant, AnyError, (), TestClock> {
    Retry::constant(Duration::ZERO).jitter(Jitter::None).clock(TestClock::new())
}

fn one_wait() -> Retry<Sequence<[Duration; 1]>, AnyError, (), TestClock> {
    Retry::sequence([Duration::ZERO]).jitter(Jitter::None).clock(TestClock::new())
}

/// The loop in line.
macro_rules! in_line {
    ($policy:expr, $operation:expr) => {{
        let (policy, mut operation) = (&$policy, $operation);
        let mut attempts = policy.attempts();
        loop {
            let outcome = operation();
            if let std::ops::ControlFlow::Break(end) = attempts.after(outcome) {
                break end;
            }
        }
    }};
}

/// The loop in line of async code.
macro_rules! in_line_async {
    ($policy:expr, $operation:expr) => {
        block_on(async {
            let (policy, mut operation) = (&$policy, $operation);
            let mut attempts = policy.begin_async().await;
            loop {
                yields(1).await;
                let outcome = operation();
                if let std::ops::ControlFlow::Break(end) = attempts.after(outcome).await {
                    break end;
                }
            }
        })
    };
}

/// An operation that fails this often, and counts its calls.
fn failing(times: u32, calls: &Cell<u32>) -> impl FnMut() -> Result<(), &'static str> {
    move || {
        calls.set(calls.get() + 1);
        if calls.get() <= times { FAILS } else { Ok(()) }
    }
}

type Told = (EventKind, u32, Option<&'static str>, Option<StopReason>);

/// A handler that notes what it is told.
fn note(log: &Mutex<Vec<Told>>) -> impl FnMut(&Details<'_, (), &'static str>) + Send + Copy {
    |d| log.lock().unwrap().push((d.event, d.tries, d.error().copied(), d.reason))
}

/// `test_retry_context.py::test_retry_context_success_after_failures`
#[test]
fn a_loop_ends_with_its_first_success() {
    let calls = Cell::new(0);
    assert_eq!(in_line!(policy().max_tries(5), failing(2, &calls)), Ok(()));
    assert_eq!(calls.get(), 3);
}

/// `test_retry_context.py::test_retry_context_giveup_raises`
#[test]
fn a_loop_that_gives_up_ends_with_its_last_error() {
    let calls = Cell::new(0);
    assert_eq!(in_line!(policy().max_tries(3), failing(9, &calls)), FAILS);
    assert_eq!(calls.get(), 3);
}

/// `test_retry_context.py::test_retry_context_giveup_no_raise`
#[test]
fn a_loop_that_gives_up_need_not_pass_its_error_on() {
    let calls = Cell::new(0);
    assert_eq!(in_line!(policy().max_tries(3), failing(9, &calls)).ok(), None);
    assert_eq!(calls.get(), 3);
}

/// `test_retry_context.py::test_retry_context_unmatched_exception_propagates_immediately`
#[test]
fn a_loop_ends_at_once_with_an_error_of_another_kind() {
    let (calls, log) = (Cell::new(0), Mutex::default());
    let policy = policy().max_tries(5).retry_if(|e: &&str| *e == "a value is wrong");
    let policy = policy.on_backoff(note(&log)).on_giveup(note(&log));
    assert_eq!(in_line!(policy, failing(9, &calls)), FAILS);
    assert_eq!(calls.get(), 1);
    let end = (EventKind::GiveUp, 1, Some("always fails"), Some(StopReason::NotRetryable));
    assert_eq!(*log.lock().unwrap(), [end]);
}

/// `test_retry_context.py::test_retry_context_giveup_predicate`
#[test]
fn a_loop_ends_at_once_with_an_error_that_is_given_up_on() {
    let calls = Cell::new(0);
    let gives_up = |_: &&str| true;
    let policy = policy().max_tries(5).retry_if(|e| !gives_up(e));
    assert_eq!(in_line!(policy, failing(9, &calls)), FAILS);
    assert_eq!(calls.get(), 1);
}

/// `test_retry_context.py::test_retry_context_handlers`
#[test]
fn a_loop_tells_its_backoffs_and_its_success() {
    let (calls, log) = (Cell::new(0), Mutex::default());
    let policy = policy().on_success(note(&log)).on_backoff(note(&log)).on_giveup(note(&log));
    assert_eq!(in_line!(policy, failing(2, &calls)), Ok(()));
    assert_eq!(
        *log.lock().unwrap(),
        [
            (EventKind::Backoff, 1, Some("always fails"), None),
            (EventKind::Backoff, 2, Some("always fails"), None),
            (EventKind::Success, 3, None, None),
        ]
    );
}

/// What an attempt does, in order.
fn tries_and_operations(log: &Mutex<Vec<(&'static str, u32)>>, expected_tries: u32) {
    let log = log.lock().unwrap();
    let expected = (1..=expected_tries).flat_map(|n| [("try", n), ("operation", n)]);
    assert!(log.iter().copied().eq(expected), "{log:?}");
}

/// `test_retry_context.py::test_retry_context_on_try_runs_before_attempt`
#[test]
fn a_loop_tells_each_try_before_it_is_made() {
    let (calls, log) = (Cell::new(0), Mutex::new(Vec::new()));
    let policy = policy().max_tries(3).on_try(|d| log.lock().unwrap().push(("try", d.tries)));
    let mut fails = failing(2, &calls);
    let outcome = in_line!(policy, || {
        log.lock().unwrap().push(("operation", calls.get() + 1));
        fails()
    });
    assert_eq!(outcome, Ok(()));
    tries_and_operations(&log, 3);
}

/// `test_retry_context.py::test_retry_context_wait_gen_exhausted`
#[test]
fn a_loop_gives_up_where_its_waits_end() {
    let (calls, log) = (Cell::new(0), Mutex::default());
    let policy = one_wait().on_giveup(note(&log));
    assert_eq!(in_line!(policy, failing(9, &calls)), FAILS);
    assert_eq!(calls.get(), 2);
    let end = (EventKind::GiveUp, 2, Some("always fails"), Some(StopReason::WaitsExhausted));
    assert_eq!(*log.lock().unwrap(), [end]);
}

/// `test_retry_context.py::test_retry_context_wait_gen_exhausted_always_raises`
#[test]
fn the_error_is_there_whatever_ended_the_loop() {
    let (by_tries, by_time, by_waits) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let outcomes = [
        in_line!(policy().max_tries(2), failing(9, &by_tries)),
        in_line!(policy().max_time(Duration::ZERO), failing(9, &by_time)),
        in_line!(one_wait(), failing(9, &by_waits)),
    ];
    assert_eq!(outcomes, [FAILS; 3]);
    assert_eq!([by_tries, by_time, by_waits].map(Cell::into_inner), [2, 1, 2]);
}

/// `test_retry_context.py::test_aretry_context_success_after_failures`
#[test]
fn an_async_loop_ends_with_its_first_success() {
    let calls = Cell::new(0);
    assert_eq!(in_line_async!(policy().max_tries(5), failing(2, &calls)), Ok(()));
    assert_eq!(calls.get(), 3);
}

/// `test_retry_context.py::test_aretry_context_giveup_raises`
#[test]
fn an_async_loop_that_gives_up_ends_with_its_last_error() {
    let calls = Cell::new(0);
    assert_eq!(in_line_async!(policy().max_tries(3), failing(9, &calls)), FAILS);
    assert_eq!(calls.get(), 3);
}

/// `test_retry_context.py::test_aretry_context_async_giveup_predicate`
#[test]
fn an_async_loop_may_await_what_it_gives_up_on() {
    async fn gives_up(error: &str) -> bool {
        yields(2).await;
        error == "always fails"
    }

    let calls = Cell::new(0);
    let policy = policy().max_tries(5).retry_if(|(_, gives_up): &(&str, bool)| !gives_up);
    let outcome = block_on(async {
        let mut operation = failing(9, &calls);
        let mut attempts = policy.begin_async().await;
        loop {
            let outcome = match operation() {
                Err(error) => Err((error, gives_up(error).await)),
                Ok(value) => Ok(value),
            };
            if let std::ops::ControlFlow::Break(end) = attempts.after(outcome).await {
                break end;
            }
        }
    });
    assert_eq!((outcome, calls.get()), (Err(("always fails", true)), 1));
}

/// `test_retry_context.py::test_aretry_context_async_handlers`
#[test]
fn an_async_loop_awaits_its_handlers() {
    let (calls, log) = (Cell::new(0), Mutex::new(Vec::new()));
    let later = |d: &Details<'_, (), &'static str>| {
        let (told, log) = ((d.event, d.tries, d.error().copied(), d.reason), &log);
        async move {
            yields(3).await;
            log.lock().unwrap().push(told);
        }
    };
    let policy = policy().max_tries(5).on_backoff_async(later);
    assert_eq!(in_line_async!(policy, failing(1, &calls)), Ok(()));
    assert_eq!(calls.get(), 2);
    let backoff = (EventKind::Backoff, 1, Some("always fails"), None);
    assert_eq!(*log.lock().unwrap(), [backoff]);
}

/// `test_retry_context.py::test_aretry_context_on_try_runs_before_attempt`
#[test]
fn an_async_loop_awaits_what_is_told_of_a_try_before_it_is_made() {
    let (calls, log) = (Cell::new(0), Mutex::new(Vec::new()));
    let policy = policy().max_tries(3).on_try_async(|d| {
        let (tries, log) = (d.tries, &log);
        async move {
            yields(3).await;
            log.lock().unwrap().push(("try", tries));
        }
    });
    let mut fails = failing(2, &calls);
    let outcome = in_line_async!(policy, || {
        log.lock().unwrap().push(("operation", calls.get() + 1));
        fails()
    });
    assert_eq!(outcome, Ok(()));
    tries_and_operations(&log, 3);
}

/// `test_retry_context.py::test_aretry_context_async_giveup_no_raise`
#[test]
fn an_async_loop_that_gives_up_need_not_pass_its_error_on() {
    let calls = Cell::new(0);
    assert_eq!(in_line_async!(policy().max_tries(3), failing(9, &calls)).ok(), None);
    assert_eq!(calls.get(), 3);
}

/// `test_retry_context.py::test_aretry_context_wait_gen_exhausted`
#[test]
fn an_async_loop_gives_up_where_its_waits_end() {
    let (calls, log) = (Cell::new(0), Mutex::default());
    let policy = one_wait().on_giveup(note(&log));
    assert_eq!(in_line_async!(policy, failing(9, &calls)), FAILS);
    assert_eq!(calls.get(), 2);
    let end = (EventKind::GiveUp, 2, Some("always fails"), Some(StopReason::WaitsExhausted));
    assert_eq!(*log.lock().unwrap(), [end]);
}

/// `test_retry_context.py::test_aretry_context_wait_gen_exhausted_always_raises`
#[test]
fn the_error_is_there_whatever_ended_the_async_loop() {
    let (by_tries, by_time, by_waits) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let outcomes = [
        in_line_async!(policy().max_tries(2), failing(9, &by_tries)),
        in_line_async!(policy().max_time(Duration::ZERO), failing(9, &by_time)),
        in_line_async!(one_wait(), failing(9, &by_waits)),
    ];
    assert_eq!(outcomes, [FAILS; 3]);
    assert_eq!([by_tries, by_time, by_waits].map(Cell::into_inner), [2, 1, 2]);
}
