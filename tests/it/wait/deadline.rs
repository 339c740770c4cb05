//! Waits that the other side asks for, and those at the deadline: exact ones, in every driver.

use std::future::ready;
use std::ops::ControlFlow::Break;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use relent::run::{Decision, RunBlocking, RunLocal};
use relent::testing::TestTimer;
use relent::{AsyncClock, BlockingClock, Cancel, Details, Jitter, Retry, StopReason, TestClock};

use crate::support::{BUSY, Fault, Obey, Step, at_once, later, millis, play, play_strictly, secs};

type Waited = (Vec<Duration>, Option<StopReason>);

/// What a run of the policy waits, and why it ends.
macro_rules! waited {
    ($policy:expr, $steps:expr) => {{
        let story = play($policy, $steps);
        let waited: Waited = (story.waits.clone(), story.end().reason);
        waited
    }};
    (strictly $policy:expr, $steps:expr) => {{
        let story = play_strictly($policy, $steps);
        let waited: Waited = (story.waits.clone(), story.end().reason);
        waited
    }};
}

fn all<const N: usize>(secs: [u64; N], reason: StopReason) -> Waited {
    (secs.map(Duration::from_secs).to_vec(), Some(reason))
}

const BUSY_ONCE: Step = at_once(Err(Fault::Busy));

const fn asks(wait: u64) -> Step {
    later(secs(wait))[0]
}

const EXACT: Retry = Retry::expo().jitter(Jitter::None).max_tries(4);

#[test]
fn a_wait_that_is_asked_for_is_a_floor() {
    let steps = [asks(0), asks(1), asks(30), asks(1)];
    let expected = all([1, 2, 30], StopReason::MaxTries);
    assert_eq!(waited!(EXACT.condition(Obey), &steps), expected);
    assert_eq!(waited!(EXACT.retry_after(Fault::requested_wait), &steps), expected);
    // The cap is for the policy's own waits.
    let capped = EXACT.max_wait(secs(1)).retry_after(Fault::requested_wait);
    assert_eq!(waited!(capped, &steps), all([1, 1, 30], StopReason::MaxTries));
}

#[test]
fn a_longer_wait_than_may_be_asked_for_ends_the_run() {
    let steps = [BUSY_ONCE, asks(9), asks(10)];
    let policy = EXACT.max_asked_wait(secs(9));
    let expected = all([1, 9], StopReason::MaxAskedWait);
    assert_eq!(waited!(policy.condition(Obey), &steps), expected);
    assert_eq!(waited!(policy.retry_after(Fault::requested_wait), &steps), expected);
    assert_eq!(waited!(strictly policy.condition(Obey), &steps), expected);
    let none = EXACT.max_asked_wait(Duration::ZERO).condition(Obey);
    assert_eq!(waited!(none, &[asks(0), asks(1)]), all([1], StopReason::MaxAskedWait));
}

#[test]
fn an_hour_may_be_asked_for_and_no_more_unless_that_is_set() {
    let hour = secs(3600);
    let steps = [asks(3600), later(hour + Duration::from_nanos(1))[0]];
    let obeys = EXACT.condition(Obey);
    assert_eq!(waited!(obeys, &steps), all([3600], StopReason::MaxAskedWait));
    let lifted = obeys.max_asked_wait(Duration::MAX);
    assert_eq!(waited!(lifted, &[asks(90_000)]), all([90_000; 3], StopReason::MaxTries));
    let clamped = EXACT.retry_after(|e: &Fault| e.requested_wait().map(|wait| wait.min(secs(60))));
    assert_eq!(waited!(clamped, &[asks(90_000)]), all([60; 3], StopReason::MaxTries));
}

#[test]
fn other_limits_are_named_before_that_of_what_may_be_asked_for() {
    let policy = EXACT.condition(Obey).max_asked_wait(secs(9));
    assert_eq!(waited!(policy.max_tries(1), &[asks(10)]), all([], StopReason::MaxTries));
    assert_eq!(waited!(policy.max_time(secs(5)), &[asks(10)]), all([], StopReason::MaxTime));
    assert_eq!(waited!(policy.max_time(secs(10)), &[asks(10)]), all([], StopReason::MaxAskedWait));
    let ended = Retry::sequence([]).condition(Obey).max_asked_wait(secs(9));
    assert_eq!(waited!(ended, &[asks(10)]), all([], StopReason::MaxAskedWait));
    assert_eq!(waited!(ended, &[asks(9)]), all([], StopReason::WaitsExhausted));
}

#[test]
fn the_last_wait_is_shortened_or_overruns_or_is_skipped() {
    let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(10));
    assert_eq!(waited!(policy, &BUSY), all([4, 4, 2], StopReason::MaxTime));
    let overruns = policy.last_wait_may_overrun();
    assert_eq!(waited!(overruns, &BUSY), all([4, 4, 4], StopReason::MaxTime));
    assert_eq!(waited!(strictly policy, &BUSY), all([4, 4], StopReason::MaxTime));
    // Of the two the last one counts.
    assert_eq!(waited!(strictly overruns, &BUSY), all([4, 4], StopReason::MaxTime));
    let clock = TestClock::new();
    let overruns = policy.no_attempt_after_deadline().last_wait_may_overrun().clock(&clock);
    overruns.run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!(clock.waits(), [4, 4, 4].map(secs));
    // A run without a limit of time has no last wait.
    let unlimited = EXACT.last_wait_may_overrun();
    assert_eq!(waited!(unlimited, &BUSY), all([1, 2, 4], StopReason::MaxTries));
    assert_eq!(waited!(strictly EXACT, &BUSY), all([1, 2, 4], StopReason::MaxTries));
}

#[test]
fn a_wait_that_ends_at_the_deadline_fits() {
    let policy = Retry::constant(secs(5)).jitter(Jitter::None).max_time(secs(10));
    for expected in [waited!(policy, &BUSY), waited!(strictly policy, &BUSY)] {
        assert_eq!(expected, all([5, 5], StopReason::MaxTime));
    }
    assert_eq!(waited!(policy.last_wait_may_overrun(), &BUSY), all([5, 5], StopReason::MaxTime));
}

#[test]
fn what_is_asked_for_must_fit_into_the_time_unless_the_last_wait_may_overrun() {
    let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(10)).condition(Obey);
    let steps = [BUSY_ONCE, asks(6)];
    assert_eq!(waited!(policy, &steps), all([4, 6], StopReason::MaxTime));
    assert_eq!(waited!(strictly policy, &steps), all([4, 6], StopReason::MaxTime));
    let steps = [BUSY_ONCE, asks(7)];
    assert_eq!(waited!(policy, &steps), all([4], StopReason::MaxTime));
    assert_eq!(waited!(strictly policy, &steps), all([4], StopReason::MaxTime));
    let overruns = policy.last_wait_may_overrun();
    assert_eq!(waited!(overruns, &steps), all([4, 7], StopReason::MaxTime));
    assert_eq!(waited!(overruns, &[asks(3000)]), all([3000], StopReason::MaxTime));
    assert_eq!(
        waited!(overruns.max_asked_wait(secs(6)), &steps),
        all([4], StopReason::MaxAskedWait)
    );
    // Zero always fits, and asks for nothing.
    assert_eq!(waited!(policy, &[asks(0)]), all([4, 4, 2], StopReason::MaxTime));
    let late = [Step { outcome: Err(Fault::Later(secs(0))), takes: secs(10) }];
    assert_eq!(waited!(overruns, &late), all([], StopReason::MaxTime));
}

#[test]
fn attempts_that_take_time_leave_less_of_it() {
    let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(10));
    let slow = [Step { outcome: Err(Fault::Busy), takes: secs(3) }];
    assert_eq!(waited!(policy, &slow), all([4], StopReason::MaxTime));
    assert_eq!(waited!(strictly policy, &slow), all([4], StopReason::MaxTime));
    let slow = [Step { outcome: Err(Fault::Busy), takes: secs(2) }];
    assert_eq!(waited!(policy, &slow), all([4, 2], StopReason::MaxTime));
    assert_eq!(waited!(strictly policy, &slow), all([4], StopReason::MaxTime));
    assert_eq!(waited!(policy.last_wait_may_overrun(), &slow), all([4, 4], StopReason::MaxTime));
}

/// A clock of a process that is frozen in one of its waits.
#[derive(Clone, Default)]
struct Freezing {
    clock: TestClock,
    /// The number of the wait, and for how long.
    frozen: (u32, Duration),
    resolution: Duration,
    waits: Arc<AtomicU32>,
}

impl Freezing {
    fn in_wait(number: u32, frozen: Duration) -> Self {
        Self { frozen: (number, frozen), ..Self::default() }
    }

    fn wait(&self) {
        if self.waits.fetch_add(1, Ordering::Relaxed) + 1 == self.frozen.0 {
            self.clock.advance(self.frozen.1);
        }
    }
}

impl BlockingClock for Freezing {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, wait: Duration) {
        BlockingClock::sleep(&self.clock, wait);
        self.wait();
    }

    fn resolution(&self) -> Duration {
        self.resolution
    }
}

impl AsyncClock for Freezing {
    type Timer = TestTimer;

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn timer(&self, wait: Duration) -> TestTimer {
        let timer = AsyncClock::timer(&self.clock, wait);
        self.wait();
        timer
    }

    fn timeout(&self, after: Duration) -> TestTimer {
        self.clock.timeout(after)
    }

    fn resolution(&self) -> Duration {
        self.resolution
    }
}

/// What is seen of a run on such a clock.
#[derive(Debug, PartialEq)]
struct Seen {
    /// When each attempt began.
    began: Vec<u64>,
    waits: Vec<u64>,
    result: Result<(), u32>,
    /// The reasons and the outcomes that `on_giveup` is shown.
    gave_up: Vec<(Option<StopReason>, Option<u32>)>,
}

/// One run in each driver. The third attempt's error is 3.
fn frozen_runs(freezing: impl Fn() -> Freezing, max_time: u64) -> Vec<(&'static str, Seen)> {
    let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(max_time));
    let policy = policy.no_attempt_after_deadline();
    let mut runs = Vec::new();
    macro_rules! run {
        ($($name:literal, |$p:ident, $op:ident, $clock:ident| $run:expr;)*) => {$({
            let $clock = freezing();
            let (began, gave_up) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
            let $op = || {
                let mut began = began.lock().unwrap();
                began.push($clock.clock.now().as_secs());
                Err::<(), u32>(u32::try_from(began.len()).unwrap())
            };
            let note = |d: &Details<'_, (), u32>| {
                gave_up.lock().unwrap().push((d.reason, d.error().copied()));
            };
            let result = {
                let $p = policy.clock($clock.clone());
                let $p = $p.on_giveup(note);
                $run
            };
            let waits = $clock.clock.waits().iter().map(Duration::as_secs).collect();
            let (began, gave_up) = (began.into_inner().unwrap(), gave_up.into_inner().unwrap());
            runs.push(($name, Seen { began, waits, result, gave_up }));
        })*};
    }
    run! {
        "run", |p, op, clock| p.run(op);
        "run_with", |p, op, clock| p.run_with((), |()| op());
        "run_attempt", |p, op, clock| p.run_attempt(|_| op());
        "explained", |p, op, clock| p.explain().run(op).map(drop).map_err(|e| {
            assert_eq!(e.reason(), StopReason::MaxTime);
            e.into_outcome().unwrap_err()
        });
        "by the trait", |p, op, clock| RunBlocking::run(&p, op);
        "run_async", |p, op, clock| block_on(p.run_async(async || op()));
        "run_with_async", |p, op, clock| block_on(p.run_with_async((), async |()| op()));
        "run_attempt_async", |p, op, clock| block_on(p.run_attempt_async(async |_| op()));
        "by the async trait", |p, op, clock| block_on(p.run_local(async || op()));
        "explained, async", |p, op, clock| {
            let explained = block_on(p.explain().run_async(async || op()));
            explained.map(drop).map_err(|e| e.into_outcome().unwrap_err())
        };
        "cancellable", |p, op, clock| {
            let p = p.cancelled_by(&Cancel::new());
            assert_eq!(block_on(p.run_async(async || Ok::<_, u32>(()))), Ok(()));
            p.run(op)
        };
        "cancellable, async", |p, op, clock| {
            block_on(p.cancelled_by(&Cancel::new()).run_async(async || op()))
        };
        "in line", |p, op, clock| {
            let mut attempts = p.attempts();
            loop {
                if let Break(end) = attempts.after(op()) {
                    assert_eq!(attempts.stopped(), Some(StopReason::MaxTime));
                    break end;
                }
            }
        };
        "in line, async", |p, op, clock| block_on(async {
            let mut attempts = p.attempts_async();
            loop {
                if let Break(end) = attempts.after(op()).await {
                    assert_eq!(attempts.stopped(), Some(StopReason::MaxTime));
                    break end;
                }
            }
        });
    }
    runs
}

#[test]
fn no_driver_begins_an_attempt_after_the_deadline() {
    // Attempts at 0 s and 4 s. The second wait should end at 8 s, and ends at 58 s.
    for (driver, seen) in frozen_runs(|| Freezing::in_wait(2, secs(50)), 20) {
        let expected = Seen {
            began: vec![0, 4],
            waits: vec![4, 4],
            result: Err(2),
            gave_up: vec![(Some(StopReason::MaxTime), Some(2))],
        };
        assert_eq!(seen, expected, "{driver}");
    }
}

#[test]
fn a_frozen_process_goes_on_where_the_deadline_has_not_passed() {
    // The second wait ends at 20 s: at the deadline, and not after it.
    for (driver, seen) in frozen_runs(|| Freezing::in_wait(2, secs(12)), 20) {
        let expected = Seen {
            began: vec![0, 4, 20],
            waits: vec![4, 4],
            result: Err(3),
            gave_up: vec![(Some(StopReason::MaxTime), Some(3))],
        };
        assert_eq!(seen, expected, "{driver}");
    }
    for (driver, seen) in frozen_runs(|| Freezing::in_wait(2, millis(12_001)), 20) {
        assert_eq!((seen.began, seen.result), (vec![0, 4], Err(2)), "{driver}");
    }
}

#[test]
fn a_wait_must_fit_with_the_resolution_of_the_clock() {
    let coarse = |resolution| move || Freezing { resolution, ..Freezing::default() };
    for (driver, seen) in frozen_runs(coarse(secs(0)), 8) {
        assert_eq!(seen.waits, [4, 4], "{driver}");
    }
    for (driver, seen) in frozen_runs(coarse(Duration::from_nanos(1)), 8) {
        let gave_up = vec![(Some(StopReason::MaxTime), Some(2))];
        let expected = Seen { began: vec![0, 4], waits: vec![4], result: Err(2), gave_up };
        assert_eq!(seen, expected, "{driver}");
    }
    for (driver, seen) in frozen_runs(coarse(secs(2)), 10) {
        assert_eq!(seen.waits, [4, 4], "{driver}");
    }
    for (driver, seen) in frozen_runs(coarse(Duration::MAX), 10) {
        assert_eq!(seen.waits, [0; 0], "{driver}");
    }
}

#[test]
fn a_run_that_nobody_observes_makes_no_attempt_after_the_deadline() {
    let policy = Retry::constant(secs(4)).max_time(secs(20)).no_attempt_after_deadline();
    let mut calls = 0;
    let clock = Freezing::in_wait(1, secs(50));
    let outcome = policy.clock(&clock).run(|| {
        calls += 1;
        Err::<(), _>(calls)
    });
    assert_eq!((outcome, calls), (Err(1), 1));
    let clock = Freezing::in_wait(1, secs(50));
    let outcome = block_on(policy.clock(&clock).run_async(|| {
        calls += 1;
        ready(Err::<(), _>(calls))
    }));
    assert_eq!((outcome, calls), (Err(2), 2));
}

#[test]
fn by_hand_a_try_after_the_deadline_is_refused_and_counts_nothing() {
    macro_rules! check {
        ($attempts:ident, $sleep:expr) => {{
            let clock = Freezing::in_wait(2, secs(50));
            let gave_up = Mutex::new(Vec::new());
            let tried = AtomicU32::new(0);
            let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(20));
            let policy = policy.no_attempt_after_deadline().clock(clock.clone());
            let policy = policy.on_try(|_| _ = tried.fetch_add(1, Ordering::Relaxed)).on_giveup(
                |d: &Details<'_, (), u32>| gave_up.lock().unwrap().push((d.reason, d.tries)),
            );
            let mut attempts = policy.$attempts();
            let fails = Err::<(), u32>(1);
            for _ in 0..2 {
                assert_eq!(attempts.next_try(), Ok(()));
                assert_eq!(attempts.decide(&fails), Decision::Backoff(secs(4)));
                $sleep(&clock);
            }
            let before = attempts.progress();
            assert_eq!(before.tries, 2);
            for _ in 0..3 {
                assert_eq!(attempts.next_try(), Err(StopReason::MaxTime));
                assert_eq!(attempts.progress(), before);
                assert_eq!((attempts.tries(), attempts.stopped()), (2, Some(StopReason::MaxTime)));
            }
            // Nothing begins before a reset, nor is anybody notified again.
            assert_eq!(attempts.decide(&fails), Decision::GiveUp(StopReason::MaxTime));
            assert_eq!(attempts.decide(&Ok(())), Decision::Done);
            assert_eq!(*gave_up.lock().unwrap(), [(Some(StopReason::MaxTime), 2)]);
            assert_eq!(tried.load(Ordering::Relaxed), 2);
            attempts.reset();
            assert_eq!(attempts.next_try(), Ok(()));
            assert_eq!(attempts.decide(&fails), Decision::Backoff(secs(4)));
        }};
    }
    check!(attempts, |clock: &Freezing| BlockingClock::sleep(clock, secs(4)));
    check!(attempts_async, |clock: &Freezing| block_on(clock.timer(secs(4))));
}

#[test]
fn other_policies_make_the_last_attempt_late() {
    for overruns in [false, true] {
        let clock = Freezing::in_wait(2, secs(50));
        let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(20));
        let policy = if overruns { policy.last_wait_may_overrun() } else { policy };
        let mut began = Vec::new();
        let outcome = policy.clock(&clock).run(|| {
            began.push(clock.clock.now().as_secs());
            Err::<(), _>(began.len())
        });
        assert_eq!((outcome, began), (Err(3), vec![0, 4, 58]));
    }
}

/// In real time: tokio's timer counts whole milliseconds, and ends up to one too late.
#[tokio::test]
async fn no_attempt_on_tokio_begins_after_the_deadline() {
    let runs = (0..20_u32).map(|n| async move {
        // From what does not fit by the timer's resolution to what fits with room to spare.
        let time = millis(10) + Duration::from_micros(100) * n;
        let (mut latest, mut tries) = (Duration::ZERO, 0);
        let mut reason = None;
        let policy = Retry::constant(millis(5)).jitter(Jitter::None).max_time(time);
        let outcome = policy
            .no_attempt_after_deadline()
            .on_try(|d| (latest, tries) = (d.elapsed, d.tries))
            .on_giveup(|d| reason = d.reason)
            .run_async(async || Err::<(), _>("down"))
            .await;
        assert_eq!((outcome, reason), (Err("down"), Some(StopReason::MaxTime)));
        assert!(latest <= time, "{latest:?} {time:?}");
        // The first wait fits, and the third does not.
        assert!((1..=3).contains(&tries), "{tries}");
    });
    join_all(runs).await;
}

#[test]
fn a_run_that_is_cancelled_while_it_oversleeps_its_deadline_is_a_cancelled_one() {
    let (clock, cancel) = (TestClock::manual(), Cancel::new());
    let policy = EXACT.max_time(secs(10)).no_attempt_after_deadline().clock(&clock);
    let policy = policy.cancelled_by(&cancel);
    let mut attempts = policy.attempts::<(), &str>();
    assert_eq!(attempts.decide(&Err("down")), Decision::Backoff(secs(1)));
    clock.advance(secs(11));
    cancel.cancel();
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
}
