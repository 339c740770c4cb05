//! `Retry::decide`: a run that is kept elsewhere, one attempt at a time.

use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use relent::event::RetryKind;
use relent::run::Decision;
use relent::wait::{Decorrelated, Expo, Linear, Sequence};
use relent::{
    BlockingClock, Budget, Cancel, Details, Jitter, Progress, Retry, Schedule, StopReason,
    TestClock, Wait,
};

use crate::run::by_hand::{DOWN, Outcome, Story, UP};
use crate::support::{Fault, letter, millis, secs};

const POLICY: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

/// A clock that nobody may read or wait on.
#[derive(Clone, Copy, Debug)]
struct Untouched;

impl BlockingClock for Untouched {
    fn now(&self) -> Duration {
        panic!("the clock was read")
    }

    fn sleep(&self, _: Duration) {
        panic!("the clock was waited on")
    }

    fn resolution(&self) -> Duration {
        panic!("the clock was asked for its resolution")
    }
}

#[test]
fn a_list_of_one_wait_gives_one_backoff_and_then_gives_up() {
    let story = Story::default();
    let policy = Retry::sequence([secs(7)]).jitter(Jitter::None).observe(&story);
    let mut progress = Progress::default();
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(secs(7)));
    assert_eq!((progress.tries, progress.last_wait), (1, secs(7)));
    let end = policy.decide(&mut progress, &DOWN);
    assert_eq!(end, Decision::GiveUp(StopReason::WaitsExhausted));
    assert_eq!(progress.tries, 2);
    assert_eq!(story.told(), "B1 G2");
}

#[test]
fn each_decision_counts_its_attempt_and_notes_the_wait_and_the_kind() {
    let mut progress = Progress::default();
    for (tries, wait) in [(1, 1), (2, 2)] {
        assert_eq!(POLICY.decide(&mut progress, &DOWN), Decision::Backoff(secs(wait)));
        assert_eq!((progress.tries, progress.last_wait), (tries, secs(wait)));
        assert_eq!(progress.last_retry, Some(RetryKind::Transient));
        assert_eq!(progress.elapsed, Duration::ZERO, "that is the caller's");
    }
    assert_eq!(POLICY.decide(&mut progress, &DOWN), Decision::GiveUp(StopReason::MaxTries));
    assert_eq!((progress.tries, progress.last_wait), (3, secs(2)));
    let mut progress = Progress::default();
    assert_eq!(POLICY.decide(&mut progress, &UP), Decision::Done);
    assert_eq!(progress, Progress::new(1));
}

#[test]
fn handlers_see_the_number_of_the_attempt_and_the_time_of_the_caller() {
    let mut seen = Vec::new();
    let mut progress = Progress::default();
    let policy = POLICY.target("jobs").on_try(|_: &Details<'_, u32, &str>| panic!("elsewhere"));
    let policy = policy.on_backoff(|d| seen.push((d.tries, d.elapsed, d.wait, d.last_wait)));
    for minutes in 1..3 {
        progress.elapsed = secs(60 * minutes);
        assert_ne!(policy.decide(&mut progress, &DOWN), Decision::Done);
        assert_eq!(progress.elapsed, secs(60 * minutes));
    }
    drop(policy);
    assert_eq!(seen, [(1, secs(60), secs(1), secs(0)), (2, secs(120), secs(2), secs(1))]);
}

#[test]
fn the_target_is_the_place_of_the_call() {
    let mut seen = Vec::new();
    let policy = POLICY.on_success(|d: &Details<'_, u32, &str>| seen.push(d.target().to_string()));
    let line = line!() + 1;
    policy.decide(&mut Progress::default(), &UP);
    drop(policy);
    assert_eq!(seen, [format!("{}:{line}", file!())]);
}

#[test]
fn the_time_of_the_caller_is_limited() {
    let policy = Retry::expo().max_time(secs(10)).jitter(Jitter::None).clock(Untouched);
    let decide = |elapsed| {
        let mut progress = Progress::new(4); // the fifth wait would be 16 s
        progress.elapsed = elapsed;
        policy.decide(&mut progress, &DOWN)
    };
    assert_eq!(decide(secs(0)), Decision::Backoff(secs(10)), "shortened to what is left");
    assert_eq!(decide(secs(7)), Decision::Backoff(secs(3)));
    for elapsed in [secs(10), secs(11), Duration::MAX] {
        assert_eq!(decide(elapsed), Decision::GiveUp(StopReason::MaxTime));
    }
}

#[test]
fn the_first_attempt_may_be_late() {
    let mut progress = Progress::default();
    progress.elapsed = secs(3600); // in the queue
    let policy = Retry::expo().max_time(secs(60));
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::GiveUp(StopReason::MaxTime));
    assert_eq!((progress.tries, progress.elapsed), (1, secs(3600)));
}

#[test]
fn no_clock_is_read_whatever_the_policy_needs() {
    let policy = Retry::expo().max_time(secs(60)).no_attempt_after_deadline().clock(Untouched);
    let policy = policy.observe(Story::default());
    let mut progress = Progress::default();
    assert!(matches!(policy.decide(&mut progress, &DOWN), Decision::Backoff(_)));
    let policy = Retry::runtime(|d: &Details<'_, u32, &str>| d.elapsed).clock(Untouched);
    progress.elapsed = secs(9);
    let policy = policy.jitter(Jitter::None);
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(secs(9)));
    assert_eq!(policy.decide(&mut progress, &UP), Decision::Done);
}

#[test]
fn the_handle_that_cancels_is_asked() {
    let (story, cancel) = (Story::default(), Cancel::new());
    let policy = POLICY.clock(Untouched).cancelled_by(&cancel).observe(&story);
    let mut progress = Progress::default();
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(secs(1)));
    cancel.cancel();
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::GiveUp(StopReason::Cancelled));
    assert_eq!(policy.decide(&mut progress, &UP), Decision::Done);
    assert_eq!(story.told(), "B1 G2 S3");
}

#[test]
fn budgets_are_charged_as_a_run_does() {
    let script = [DOWN, DOWN, UP];
    let decided = Budget::new();
    let policy = POLICY.budget(&decided);
    let mut progress = Progress::default();
    for outcome in &script {
        policy.decide(&mut progress, outcome);
    }
    let ran = Budget::new();
    let mut outcomes = script.into_iter();
    POLICY.budget(&ran).clock(TestClock::new()).run(|| outcomes.next().unwrap()).unwrap();
    assert_eq!(decided.available(), ran.available());
    assert_ne!(decided.available(), 500);

    let empty = Budget::new().capacity(7).cost(5);
    let policy = POLICY.budget(&empty);
    let mut progress = Progress::default();
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(secs(1)));
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::GiveUp(StopReason::Budget));
}

#[test]
fn a_decorrelated_wait_depends_on_the_one_that_is_kept() {
    let policy = Retry::decorrelated(secs(1)).jitter(Jitter::None);
    let mut progress = Progress::default();
    for wait in [2000, 3500, 5750] {
        assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(millis(wait)));
    }
    progress = Progress::new(progress.tries);
    progress.last_wait = secs(100);
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(millis(150_500)));
}

#[test]
fn a_run_in_line_and_decisions_elsewhere_may_take_turns() {
    let policy = Retry::expo().max_tries(4).jitter(Jitter::None).clock(TestClock::new());
    let mut progress = Progress::default();
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(secs(1)));
    let mut attempts = policy.attempts_from(progress);
    assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(2)));
    progress = attempts.progress();
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::Backoff(secs(4)));
    assert_eq!(policy.decide(&mut progress, &DOWN), Decision::GiveUp(StopReason::MaxTries));
}

#[test]
fn the_most_attempts_that_can_be_counted_do_not_overflow() {
    let mut progress = Progress::new(u32::MAX);
    progress.elapsed = Duration::MAX;
    progress.last_wait = Duration::MAX;
    assert_eq!(POLICY.decide(&mut progress, &DOWN), Decision::GiveUp(StopReason::MaxTries));
    assert!(progress.tries >= u32::MAX - 1);
    let forever = Retry::decorrelated(secs(1)).forever();
    assert!(matches!(forever.decide(&mut progress, &DOWN), Decision::Backoff(_)));
}

/// What is told of an event that follows an attempt.
type Said = (char, u32, Duration, Duration, Duration, Option<RetryKind>, Option<StopReason>);

fn said(d: &Details<'_, u32, Fault>) -> Said {
    (letter(d.event), d.tries, d.elapsed, d.wait, d.last_wait, d.retry, d.reason)
}

/// A strategy that is chosen by chance.
#[derive(Clone, Copy, Debug)]
enum Any {
    ByTries(Schedule),
    ByLastWait(Decorrelated),
}

impl<T, E> Wait<T, E> for Any {
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        match self {
            Self::ByTries(strategy) => strategy.wait(details),
            Self::ByLastWait(strategy) => strategy.wait(details),
        }
    }

    fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
        match self {
            Self::ByTries(strategy) => strategy.window(details),
            Self::ByLastWait(strategy) => strategy.window(details),
        }
    }

    fn ends(&self) -> bool {
        match self {
            Self::ByTries(strategy) => Wait::<T, E>::ends(strategy),
            Self::ByLastWait(strategy) => Wait::<T, E>::ends(strategy),
        }
    }
}

fn any_strategy() -> impl Strategy<Value = Any> {
    const LIST: [Duration; 5] = [millis(700), secs(2), millis(0), secs(100), secs(3)];
    let wait = || (1..10_000_u64).prop_map(millis);
    let schedule = prop_oneof![
        (wait(), 0.5..4.0).prop_map(|(wait, factor)| Schedule::from(Expo::new(wait, factor))),
        (wait(), wait()).prop_map(|(first, step)| Linear::new(first, step).into()),
        (0..5_usize).prop_map(|n| Sequence::new(&LIST[..n]).into()),
    ];
    prop_oneof![
        schedule.prop_map(Any::ByTries),
        wait().prop_map(|base| Any::ByLastWait(Decorrelated::new(base))),
    ]
}

fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::Full),
        Just(Jitter::Equal),
        Just(Jitter::None),
        (0..1000_u64).prop_map(|most| Jitter::Additive(millis(most))),
        (0.0..=1.0).prop_map(Jitter::Proportional),
    ]
}

fn any_script() -> impl Strategy<Value = Vec<(Result<u32, Fault>, Duration)>> {
    let outcome = prop_oneof![
        6 => Just(Err(Fault::Busy)),
        2 => (0..30_u64).prop_map(|wait| Err(Fault::Later(secs(wait)))),
        2 => Just(Ok(1)),
        1 => Just(Ok(9)),
        1 => Just(Err(Fault::Fatal)),
    ];
    vec((outcome, (0..5000_u64).prop_map(millis)), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn decisions_are_those_of_a_run(
        strategy in any_strategy(),
        jitter in any_jitter(),
        tries in option::of(1..8_u32),
        time in option::of((0..200_u64).prop_map(secs)),
        max_wait in option::of((1..20_u64).prop_map(secs)),
        max_asked in option::of((0..40_u64).prop_map(secs)),
        mode in 0..3,
        seed in any::<u64>(),
        script in any_script(),
    ) {
        let mut policy = Retry::new(strategy).jitter(jitter).seed(seed);
        if let Some(tries) = tries {
            policy = policy.max_tries(tries);
        }
        if let Some(time) = time {
            policy = policy.max_time(time);
        }
        if let Some(wait) = max_wait {
            policy = policy.max_wait(wait);
        }
        if let Some(wait) = max_asked {
            policy = policy.max_asked_wait(wait);
        }
        if mode == 1 {
            policy = policy.last_wait_may_overrun();
        }
        let [ran, decided] = if mode == 2 {
            both(policy.no_attempt_after_deadline(), &script)
        } else {
            both(policy, &script)
        };
        prop_assert_eq!(ran, decided);
    }
}

/// What a run tells after each of its attempts, and what decisions elsewhere tell.
fn both<Z>(
    policy: Retry<Any, relent::condition::AnyError, (), Z>,
    script: &[(Result<u32, Fault>, Duration)],
) -> [(Vec<Said>, Vec<Duration>); 2]
where
    Z: relent::clock::ReplaceClock<TestClock, Output: BlockingClock>,
    Z: relent::clock::ReplaceClock<Untouched, Output: BlockingClock>,
    Z: Copy,
{
    let policy = policy.until(|n: &u32| *n == 9).retry_if(Fault::is_transient);
    let policy = policy.retry_after(Fault::requested_wait);
    let step = |call: usize| script[call.min(script.len() - 1)];

    let (clock, ran) = (TestClock::new(), Mutex::new(Vec::new()));
    let note = |d: &Details<'_, u32, Fault>| ran.lock().unwrap().push(said(d));
    let told = policy.clock(clock.clone());
    let told = told.on_success(note).on_backoff(note).on_giveup(note);
    let mut calls = 0;
    let _ = told.run(|| {
        let (outcome, takes) = step(calls);
        calls += 1;
        clock.advance(takes);
        outcome
    });
    drop(told);

    let decided = Mutex::new(Vec::new());
    let note = |d: &Details<'_, u32, Fault>| decided.lock().unwrap().push(said(d));
    let told = policy.clock(Untouched).on_success(note).on_backoff(note).on_giveup(note);
    let (mut progress, mut waits, mut now) = (Progress::default(), Vec::new(), Duration::ZERO);
    loop {
        let (outcome, takes) = step(progress.tries as usize);
        now += takes;
        progress.elapsed = now;
        match told.decide(&mut progress, &outcome) {
            Decision::Backoff(wait) => {
                waits.push(wait);
                now += wait;
            }
            Decision::Done | Decision::GiveUp(_) => break,
        }
    }
    drop(told);
    [(ran.into_inner().unwrap(), clock.waits()), (decided.into_inner().unwrap(), waits)]
}

#[test]
fn decisions_serve_operations_of_any_types() {
    static JOBS: Retry = POLICY;
    let mut progress = Progress::default();
    let refused: Result<(), std::fmt::Error> = Err(std::fmt::Error);
    assert_eq!(JOBS.decide(&mut progress, &refused), Decision::Backoff(secs(1)));
    let outcome: Outcome = UP;
    assert_eq!(JOBS.decide(&mut progress, &outcome), Decision::Done);
}
