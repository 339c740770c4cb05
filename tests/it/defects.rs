//! What was seen to go wrong in other crates, each as a test of what happens here instead.
//!
//! The crates and versions are those in which it was reproduced; see the guide's page `compare`.

use std::cell::Cell;
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use relent::wait::{Constant, Expo, Fibo, Linear};
use relent::{
    AsyncClock, Attempt, Budget, Details, Jitter, Retry, Schedule, StopReason, TestClock,
};

use crate::support::{BUSY, Fault, Step, at_once, millis, play, secs};

const JITTERS: [Jitter; 5] = [
    Jitter::Full,
    Jitter::Equal,
    Jitter::Additive(secs(1000)),
    Jitter::None,
    Jitter::Custom(|wait| wait.saturating_mul(2)),
];

/// backon 1.6: the first delay is not capped, fibonacci delays overshoot, and jitter doubles the cap.
#[test]
fn no_wait_is_above_the_cap_not_the_first_one_and_not_after_jitter() {
    let cap = secs(4);
    for jitter in JITTERS {
        for schedule in [
            Schedule::from(Expo::new(secs(90), 2.0)),
            Expo::new(secs(1), 3.0).into(),
            Fibo::new(secs(3)).into(),
            Linear::new(secs(90), secs(7)).into(),
        ] {
            for seed in 0..20 {
                let policy = Retry::new(schedule).max_wait(cap).jitter(jitter).seed(seed);
                let waits = play(policy, &BUSY).waits;
                assert!(waits.iter().all(|wait| *wait <= cap), "{jitter:?} {schedule:?} {waits:?}");
            }
        }
    }
}

/// backon 1.6: a total delay of `Duration::MAX` panics. tokio-retry 0.3.2: so does that delay.
/// again 0.1: a delay that overflows panics although there is a cap.
#[test]
fn the_longest_durations_are_limits_like_any_other() {
    const MAX: Duration = Duration::MAX;
    for policy in [
        Retry::expo().max_time(MAX).max_tries(200),
        Retry::expo().first_wait(MAX).max_wait(MAX).max_tries(200),
        Retry::expo().first_wait(MAX).max_wait(secs(1)).max_tries(200),
        Retry::expo().factor(f64::MAX).max_wait(secs(1)).max_tries(200),
    ] {
        assert_eq!(play(policy, &BUSY).calls, 200);
    }
}

/// backon 1.6: the documented way to obey `Retry-After` makes 1001 calls where 3 retries are allowed.
/// backoff 0.4: it goes on beyond the limit of 15 minutes. gax 1.15: a throttled loop does not end.
#[test]
fn a_wait_that_the_server_asks_for_defeats_no_limit() {
    let script = [Step { outcome: Err(Fault::Later(secs(60))), takes: millis(1) }];
    let policy = Retry::expo().jitter(Jitter::None).retry_after(Fault::requested_wait);
    let by_tries = play(policy.max_tries(3), &script);
    assert_eq!((by_tries.calls, by_tries.end().reason), (3, Some(StopReason::MaxTries)));
    let by_time = play(policy.max_time(secs(150)), &script);
    assert_eq!((by_time.waits, by_time.calls), (vec![secs(60); 2], 3));
    let by_default = play(policy, &script);
    assert_eq!(by_default.calls, 10);
}

/// tokio-retry2 0.5.8: `retry_after` has no effect, and the durations in notifications are not those
/// that are slept.
#[test]
fn the_wait_that_was_asked_for_is_told_and_slept() {
    let script = [at_once(Err(Fault::Later(secs(17)))), BUSY[0], at_once(Ok(1))];
    let policy = Retry::expo().seed(1).retry_after(Fault::requested_wait);
    // That what is told is what is slept is checked of every story.
    let story = play(policy, &script);
    assert!(story.waits[0] >= secs(17) && story.waits[1] < secs(17), "{:?}", story.waits);
}

/// backoff 0.4: the operation is called when the future is made, and again before its sleep is over.
/// tokio-retry 0.3.2: it is called when the future is made.
#[test]
fn the_operation_is_called_neither_before_the_first_poll_nor_before_the_wait_is_over() {
    let (clock, calls) = (TestClock::manual(), Cell::new(0));
    let policy = Retry::constant(secs(10)).jitter(Jitter::None).clock(&clock);
    let run = policy.run_async(|| {
        calls.set(calls.get() + 1);
        ready(Err::<(), _>("down"))
    });
    assert_eq!(calls.get(), 0);
    let mut run = pin!(run);
    let mut poll = || run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
    for _ in 0..5 {
        assert!(poll() && calls.get() == 1);
    }
    clock.advance(Duration::from_nanos(9_999_999_999));
    assert!(poll() && calls.get() == 1);
    clock.advance(Duration::from_nanos(1));
    assert!(poll() && calls.get() == 2);
}

/// backoff 0.4: a factor of zero or NaN gives a loop without a pause. backon 1.6: `factor(-1.0)`
/// sleeps for ever, NaN jumps to the cap. gax 1.15: NaN panics while it runs.
#[test]
fn a_factor_that_is_no_factor_is_refused_where_the_policy_is_built() {
    for factor in [f64::NAN, 0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
        assert!(Retry::expo().try_factor(factor).is_err(), "{factor}");
    }
    for factor in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(Retry::decay().try_decay_factor(factor).is_err(), "{factor}");
    }
}

/// retry-policies 0.5.2: a builder hangs where the shortest delay is zero.
#[test]
fn a_first_wait_of_zero_is_refused_and_a_wait_of_zero_is_one_like_any_other() {
    assert!(Expo::try_new(Duration::ZERO, 2.0).is_err());
    assert!(Expo::try_new(Duration::ZERO, 1.5).is_err());
    assert!(Fibo::try_new(Duration::ZERO).is_err());
    let schedule = Schedule::from(Constant::new(Duration::ZERO));
    let story = play(Retry::new(schedule).max_tries(2000), &BUSY);
    assert_eq!((story.calls, story.waits), (2000, vec![Duration::ZERO; 1999]));
}

/// tokio-retry 0.3.2: `from_millis(500)` waits for half a second, four minutes, a day and a half.
/// retry 1: the same.
#[test]
fn waits_grow_by_the_factor_from_the_first_one_and_not_by_its_powers() {
    let policy = Retry::expo().first_wait(millis(500)).jitter(Jitter::None);
    assert_eq!(play(policy.max_tries(5), &BUSY).waits, [500, 1000, 2000, 4000].map(millis));
}

/// backon 1.6 and retry 2.2: three, or five, as the limit make four, or six, calls.
#[test]
fn as_many_calls_are_made_as_the_limit_says() {
    for tries in 1..20 {
        assert_eq!(play(Retry::expo().max_tries(tries), &BUSY).calls, tries as usize);
    }
}

/// tower 0.5.3: every request draws the same jitter, since each clones the generator.
#[test]
fn the_runs_of_one_shared_policy_draw_different_jitter() {
    static POLICY: Retry = Retry::expo().first_wait(secs(1000)).max_tries(4);
    let waits = || {
        let clock = TestClock::new();
        POLICY.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
        clock.waits()
    };
    let mut all: Vec<_> = (0..50).map(|_| waits()).collect();
    all.extend((0..10).map(|_| thread::spawn(waits).join().unwrap()));
    let runs = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), runs);
}

/// tower 0.5.3: a budget of 0.6 is one of 1.0, and threads overdraw it.
#[test]
fn a_budget_is_exact_also_where_threads_share_it() {
    let budget = Budget::new().capacity(100).cost(3);
    let policy = Retry::expo().max_tries(2).budget(&budget).clock(TestClock::new());
    let retries = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let policy = policy.clone().on_backoff(|_| *retries.lock().unwrap() += 1);
                    policy.run(|| Err::<(), _>("down")).unwrap_err();
                }
            });
        }
    });
    assert_eq!((retries.into_inner().unwrap(), budget.available()), (33, 1));
}

/// gax 1.15: the remaining time that an attempt is given was read before the wait.
#[test]
fn the_time_that_is_left_is_read_after_the_wait() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).max_time(secs(10)).jitter(Jitter::None).clock(&clock);
    let left = Mutex::new(Vec::new());
    let operation = |attempt: Attempt| {
        left.lock().unwrap().push(attempt.remaining.unwrap());
        Err::<(), _>("down")
    };
    policy.run_attempt(operation).unwrap_err();
    block_on(policy.run_attempt_async(|attempt| ready(operation(attempt)))).unwrap_err();
    assert_eq!(*left.lock().unwrap(), [10, 6, 2, 0, 10, 6, 2, 0].map(secs));
}

/// tokio-retry2 0.5.8: the time limit counts from where the strategy is built.
#[test]
fn the_time_limit_counts_from_where_the_run_begins() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(1)).max_time(secs(3)).jitter(Jitter::None).clock(&clock);
    for _ in 0..3 {
        clock.advance(secs(1000));
        let before = clock.waits().len();
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        assert_eq!(clock.waits().len() - before, 3);
    }
}

/// backon 1.6: the total delay counts the sleeps alone.
#[test]
fn the_time_that_attempts_take_counts_too() {
    let slow = [Step { outcome: Err(Fault::Busy), takes: secs(30) }];
    let policy = Retry::constant(secs(1)).max_time(secs(50)).jitter(Jitter::None);
    assert_eq!(play(policy, &slow).calls, 2);
}

/// backon 1.6: of two hooks the first is never called.
#[test]
fn every_handler_is_called_not_the_last_one_alone() {
    let told = Mutex::new(String::new());
    let add = |letter| {
        let told = &told;
        move |_: &Details<'_, (), &'static str>| told.lock().unwrap().push(letter)
    };
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = policy.on_backoff(add('a')).on_backoff(add('b')).on_backoff(add('c'));
    policy.run(|| Err("down")).unwrap_err();
    assert_eq!(*told.lock().unwrap(), "abc");
}

/// backon 1.6 without std: the seed is a constant, so that all devices jitter alike.
#[test]
fn devices_with_seeds_of_their_own_jitter_unlike() {
    let first = |seed| play(Retry::constant(secs(1000)).max_tries(2).seed(seed), &BUSY).waits;
    let mut all: Vec<_> = (0..500).map(first).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 500);
}

/// backon 1.6: limits in time go by the standard library's clock, where waits go by tokio's. backoff
/// 0.4, tokio-retry2 and retry-policies: the same.
#[tokio::test(start_paused = true)]
async fn limits_and_waits_go_by_the_same_clock() {
    let began = tokio::time::Instant::now();
    let policy = Retry::constant(secs(3600)).jitter(Jitter::None).max_time(secs(24 * 3600));
    policy.run_async(async || Err::<(), _>("down")).await.unwrap_err();
    assert_eq!(began.elapsed(), secs(24 * 3600));
}

/// backon 1.6: a sleeper has to be `'static`, so that a test's own cannot borrow its log.
#[test]
fn a_clock_may_borrow_from_the_test() {
    struct Logged<'a>(&'a Mutex<Vec<Duration>>);
    impl AsyncClock for Logged<'_> {
        type Timer = std::future::Ready<()>;

        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn timer(&self, wait: Duration) -> Self::Timer {
            self.0.lock().unwrap().push(wait);
            ready(())
        }
    }
    let log = Mutex::new(Vec::new());
    let policy = Retry::constant(secs(2)).jitter(Jitter::None).max_tries(3).clock(Logged(&log));
    block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    assert_eq!(*log.lock().unwrap(), [secs(2); 2]);
}
