//! Rules of the ancestor (S) that no item of its suite guards, and that no other test here does. The
//! tables in `src/guide/conformance.md` have all of them.

use std::cell::Cell;
use std::sync::Mutex;

use relent::{Details, EventKind, Jitter, Retry, StopReason, TestClock};

use super::{DRIVERS, FAILS, FALSE, is_true, run};
use crate::support::{BUSY, Fault, at_once, panic_of, play, secs};

/// S5
#[test]
fn a_wait_is_shortened_after_jitter_and_told_as_it_is_slept() {
    let tenfold = Jitter::Custom(|wait| wait * 10);
    let story = play(Retry::constant(secs(2)).jitter(tenfold).max_time(secs(45)), &BUSY);
    // Shortened before jitter, the last wait would be one of 20 s again.
    assert_eq!(story.waits, [20, 20, 5].map(secs));
    let told = story.told.iter().filter(|told| told.event == EventKind::Backoff);
    assert!(told.map(|told| told.wait).eq([20, 20, 5].map(secs)));
    assert_eq!(story.end().elapsed, secs(45));
    // Nor is it shortened before jitter too, which would leave 5 s of these 10.
    let half = Jitter::Custom(|wait| wait / 2);
    let story = play(Retry::constant(secs(40)).jitter(half).max_time(secs(10)), &BUSY);
    assert_eq!(story.waits, [secs(10)]);
}

/// S9
#[test]
fn what_is_read_for_a_call_holds_for_all_of_its_tries() {
    static API: Retry = Retry::expo().jitter(Jitter::None).forever();
    for driver in DRIVERS {
        let (clock, reads) = (TestClock::new(), Cell::new(0));
        let read = |of_call: [u64; 2]| {
            reads.set(reads.get() + 1);
            secs(of_call[usize::from(reads.get() > 2)])
        };
        for _ in 0..2 {
            let policy = API.first_wait(read([1, 5])).max_time(read([7, 15]));
            run!(driver, policy.clock(&clock), || Err::<(), _>("down")).unwrap_err();
        }
        assert_eq!(clock.waits(), [1, 2, 4, 5, 10].map(secs));
        assert_eq!(reads.get(), 4);
    }
}

/// S10
#[test]
fn every_error_is_judged_also_the_last_one() {
    for driver in DRIVERS {
        let judged = Cell::new(0);
        let policy = Retry::expo().max_tries(3).clock(TestClock::new());
        let policy = policy.retry_if(|_: &&str| {
            judged.set(judged.get() + 1);
            true
        });
        run!(driver, policy, || Err::<(), _>("down")).unwrap_err();
        assert_eq!(judged.get(), 3);
    }
}

/// S10
#[test]
fn a_panic_of_the_judge_comes_out_at_once() {
    for driver in DRIVERS {
        let (calls, told) = (Cell::new(0), Mutex::new(Vec::new()));
        let note = |d: &Details<'_, (), &str>| told.lock().unwrap().push(d.event);
        let policy = Retry::expo().retry_if(|_: &&str| panic!("a judge's own panic"));
        let policy = policy.clock(TestClock::new()).on_backoff(note).on_giveup(note);
        let panic = panic_of(|| {
            run!(driver, policy, || {
                calls.set(calls.get() + 1);
                Err("down")
            })
        });
        assert_eq!((panic.as_str(), calls.get()), ("a judge's own panic", 1));
        assert_eq!(*told.lock().unwrap(), []);
    }
}

/// S18
#[test]
fn a_handler_that_panics_ends_the_run_and_is_the_last_one_to_be_told() {
    const PANIC: &str = "a handler's own panic";
    macro_rules! check {
        ($($on:ident of $outcome:expr => $calls:expr, $waits:expr;)*) => { $( for driver in DRIVERS {
            let (clock, calls, told) = (TestClock::new(), Cell::new(0), Mutex::new(Vec::new()));
            let policy = Retry::expo().max_tries(2).clock(&clock)
                .$on(|_| told.lock().unwrap().push("before"))
                .$on(|_| panic!("{PANIC}"))
                .$on(|_| told.lock().unwrap().push("after"))
                .on_success(|_| told.lock().unwrap().push("success"))
                .on_giveup(|_| told.lock().unwrap().push("give-up"));
            let panic = panic_of(|| run!(driver, policy, || {
                calls.set(calls.get() + 1);
                $outcome
            }));
            assert_eq!(panic, PANIC);
            assert_eq!(*told.lock().unwrap(), ["before"], "{} {driver:?}", stringify!($on));
            assert_eq!((calls.get(), clock.waits().len()), ($calls, $waits), "{driver:?}");
        } )* };
    }
    check!(
        on_try of Ok::<(), &str>(()) => 0, 0;
        on_success of Ok::<(), &str>(()) => 1, 0;
        on_backoff of Err::<(), _>("down") => 1, 0;
        on_giveup of Err::<(), _>("down") => 2, 1;
    );
}

/// S19
#[test]
fn an_error_of_another_kind_ends_the_run_at_once_whether_or_not_a_value_is_waited_for() {
    let fatal = [FAILS, at_once(Err(Fault::Fatal))];
    let story = play(Retry::expo().retry_if(Fault::is_transient), &fatal);
    assert_eq!((story.kinds().as_str(), story.result), ("TBTG", Err(Fault::Fatal)));
    assert_eq!(story.end().reason, Some(StopReason::NotRetryable));

    let lets_errors_through = Retry::expo().until(is_true).retry_if(|_: &Fault| false);
    let story = play(lets_errors_through, &[FALSE, FAILS]);
    assert_eq!((story.kinds().as_str(), story.result), ("TBTG", Err(Fault::Busy)));
    assert_eq!(story.end().reason, Some(StopReason::NotRetryable));
}

/// S22
#[test]
fn a_backoff_is_told_before_its_wait() {
    for driver in DRIVERS {
        let (clock, waits) = (TestClock::new(), Mutex::new(Vec::new()));
        let policy = Retry::expo().max_tries(3).clock(&clock);
        let policy = policy.on_backoff(|_| waits.lock().unwrap().push(clock.waits().len()));
        run!(driver, policy, || Err::<(), _>("down")).unwrap_err();
        assert_eq!(*waits.lock().unwrap(), [0, 1]);
        assert_eq!(clock.waits().len(), 2);
    }
}

/// S26
#[test]
fn a_run_inside_of_a_run_has_tries_and_time_of_its_own() {
    let (clock, told) = (TestClock::new(), Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let told = &told;
        move |d: &Details<'_, (), &str>| told.lock().unwrap().push((name, d.tries, d.elapsed))
    };
    let inner = Retry::constant(secs(1)).jitter(Jitter::None).max_tries(3).clock(&clock);
    let inner = inner.on_giveup(note("inner"));
    let outer = Retry::constant(secs(10)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let outer = outer.on_backoff(note("outer")).on_giveup(note("outer"));
    let mut calls = 0;
    let outcome = outer.run(|| {
        inner.run(|| {
            calls += 1;
            Err("down")
        })
    });
    assert_eq!((outcome, calls), (Err("down"), 6));
    assert_eq!(clock.waits(), [1, 1, 10, 1, 1].map(secs));
    assert_eq!(
        *told.lock().unwrap(),
        [
            ("inner", 3, secs(2)),
            ("outer", 1, secs(2)),
            ("inner", 3, secs(2)),
            ("outer", 2, secs(14)),
        ]
    );
}
