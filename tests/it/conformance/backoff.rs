//! The items of `test_backoff.py`, and those of `test_backoff_async.py` that say the same of
//! coroutines: `play` and `play_with_args` go through both drivers.
//!
//! The five items about loggers are in `tests/observers`, since a logger belongs to a whole
//! process.

use std::cell::Cell;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use relent::{Details, EventKind, Jitter, Retry, StopReason, TestClock, Wait};

use super::{
    ARGS, DRIVERS, Driver, FAILS, FALSE, TRUE, is_true, note, play_with_args, run, slowly, told,
};
use crate::support::{BUSY, Fault, Step, Story, at_once, millis, play, secs, yields};

const NO_WAIT: Duration = Duration::ZERO;

fn waits_for_true() -> Story {
    play(Retry::expo().until(is_true), &[FALSE, FALSE, TRUE])
}

/// `test_backoff.py::test_on_predicate`
/// `test_backoff_async.py::test_on_predicate`
#[test]
fn a_value_is_waited_for() {
    let story = waits_for_true();
    assert_eq!((story.calls, story.result), (3, Ok(1)));
}

/// `test_backoff.py::test_on_predicate_max_tries`
/// `test_backoff_async.py::test_on_predicate_max_tries`
#[test]
fn the_last_value_is_returned_where_tries_run_out() {
    let policy = Retry::expo().jitter(Jitter::None).max_tries(3).until(is_true);
    let script: Vec<_> = [FALSE; 10].into_iter().chain([TRUE]).collect();
    let story = play(policy, &script);
    assert_eq!((story.calls, story.result), (3, Ok(0)));
}

/// The clock says 0, 1, 9 and 10.000005 s where the ancestor's does: at the start, and after each
/// attempt. The waits of 1 s are part of it.
const ENDS_AT_1_9_AND_10_000_005: [Step; 3] = [
    Step { outcome: Ok(0), takes: secs(1) },
    Step { outcome: Ok(0), takes: secs(7) },
    Step { outcome: Ok(0), takes: Duration::from_micros(5) },
];

fn assert_ends_after_ten_seconds(story: &Story) {
    assert_eq!((story.calls, story.result), (3, Ok(0)));
    assert_eq!(story.waits, [secs(1), secs(1)], "the second of 2 s was shortened");
    let end = story.end();
    assert_eq!((end.tries, end.elapsed), (3, Duration::from_micros(10_000_005)));
    assert_eq!(end.reason, Some(StopReason::MaxTime));
}

/// `test_backoff.py::test_on_predicate_max_time`
#[test]
fn the_last_value_is_returned_where_time_runs_out() {
    let policy = Retry::expo().jitter(Jitter::None).max_time(secs(10)).until(is_true);
    assert_ends_after_ten_seconds(&play(policy, &ENDS_AT_1_9_AND_10_000_005));
}

/// `test_backoff.py::test_on_predicate_max_time_callable`
#[test]
fn the_time_may_be_read_for_the_call() {
    static API: Retry = Retry::expo().jitter(Jitter::None);
    let max_time = || secs(10);
    let policy = API.max_time(max_time()).until(is_true);
    assert_ends_after_ten_seconds(&play(policy, &ENDS_AT_1_9_AND_10_000_005));
    assert_eq!(API.get_max_time(), None, "the policy itself is as it was");
}

fn outlasts_three_errors() -> Story {
    play(Retry::expo(), &[FAILS, FAILS, FAILS, TRUE])
}

fn assert_outlasted_three_errors(story: &Story) {
    assert_eq!((story.calls, story.result), (4, Ok(1)));
    assert_eq!(errors(story), [Fault::Busy; 3]);
}

/// The errors after which there was a wait.
fn errors(story: &Story) -> Vec<Fault> {
    let told = story.told.iter().filter(|told| told.event == EventKind::Backoff);
    told.map(|told| told.outcome.unwrap().unwrap_err()).collect()
}

/// `test_backoff.py::test_on_exception`
/// `test_backoff_async.py::test_on_exception`
#[test]
fn errors_are_retried_until_there_is_a_value() {
    assert_outlasted_three_errors(&outlasts_three_errors());
}

/// `test_backoff.py::test_on_exception_tuple`
/// `test_backoff_async.py::test_on_exception_tuple`
#[test]
fn errors_of_two_kinds_are_retried() {
    let later = Fault::Later(secs(1));
    let policy = Retry::expo().retry_if(|e: &Fault| matches!(e, Fault::Busy | Fault::Later(_)));
    let story = play(policy, &[FAILS, at_once(Err(later)), TRUE]);
    assert_eq!((story.calls, story.result), (3, Ok(1)));
    assert_eq!(errors(&story), [Fault::Busy, later]);
}

/// `test_backoff.py::test_on_exception_max_tries`
/// `test_backoff_async.py::test_on_exception_max_tries`
#[test]
fn the_last_error_is_returned_and_every_call_has_the_arguments() {
    let policy = Retry::expo().jitter(Jitter::None).max_tries(3);
    let (result, told) = play_with_args(policy, &BUSY);
    assert_eq!((result, told.last().unwrap().tries), (Err(Fault::Busy), 3));
}

/// `test_backoff.py::test_on_exception_max_tries_callable`
/// `test_backoff_async.py::test_on_exception_max_tries_callable`
#[test]
fn the_tries_may_be_read_for_a_call_with_arguments() {
    let max_tries = || 3;
    let policy = Retry::expo().jitter(Jitter::None).max_tries(max_tries());
    let (result, told) = play_with_args(policy, &BUSY);
    assert_eq!((result, told.last().unwrap().tries), (Err(Fault::Busy), 3));
}

/// `test_backoff.py::test_on_exception_constant_iterable`
/// `test_backoff_async.py::test_on_exception_constant_iterable`
#[test]
fn an_error_is_given_up_on_where_a_list_of_waits_ends() {
    let story = play(Retry::sequence([1, 2, 3].map(secs)), &BUSY);
    assert_eq!((story.kinds().as_str(), story.result), ("TBTBTBTG", Err(Fault::Busy)));
    let backoffs = story.told.iter().filter(|told| told.event == EventKind::Backoff);
    assert!(backoffs.map(|told| told.tries).eq(1..=3));
    assert_eq!(errors(&story), [Fault::Busy; 3]);
    let end = story.end();
    assert_eq!((end.tries, end.outcome), (4, Some(Err(Fault::Busy))));
    assert_eq!(end.reason, Some(StopReason::WaitsExhausted));
}

/// The two waits of a run that fails twice, planned as 0.5 s and 1 s.
fn two_waits(jitter: Jitter, seed: u64) -> [(Duration, Duration); 2] {
    let policy = Retry::expo().first_wait(millis(500)).jitter(jitter).seed(seed);
    let story = play(policy, &[FAILS, FAILS, TRUE]);
    assert_eq!(story.kinds(), "TBTBTS");
    [(millis(500), story.waits[0]), (secs(1), story.waits[1])]
}

/// `test_backoff.py::test_on_exception_success_random_jitter`
/// `test_backoff_async.py::test_on_exception_success_random_jitter`
#[test]
fn random_jitter_adds_to_what_is_planned() {
    let mut added = Vec::new();
    for (planned, wait) in (0..100).flat_map(|seed| two_waits(Jitter::Additive(secs(1)), seed)) {
        assert!(planned <= wait && wait <= planned + secs(1), "{planned:?} {wait:?}");
        added.push(wait.abs_diff(planned));
    }
    // The ancestor does not ask whether it adds anything.
    assert!(*added.iter().max().unwrap() > millis(900), "{added:?}");
    assert!(*added.iter().min().unwrap() < millis(100), "{added:?}");
}

/// `test_backoff.py::test_on_exception_success_full_jitter`
/// `test_backoff_async.py::test_on_exception_success_full_jitter`
#[test]
fn full_jitter_stays_below_what_is_planned() {
    let mut shares = Vec::new();
    for (planned, wait) in (0..100).flat_map(|seed| two_waits(Jitter::Full, seed)) {
        assert!(wait <= planned, "{planned:?} {wait:?}");
        shares.push(wait.as_secs_f64() / planned.as_secs_f64());
    }
    assert!(shares.iter().any(|share| *share > 0.9), "{shares:?}");
    assert!(shares.iter().any(|share| *share < 0.1), "{shares:?}");
}

/// `test_backoff.py::test_on_exception_success`
/// `test_backoff_async.py::test_on_exception_success`
#[test]
fn a_success_after_two_errors_is_told_in_exact_detail() {
    let policy = Retry::constant(NO_WAIT).jitter(Jitter::None);
    let failed = Err(Fault::Busy);
    let (result, events) = play_with_args(policy, &[slowly(failed), slowly(failed), slowly(Ok(1))]);
    assert_eq!(result, Ok(1));
    assert_eq!(
        events,
        [
            told(EventKind::Backoff, 1, failed),
            told(EventKind::Backoff, 2, failed),
            told(EventKind::Success, 3, Ok(1)),
        ]
    );
}

/// `test_backoff.py::test_on_exception_giveup`
/// `test_backoff_async.py::test_on_exception_giveup`
#[test]
fn a_giveup_is_told_in_exact_detail_whether_or_not_the_error_is_wanted() {
    for raise_on_giveup in [true, false] {
        let policy = Retry::constant(NO_WAIT).jitter(Jitter::None).max_tries(3);
        let failed = Err(Fault::Busy);
        let (result, events) = play_with_args(policy, &[slowly(failed)]);
        // There is no such parameter: who does not want the error drops it.
        if raise_on_giveup {
            assert_eq!(result, failed);
        } else {
            assert_eq!(result.ok(), None);
        }
        assert_eq!(
            events,
            [
                told(EventKind::Backoff, 1, failed),
                told(EventKind::Backoff, 2, failed),
                told(EventKind::GiveUp, 3, failed),
            ]
        );
    }
}

/// `test_backoff.py::test_on_exception_giveup_predicate`
/// `test_backoff_async.py::test_on_exception_giveup_predicate`
#[test]
fn an_error_may_be_given_up_on_by_what_it_says() {
    let [foo, bar, baz] = [1, 2, 3].map(|wait| Err(Fault::Later(secs(wait))));
    let policy = Retry::expo().retry_if(move |e: &Fault| Err(*e) != baz);
    let story = play(policy, &[foo, bar, baz, Ok(1)].map(at_once));
    assert_eq!((story.calls, story.result), (3, baz));
    assert_eq!(story.end().reason, Some(StopReason::NotRetryable));
}

/// `test_backoff.py::test_on_predicate_success`
/// `test_backoff_async.py::test_on_predicate_success`
#[test]
fn a_value_after_two_others_is_told_in_exact_detail() {
    let policy = Retry::constant(NO_WAIT).jitter(Jitter::None).until(is_true);
    let (result, events) = play_with_args(policy, &[slowly(Ok(0)), slowly(Ok(0)), slowly(Ok(1))]);
    assert_eq!(result, Ok(1));
    assert_eq!(
        events,
        [
            told(EventKind::Backoff, 1, Ok(0)),
            told(EventKind::Backoff, 2, Ok(0)),
            told(EventKind::Success, 3, Ok(1)),
        ]
    );
}

/// `test_backoff.py::test_on_predicate_giveup`
/// `test_backoff_async.py::test_on_predicate_giveup`
#[test]
fn a_value_that_is_given_up_on_is_told_in_exact_detail() {
    let policy = Retry::constant(NO_WAIT).jitter(Jitter::None).max_tries(3).until(is_true);
    let (result, events) = play_with_args(policy, &[slowly(Ok(0))]);
    assert_eq!(result, Ok(0));
    assert_eq!(
        events,
        [
            told(EventKind::Backoff, 1, Ok(0)),
            told(EventKind::Backoff, 2, Ok(0)),
            told(EventKind::GiveUp, 3, Ok(0)),
        ]
    );
}

/// `test_backoff.py::test_on_predicate_iterable_handlers`
/// `test_backoff_async.py::test_on_predicate_iterable_handlers`
#[test]
fn handlers_that_come_from_an_iterator_are_all_told_the_same() {
    for driver in DRIVERS {
        let (clock, logs) = (TestClock::new(), [(); 3].map(|()| Mutex::default()));
        let policy = Retry::constant(NO_WAIT).max_tries(3).target("succeeder").clock(&clock);
        let policy = policy.until(is_true).on_try(|_| clock.advance(secs(1)));
        let policy = logs.iter().fold(policy, |policy, log| {
            policy.on_success(note(log)).on_backoff(note(log)).on_giveup(note(log))
        });
        let told_with_args = policy.show_args();
        let result = match driver {
            Driver::Blocking => told_with_args.run_with(ARGS, |_| Ok(0)),
            Driver::Future => {
                let run = told_with_args.run_with_async(ARGS, |_| async {
                    yields(1).await;
                    Ok(0)
                });
                futures::executor::block_on(run)
            }
        };
        drop(policy);
        assert_eq!(result, Ok(0));
        for log in logs {
            assert_eq!(
                log.into_inner().unwrap(),
                [
                    told(EventKind::Backoff, 1, Ok(0)),
                    told(EventKind::Backoff, 2, Ok(0)),
                    told(EventKind::GiveUp, 3, Ok(0)),
                ]
            );
        }
    }
}

/// `test_backoff.py::test_on_exception_callable_max_tries`
/// `test_backoff_async.py::test_on_exception_callable_max_tries`
#[test]
fn the_tries_may_be_read_for_the_call() {
    static API: Retry = Retry::expo();
    let max_tries = || 3;
    let story = play(API.max_tries(max_tries()), &BUSY);
    assert_eq!((story.calls, story.result), (3, Err(Fault::Busy)));
}

/// `test_backoff.py::test_on_exception_callable_max_tries_reads_every_time`
/// `test_backoff_async.py::test_on_exception_callable_max_tries_reads_every_time`
#[test]
fn the_tries_are_read_once_for_each_call() {
    static API: Retry = Retry::expo();
    for driver in DRIVERS {
        let (reads, calls) = (Cell::new(0), Cell::new(0));
        let max_tries = || {
            reads.set(reads.get() + 1);
            2 + reads.get()
        };
        let call = || {
            let policy = API.max_tries(max_tries()).clock(TestClock::new());
            run!(driver, policy, || {
                calls.set(calls.get() + 1);
                Err::<(), _>(Fault::Busy)
            })
        };
        assert_eq!([call(), call()], [Err(Fault::Busy); 2]);
        assert_eq!((reads.get(), calls.get()), (2, 3 + 4));
    }
}

/// `test_backoff.py::test_on_exception_callable_gen_kwargs`
/// `test_backoff_async.py::test_on_exception_callable_gen_kwargs`
#[test]
fn the_arguments_of_a_strategy_may_be_read_for_the_call() {
    #[derive(Clone, Copy)]
    struct FooBar {
        foo: u64,
        bar: u64,
    }

    impl<T, E> Wait<T, E> for FooBar {
        fn wait(&self, _: &Details<'_, T, E>) -> Option<Duration> {
            Some(secs(10 * self.foo + self.bar))
        }
    }

    let foo = || 4;
    let policy = Retry::new(FooBar { foo: foo(), bar: 2 }).jitter(Jitter::None).max_tries(2);
    let story = play(policy, &BUSY);
    assert_eq!((story.calls, story.result), (2, Err(Fault::Busy)));
    assert_eq!(story.waits, [secs(42)]);
}

/// `test_backoff.py::test_on_predicate_in_thread`
#[test]
fn a_value_is_waited_for_in_a_thread() {
    let story = thread::spawn(waits_for_true).join().unwrap();
    assert_eq!((story.calls, story.result), (3, Ok(1)));
}

/// `test_backoff.py::test_on_predicate_constant_iterable`
/// `test_backoff_async.py::test_on_predicate_constant_iterable`
#[test]
fn a_value_is_given_up_on_where_a_list_of_waits_ends() {
    let waits = [1, 2, 3, 6, 9].map(secs);
    let story = play(Retry::sequence(waits).jitter(Jitter::None).until(is_true), &[FALSE]);
    assert_eq!((story.waits.as_slice(), story.result), (waits.as_slice(), Ok(0)));
    assert_eq!(story.kinds(), "TBTBTBTBTBTG");
    assert_eq!(story.end().reason, Some(StopReason::WaitsExhausted));
}

/// `test_backoff.py::test_on_exception_in_thread`
#[test]
fn errors_are_retried_in_a_thread() {
    assert_outlasted_three_errors(&thread::spawn(outlasts_three_errors).join().unwrap());
}

/// `test_backoff.py::test_max_time`
/// `test_backoff_async.py::test_max_time`
#[test]
fn a_run_takes_no_longer_than_its_time_and_one_attempt() {
    for (runtime, max_time) in (0..10).flat_map(|r| (0..10).map(move |m| (r, m))) {
        let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_time(secs(max_time));
        // The ancestor's predicate is content at once, and so says nothing. This one never is.
        for outcome in [Err(Fault::Busy), Ok(0)] {
            let script = [Step { outcome, takes: secs(runtime) }];
            let story = play(policy.until(is_true), &script);
            let elapsed = story.end().elapsed;
            assert!(elapsed <= secs(max_time + runtime), "{runtime} {max_time}: {elapsed:?}");
            assert!(elapsed >= secs(max_time), "{runtime} {max_time}: {elapsed:?}");
            assert_eq!((story.result, story.end().reason), (outcome, Some(StopReason::MaxTime)));
        }
        let story = play(policy.until(is_true), &[Step { takes: secs(runtime), ..TRUE }]);
        assert_eq!((story.calls, story.end().elapsed), (1, secs(runtime)));
    }
}
