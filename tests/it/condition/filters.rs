//! What is retried, and waits that an outcome asks for: `retry_if`, `until`, `retry_after`
//! and conditions of one's own.

use std::time::Duration;

use relent::{Budget, Condition, Details, Jitter, Retry, StopReason, TestClock, Verdict};

use crate::support::{BUSY, Fault, Obey, at_once, later, millis, play, secs};

#[test]
fn a_wait_that_was_asked_for_is_a_minimum_that_no_cap_shortens() {
    let policy = Retry::expo().condition(Obey).max_wait(secs(1)).max_tries(40);
    for (jitter, width) in [
        (Jitter::Full, secs(1)),
        (Jitter::Equal, millis(500)),
        (Jitter::Additive(millis(250)), millis(250)),
        (Jitter::None, Duration::ZERO),
        (Jitter::Custom(|_| secs(3)), Duration::ZERO),
    ] {
        let waits = play(policy.jitter(jitter), &later(millis(7123))).waits;
        assert!(waits.iter().all(|wait| *wait >= millis(7123)), "{jitter:?}: {waits:?}");
        assert!(waits.iter().all(|wait| *wait <= millis(7123) + width), "{jitter:?}: {waits:?}");
    }
}

#[test]
fn a_server_that_keeps_asking_for_little_sees_waits_that_grow() {
    let policy = Retry::expo().condition(Obey).jitter(Jitter::None).max_tries(6);
    assert_eq!(play(policy, &later(secs(3))).waits, [3, 3, 4, 8, 16].map(secs));
    assert_eq!(play(policy, &later(Duration::ZERO)).waits, [1, 2, 4, 8, 16].map(secs));
}

#[test]
fn strategies_see_the_last_wait_without_what_was_asked_for() {
    let mut seen = Vec::new();
    let policy = Retry::constant(secs(2)).jitter(Jitter::None).max_tries(3).clock(TestClock::new());
    let policy = policy.retry_after(|_: &&str| Some(secs(30))).on_try(|d| seen.push(d.last_wait));
    policy.run(|| Err::<(), _>("busy")).unwrap_err();
    drop(policy);
    assert_eq!(seen, [0, 2, 2].map(secs));
}

#[test]
fn a_wait_that_was_asked_for_and_does_not_fit_ends_the_run_at_once() {
    let policy = Retry::expo().condition(Obey).max_time(secs(10)).jitter(Jitter::None);
    let story = play(policy, &[BUSY[0], at_once(Err(Fault::Later(millis(9001))))]);
    assert_eq!(story.waits, [secs(1)]);
    assert_eq!((story.end().elapsed, story.end().reason), (secs(1), Some(StopReason::MaxTime)));

    let story = play(policy, &[BUSY[0], at_once(Err(Fault::Later(secs(9)))), at_once(Ok(1))]);
    assert_eq!((story.waits, story.result), (vec![secs(1), secs(9)], Ok(1)));
}

#[test]
fn a_wait_that_was_asked_for_never_defeats_a_limit() {
    let asked = later(secs(1));
    let tries = play(Retry::expo().condition(Obey), &asked);
    assert_eq!((tries.calls, tries.end().reason), (10, Some(StopReason::MaxTries)));
    let tries = play(Retry::expo().condition(Obey).max_tries(3), &asked);
    assert_eq!((tries.calls, tries.end().reason), (3, Some(StopReason::MaxTries)));
    let time = Retry::constant(secs(1)).condition(Obey).max_time(secs(30)).jitter(Jitter::None);
    let time = play(time, &asked);
    assert_eq!((time.calls, time.end().reason), (31, Some(StopReason::MaxTime)));
    let sequence = Retry::sequence([secs(9), millis(9)]).condition(Obey).jitter(Jitter::None);
    let sequence = play(sequence, &asked);
    assert_eq!(sequence.waits, [9, 1].map(secs));
    assert_eq!(sequence.end().reason, Some(StopReason::WaitsExhausted));
}

#[test]
fn a_wait_of_nothing_that_was_asked_for_is_as_without_it() {
    let policy = Retry::expo().condition(Obey);
    let (asked, not_asked) = (play(policy, &later(Duration::ZERO)), play(policy, &BUSY));
    assert_eq!((asked.calls, asked.waits), (10, not_asked.waits));
}

#[test]
fn what_is_not_retryable_is_said_before_any_limit_is_looked_at() {
    let policy = Retry::sequence([]).max_tries(1).max_time(Duration::ZERO);
    let story = play(policy.retry_if(Fault::is_transient), &[at_once(Err(Fault::Fatal))]);
    assert_eq!(story.end().reason, Some(StopReason::NotRetryable));
}

#[test]
fn a_value_that_is_never_the_wanted_one_is_returned_as_it_is() {
    let policy = Retry::expo().until(|value: &u32| *value > 3).max_tries(3);
    let story = play(policy, &[at_once(Ok(1)), at_once(Ok(2)), at_once(Ok(3)), at_once(Ok(4))]);
    assert_eq!((story.calls, story.result, story.kinds().as_str()), (3, Ok(3), "TBTBTG"));
}

#[test]
fn a_wait_that_was_asked_for_and_is_too_long_ends_the_run_with_a_reason_of_its_own() {
    let hour = secs(3600);
    let policy = Retry::expo().condition(Obey).max_tries(2).jitter(Jitter::None);
    let reason = |policy, asked| play(policy, &later(asked)).end().reason;
    assert_eq!(play(policy, &later(hour)).waits, [hour]);
    assert_eq!(reason(policy, hour + Duration::from_nanos(1)), Some(StopReason::MaxAskedWait));
    assert_eq!(reason(policy.max_asked_wait(secs(9)), secs(10)), Some(StopReason::MaxAskedWait));
    assert_eq!(reason(policy.max_asked_wait(secs(9)), secs(9)), Some(StopReason::MaxTries));
    // Other limits come first.
    assert_eq!(reason(policy.max_tries(1), hour * 2), Some(StopReason::MaxTries));
    assert_eq!(reason(policy.max_time(hour), hour * 2), Some(StopReason::MaxTime));
    let overruns = policy.max_time(hour).last_wait_may_overrun();
    assert_eq!(reason(overruns, hour * 2), Some(StopReason::MaxAskedWait));
}

#[test]
fn the_longest_wait_that_was_asked_for_is_as_long_as_a_clock_can_count() {
    let policy = Retry::expo().condition(Obey).max_tries(2).max_asked_wait(Duration::MAX);
    let story = play(policy, &later(Duration::MAX));
    assert_eq!(story.waits, [Duration::from_nanos(u64::MAX)]);
}

#[test]
fn a_wait_that_is_asked_for_counts_wherever_in_the_chain_it_was_said() {
    let asks = |value: &u32| Some(secs((*value).into()));
    let script = [at_once(Ok(7)), at_once(Err(Fault::Later(secs(9)))), at_once(Ok(99))];
    let wanted = |value: &u32| *value == 99;
    let policy = Retry::expo().jitter(Jitter::None);
    let stories = [
        play(
            policy.until(wanted).retry_after_value(asks).retry_after(Fault::requested_wait),
            &script,
        ),
        play(
            policy.retry_after_value(asks).retry_after(Fault::requested_wait).until(wanted),
            &script,
        ),
        play(
            policy.retry_after(Fault::requested_wait).until(wanted).retry_after_value(asks),
            &script,
        ),
    ];
    for story in stories {
        assert_eq!(story.waits, [7, 9].map(secs));
    }
}

#[test]
fn of_two_waits_that_are_asked_for_the_longer_one_is_slept() {
    let script = later(secs(5));
    for other in [3, 8] {
        let policy = Retry::expo().max_tries(2).jitter(Jitter::None).condition(Obey);
        let asked = play(policy.retry_after(move |_: &Fault| Some(secs(other))), &script);
        assert_eq!(asked.waits, [secs(other.max(5))]);
    }
}

#[test]
fn an_outcome_that_is_not_retried_asks_for_no_wait() {
    let policy = Retry::expo().retry_if(|_: &Fault| false);
    let policy = policy.retry_after(|_: &Fault| panic!("it was asked"));
    assert_eq!(play(policy, &BUSY).end().reason, Some(StopReason::NotRetryable));
}

/// Retries every error but one.
#[derive(Clone, Copy)]
struct NotNine;

impl Condition<u32, u32> for NotNine {
    fn judge(&self, details: &Details<'_, u32, u32>) -> Verdict {
        match details.error() {
            None => Verdict::Accept,
            Some(9) => Verdict::Stop,
            Some(_) => Verdict::Retry,
        }
    }
}

/// What a policy does with three outcomes, the last of which repeats.
macro_rules! ends {
    ($policy:expr, $outcomes:expr) => {{
        let clock = TestClock::new();
        let mut outcomes = $outcomes.into_iter();
        let mut last = Ok(0);
        let result = $policy.clock(&clock).run(|| {
            last = outcomes.next().unwrap_or(last);
            last
        });
        (result, clock.waits())
    }};
}

#[test]
fn a_condition_of_ones_own_keeps_what_refines_it_in_any_order() {
    const EXACT: Retry = Retry::expo().jitter(Jitter::None).max_tries(5);
    // It is never empty here.
    let budget = Budget::new().cost(0);
    let transient = |error: &u32| *error != 8;
    let asked = |error: &u32| Some(secs(u64::from(*error)));
    let shared = || std::sync::Arc::new(|error: &u32| *error != 7);
    macro_rules! refined {
        ($policy:expr) => {
            $policy
                .retry_if(transient)
                .retry_if_shared(shared())
                .until(|value: &u32| *value > 0)
                .retry_after(asked)
                .retry_after_value(|value: &u32| Some(secs(u64::from(20 + *value))))
                .budget(&budget)
        };
    }
    let waits = |waits: &[u64]| waits.iter().copied().map(secs).collect::<Vec<_>>();
    for (outcomes, expected) in [
        ([Err(9), Ok(1), Ok(1)], (Err(9), waits(&[]))),
        ([Err(8), Ok(1), Ok(1)], (Err(8), waits(&[]))),
        ([Err(7), Ok(1), Ok(1)], (Err(7), waits(&[]))),
        ([Err(30), Ok(0), Ok(1)], (Ok(1), waits(&[30, 20]))),
        ([Err(6), Err(6), Err(9)], (Err(9), waits(&[6, 6]))),
    ] {
        let before = refined!(EXACT.condition(NotNine));
        assert_eq!(ends!(before.by_ref(), outcomes), expected);
        let after = refined!(EXACT);
        assert_eq!(ends!(after.by_ref().condition(NotNine), outcomes), expected);
        assert_eq!(ends!(after.condition(NotNine), outcomes), expected);
    }
    let empty = Budget::new().capacity(0);
    let policy = EXACT.budget(&empty).condition(NotNine);
    assert_eq!(ends!(policy, [Err(1), Ok(1), Ok(1)]), (Err(1), waits(&[])));
    let policy = policy.without_conditions().condition(NotNine);
    assert_eq!(ends!(policy, [Err(1), Ok(1), Ok(1)]), (Ok(1), waits(&[1])));
}

#[test]
fn retry_if_narrows_also_what_asks_for_a_wait() {
    let policy = Retry::expo().condition(Obey).retry_if(|e: &Fault| e.requested_wait().is_none());
    let story = play(policy, &later(secs(2)));
    assert_eq!((story.calls, story.end().reason), (1, Some(StopReason::NotRetryable)));
}

#[test]
fn of_two_functions_that_ask_for_waits_the_longer_wait_is_slept() {
    let exact = Retry::expo().max_tries(2).jitter(Jitter::None);
    for (one, other) in [(5, 8), (8, 5)] {
        let (one, other) = (secs(one), secs(other));
        let policy =
            exact.retry_after(move |_: &Fault| Some(one)).retry_after(move |_: &Fault| Some(other));
        assert_eq!(play(policy, &BUSY).waits, [secs(8)]);
        let policy = exact.until(|value: &u32| *value == 9);
        let policy = policy
            .retry_after_value(move |_: &u32| Some(one))
            .retry_after_value(move |_: &u32| Some(other));
        assert_eq!(play(policy, &[at_once(Ok(1))]).waits, [secs(8)]);
    }
    // A function that returns `None` does not remove the wait that another one requests.
    let policy = exact.retry_after(|_: &Fault| Some(secs(8))).retry_after(|_: &Fault| None);
    assert_eq!(play(policy, &BUSY).waits, [secs(8)]);
}

/// Stops at the value 3, and accepts all others.
#[derive(Clone, Copy)]
struct NotThree;

impl Condition<u32, Fault> for NotThree {
    fn judge(&self, details: &Details<'_, u32, Fault>) -> Verdict {
        match details.outcome() {
            Some(Ok(3)) => Verdict::Stop,
            Some(Ok(_)) => Verdict::Accept,
            _ => Verdict::Retry,
        }
    }
}

#[test]
fn a_value_at_which_a_condition_stops_is_not_waited_for() {
    let policy = Retry::expo().condition(NotThree).until(|value: &u32| *value >= 50);
    let story = play(policy, &[at_once(Ok(2)), at_once(Ok(3)), at_once(Ok(60))]);
    assert_eq!((story.calls, story.result), (2, Ok(3)));
    assert_eq!(story.end().reason, Some(StopReason::NotRetryable));
}
