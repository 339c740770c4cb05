//! The items that version 3 of the ancestor added to `test_backoff.py` and `test_backoff_async.py`.

use std::sync::Mutex;
use std::time::Duration;

use relent::{Details, EventKind, Jitter, Retry, TestClock};

use super::{DRIVERS, is_true, play_with_args, run, slowly, told};
use crate::support::{Fault, Outcome, Told, secs};

/// Three attempts with this outcome, as handler and operation see them.
fn assert_that_tries_are_told_before_calls(outcome: Outcome) {
    for driver in DRIVERS {
        let (clock, log) = (TestClock::new(), Mutex::new(Vec::new()));
        let note = |d: &Details<'_, u32, Fault>| {
            assert_eq!((d.event, d.outcome(), d.wait), (EventKind::Try, None, Duration::ZERO));
            log.lock().unwrap().push(("try", d.tries, d.elapsed));
        };
        let policy = Retry::constant(secs(5)).jitter(Jitter::None).max_tries(3).until(is_true);
        let policy = policy.clock(&clock).on_try(note);
        let result = run!(driver, policy, || {
            log.lock().unwrap().push(("call", 0, clock.elapsed()));
            clock.advance(secs(1));
            outcome
        });
        drop(policy);
        assert_eq!(result, outcome);
        // The ancestor's elapsed is that of the attempt before: 0, 1 and 7. Here it is read anew.
        assert_eq!(
            log.into_inner().unwrap(),
            [
                ("try", 1, secs(0)),
                ("call", 0, secs(0)),
                ("try", 2, secs(6)),
                ("call", 0, secs(6)),
                ("try", 3, secs(12)),
                ("call", 0, secs(12)),
            ]
        );
    }
}

/// `test_backoff.py::test_on_exception_on_try_runs_before_attempt`
/// `test_backoff_async.py::test_on_exception_on_try_runs_before_attempt`
#[test]
fn each_try_is_told_before_a_call_that_fails() {
    assert_that_tries_are_told_before_calls(Err(Fault::Busy));
}

/// `test_backoff.py::test_on_predicate_on_try_runs_before_attempt`
/// `test_backoff_async.py::test_on_predicate_on_try_runs_before_attempt`
#[test]
fn each_try_is_told_before_a_call_whose_value_is_not_wanted() {
    assert_that_tries_are_told_before_calls(Ok(0));
}

/// Two calls that are not accepted and one that is, whose waits of 8 s a function makes 3 s.
fn assert_that_the_result_of_a_jitter_is_slept(outcome: Outcome) {
    let jitter = Jitter::Custom(|wait| wait.saturating_sub(secs(5)));
    let policy = Retry::constant(secs(8)).jitter(jitter).until(is_true);
    let steps = [slowly(outcome), slowly(outcome), slowly(Ok(1))];
    let (result, events) = play_with_args(policy, &steps);
    assert_eq!(result, Ok(1));
    let (elapsed, wait) = ([1, 5, 9].map(secs), secs(3));
    let [first, second, third] = [1, 2, 3].map(|tries| {
        let event = if tries < 3 { EventKind::Backoff } else { EventKind::Success };
        told(event, tries, if tries < 3 { outcome } else { Ok(1) })
    });
    assert_eq!(
        events,
        [
            Told { elapsed: elapsed[0], wait, ..first },
            Told { elapsed: elapsed[1], wait, last_wait: wait, ..second },
            Told { elapsed: elapsed[2], last_wait: wait, ..third },
        ]
    );
}

/// `test_backoff.py::test_on_exception_jitter`
/// `test_backoff_async.py::test_on_exception_jitter`
#[test]
fn what_a_jitter_of_ones_own_says_is_slept_after_errors() {
    assert_that_the_result_of_a_jitter_is_slept(Err(Fault::Busy));
}

/// `test_backoff.py::test_on_predicate_jitter`
/// `test_backoff_async.py::test_on_predicate_jitter`
#[test]
fn what_a_jitter_of_ones_own_says_is_slept_after_values() {
    assert_that_the_result_of_a_jitter_is_slept(Ok(0));
}
