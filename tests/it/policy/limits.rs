//! When a run gives up, and what no setting can make it do.

use std::time::Duration;

use proptest::prelude::*;
use relent::wait::{Decay, Decorrelated, Expo, Fibo, Linear};
use relent::{Details, Jitter, MaxTries, Retry, Schedule, StopReason, TestClock};

use crate::support::{BUSY, Fault, Obey, Step, at_once, later, millis, panic_of, play, secs};

#[test]
fn a_policy_without_a_limit_stops_after_ten_tries() {
    let story = play(Retry::expo(), &BUSY);
    assert_eq!((story.calls, story.end().reason), (10, Some(StopReason::MaxTries)));
}

#[test]
fn a_policy_that_says_forever_goes_on_beyond_the_default() {
    let mut script = vec![BUSY[0]; 5000];
    script.push(at_once(Ok(1)));
    let story = play(Retry::expo().forever(), &script);
    assert_eq!((story.calls, story.result), (5001, Ok(1)));
}

#[test]
fn forever_takes_no_limit_away_that_was_set() {
    for policy in [Retry::expo().forever().max_tries(3), Retry::expo().max_tries(3).forever()] {
        assert_eq!(play(policy, &BUSY).calls, 3);
    }
    let policy = Retry::constant(secs(1)).max_time(secs(20)).jitter(Jitter::None).forever();
    let story = play(policy, &BUSY);
    assert_eq!((story.calls, story.end().reason), (21, Some(StopReason::MaxTime)));
}

#[test]
fn max_time_replaces_the_default_limit_of_tries() {
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_time(secs(100));
    assert_eq!(play(policy, &BUSY).calls, 101);
}

#[test]
fn max_tries_counts_calls() {
    for tries in [1, 2, 3, 11] {
        let story = play(Retry::expo().max_tries(tries), &BUSY);
        assert_eq!(story.calls, tries as usize);
        assert_eq!(story.waits.len(), tries as usize - 1);
        assert_eq!(story.end().reason, Some(StopReason::MaxTries));
    }
}

#[test]
fn max_time_shortens_the_last_wait_and_tries_once_more_at_the_deadline() {
    let story = play(Retry::expo().max_time(secs(10)).jitter(Jitter::None), &BUSY);
    assert_eq!(story.waits, [1, 2, 4, 3].map(secs));
    let end = story.end();
    assert_eq!((end.tries, end.elapsed, end.reason), (5, secs(10), Some(StopReason::MaxTime)));
}

#[tokio::test(start_paused = true)]
async fn max_time_goes_by_the_paused_time_of_tokio() {
    let mut waits = Vec::new();
    let mut end = None;
    let began = tokio::time::Instant::now();
    Retry::expo()
        .max_time(secs(10))
        .jitter(Jitter::None)
        .on_backoff(|d| waits.push(d.wait))
        .on_giveup(|d| end = Some((d.tries, d.elapsed, d.reason)))
        .run_async(async || Err::<(), _>("down"))
        .await
        .unwrap_err();
    assert_eq!(waits, [1, 2, 4, 3].map(secs));
    assert_eq!(end, Some((5, secs(10), Some(StopReason::MaxTime))));
    // Tokio's timer counts whole milliseconds.
    assert!(began.elapsed() >= secs(10) && began.elapsed() <= secs(10) + millis(5));
}

#[test]
fn no_time_at_all_is_one_call() {
    let story = play(Retry::expo().max_time(Duration::ZERO), &BUSY);
    assert_eq!((story.calls, story.end().reason), (1, Some(StopReason::MaxTime)));
}

#[test]
fn the_time_of_the_operation_counts() {
    let slow = [Step { outcome: Err(Fault::Busy), takes: secs(4) }];
    let story = play(Retry::constant(secs(1)).jitter(Jitter::None).max_time(secs(12)), &slow);
    assert_eq!(story.waits, [1, 1].map(secs));
    assert_eq!((story.end().elapsed, story.end().reason), (secs(14), Some(StopReason::MaxTime)));
}

#[test]
fn a_run_takes_at_most_max_time_and_one_attempt_more() {
    for (takes, most) in (0..10).flat_map(|takes| (0..10).map(move |most| (takes, most))) {
        let slow = [Step { outcome: Err(Fault::Busy), takes: secs(takes) }];
        let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_time(secs(most));
        let elapsed = play(policy, &slow).end().elapsed;
        assert!(elapsed >= secs(most) && elapsed <= secs(most + takes), "{takes} {most}");
    }
}

#[test]
fn the_first_limit_that_is_reached_ends_the_run() {
    let policy = Retry::constant(secs(1)).jitter(Jitter::None);
    let by_tries = play(policy.max_tries(3).max_time(secs(100)), &BUSY);
    assert_eq!((by_tries.calls, by_tries.end().reason), (3, Some(StopReason::MaxTries)));
    let by_time = play(policy.max_tries(100).max_time(secs(3)), &BUSY);
    assert_eq!((by_time.calls, by_time.end().reason), (4, Some(StopReason::MaxTime)));
}

#[test]
fn max_wait_caps_the_first_wait_too() {
    let policy = Retry::expo().first_wait(secs(90)).jitter(Jitter::None).max_wait(secs(60));
    assert_eq!(play(policy.max_tries(3), &BUSY).waits, [60, 60].map(secs));
}

#[test]
fn max_wait_caps_after_jitter() {
    let policy = Retry::constant(secs(4)).max_wait(secs(5)).max_tries(200);
    let waits = play(policy.seed(1).jitter(Jitter::Additive(secs(4))), &BUSY).waits;
    // The window, 4 s to 8 s, is moved down as a whole: 1 s to 5 s, and no wait is likelier than another.
    assert!(waits.iter().all(|wait| (secs(1)..=secs(5)).contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait < secs(2)) && !waits.contains(&secs(5)), "{waits:?}");

    let waits = play(policy.jitter(Jitter::Custom(|wait| wait * 10)), &BUSY).waits;
    assert!(waits.iter().all(|wait| *wait == secs(5)), "{waits:?}");
}

#[test]
fn max_wait_does_not_limit_the_attempts() {
    let policy = Retry::fibo().max_wait(millis(1)).max_tries(30).jitter(Jitter::None);
    assert_eq!(play(policy, &BUSY).waits, [millis(1); 29]);
}

#[test]
fn a_sequence_of_waits_makes_one_attempt_more_than_waits() {
    let policy = Retry::sequence([3, 1, 2].map(secs)).jitter(Jitter::None);
    let story = play(policy, &BUSY);
    assert_eq!(story.waits, [3, 1, 2].map(secs));
    assert_eq!((story.calls, story.end().reason), (4, Some(StopReason::WaitsExhausted)));
}

#[test]
fn an_empty_sequence_makes_one_attempt() {
    let story = play(Retry::sequence([]), &BUSY);
    assert_eq!((story.calls, story.end().reason), (1, Some(StopReason::WaitsExhausted)));
}

#[test]
fn a_sequence_may_be_longer_than_the_default_limit() {
    let story = play(Retry::sequence([secs(1); 25]), &BUSY);
    assert_eq!((story.calls, story.end().reason), (26, Some(StopReason::WaitsExhausted)));
}

#[test]
fn other_limits_end_a_sequence_earlier() {
    let by_tries = play(Retry::sequence([secs(1); 25]).max_tries(4), &BUSY);
    assert_eq!((by_tries.calls, by_tries.end().reason), (4, Some(StopReason::MaxTries)));
    let policy = Retry::sequence([secs(1); 25]).jitter(Jitter::None).max_time(secs(4));
    let by_time = play(policy, &BUSY);
    assert_eq!((by_time.calls, by_time.end().reason), (5, Some(StopReason::MaxTime)));
}

#[test]
fn forever_does_not_prolong_a_sequence() {
    assert_eq!(play(Retry::sequence([secs(1); 2]).forever(), &BUSY).calls, 3);
}

#[test]
fn the_longest_durations_do_not_panic() {
    const MAX: Duration = Duration::MAX;
    let jitters = [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Additive(MAX),
        Jitter::Proportional(1.0),
        Jitter::Between(|wait| wait..=MAX),
        Jitter::None,
        Jitter::Custom(|_| MAX),
    ];
    for jitter in jitters {
        let calls = [
            play(Retry::expo().first_wait(MAX).jitter(jitter), &BUSY).calls,
            play(Retry::expo().first_wait(MAX).factor(1.5).jitter(jitter), &BUSY).calls,
            play(Retry::fibo().first_wait(MAX).jitter(jitter), &BUSY).calls,
            play(Retry::constant(MAX).max_wait(MAX).jitter(jitter), &BUSY).calls,
            play(Retry::linear(MAX).first_wait(MAX).jitter(jitter), &BUSY).calls,
            play(Retry::decay().first_wait(MAX).min_wait(MAX).jitter(jitter), &BUSY).calls,
            play(Retry::sequence([MAX; 9]).jitter(jitter), &BUSY).calls,
            play(Retry::from_fn(|_| Some(MAX)).jitter(jitter), &BUSY).calls,
            play(Retry::decorrelated(MAX), &BUSY).calls,
            play(Retry::expo().condition(Obey).max_asked_wait(MAX).jitter(jitter), &later(MAX))
                .calls,
            play(Retry::runtime(|_: &Details<'_, u32, Fault>| MAX).jitter(jitter), &BUSY).calls,
        ];
        assert_eq!(calls, [10; 11]);
    }
    let policy = Retry::expo().max_time(MAX).max_tries(100);
    assert_eq!(play(policy, &BUSY).calls, 100);
    assert_eq!(policy.waits().count(), 99);
}

#[test]
fn an_invalid_setting_is_refused_by_its_name() {
    const BAD_FACTORS: [f64; 5] = [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    const BAD_DECAYS: [f64; 4] = [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for bad in BAD_FACTORS {
        let refused = Retry::expo().try_factor(bad).unwrap_err();
        assert!(refused.to_string().starts_with("factor must be "), "{refused}");
        assert_eq!(panic_of(|| Retry::expo().factor(bad)), refused.to_string());
        assert_eq!(Expo::try_new(secs(1), bad), Err(refused));
        assert_eq!(panic_of(|| Expo::new(secs(1), bad)), refused.to_string());
    }
    for bad in BAD_DECAYS {
        let refused = Retry::decay().try_decay_factor(bad).unwrap_err();
        assert!(refused.to_string().starts_with("decay_factor must be "), "{refused}");
        assert_eq!(panic_of(|| Retry::decay().decay_factor(bad)), refused.to_string());
        assert_eq!(Decay::try_new(secs(1), bad, secs(0)), Err(refused));
        assert_eq!(panic_of(|| Decay::new(secs(1), bad, secs(0))), refused.to_string());
    }
    let refused = Retry::expo().try_max_tries(0).unwrap_err();
    assert!(refused.to_string().starts_with("max_tries must be "), "{refused}");
    assert_eq!(panic_of(|| Retry::expo().max_tries(0)), refused.to_string());
}

/// rusty-bacnet#526: a zero in a configuration, and 119,499 calls in a tenth of a second.
#[test]
fn a_setting_that_leaves_no_wait_at_all_is_refused_by_its_name() {
    const ZERO: Duration = Duration::ZERO;

    let refused = Retry::expo().try_max_wait(ZERO).unwrap_err();
    assert!(refused.to_string().starts_with("max_wait must be "), "{refused}");
    assert_eq!(panic_of(|| Retry::expo().max_wait(ZERO)), refused.to_string());
    assert_eq!(Retry::constant(ZERO).try_max_wait(ZERO).unwrap_err(), refused);

    let refused = Retry::expo().try_first_wait(ZERO).unwrap_err();
    assert!(refused.to_string().starts_with("first_wait must be "), "{refused}");
    let step = secs(5);
    assert_eq!(Retry::fibo().try_first_wait(ZERO).unwrap_err(), refused);
    assert_eq!(Retry::linear(step).try_first_wait(ZERO).unwrap_err(), refused);
    assert_eq!(Retry::decay().try_first_wait(ZERO).unwrap_err(), refused);
    assert_eq!(Expo::try_new(ZERO, 2.0), Err(refused));
    assert_eq!(Fibo::try_new(ZERO), Err(refused));
    assert_eq!(Linear::try_new(ZERO, step), Err(refused));
    assert_eq!(Decay::try_new(ZERO, 1.0, step), Err(refused));
    let panics = [
        panic_of(|| Retry::expo().first_wait(ZERO)),
        panic_of(|| Retry::fibo().first_wait(ZERO)),
        panic_of(|| Retry::linear(step).first_wait(ZERO)),
        panic_of(|| Retry::decay().first_wait(ZERO)),
        panic_of(|| Schedule::from(Expo::new(ZERO, 2.0))),
        panic_of(|| Schedule::from(Fibo::new(ZERO))),
        panic_of(|| Schedule::from(Linear::new(ZERO, step))),
        panic_of(|| Schedule::from(Decay::new(ZERO, 1.0, step))),
    ];
    assert_eq!(panics, [(); 8].map(|()| refused.to_string()));

    let refused = Retry::try_linear(ZERO).unwrap_err();
    assert!(refused.to_string().starts_with("the step of `linear` must be "), "{refused}");
    assert_eq!(panic_of(|| Retry::linear(ZERO)), refused.to_string());

    let refused = Retry::try_decorrelated(ZERO).unwrap_err();
    assert!(refused.to_string().starts_with("the base of `decorrelated` must be "), "{refused}");
    assert_eq!(panic_of(|| Retry::decorrelated(ZERO)), refused.to_string());
    assert_eq!(Decorrelated::try_new(ZERO), Err(refused));
    assert_eq!(panic_of(|| Decorrelated::new(ZERO)), refused.to_string());
}

#[test]
fn waits_of_zero_that_are_written_out_are_allowed() {
    const NONE: Duration = Duration::ZERO;
    assert_eq!(play(Retry::constant(NONE).max_tries(4), &BUSY).waits, [NONE; 3]);
    assert_eq!(play(Retry::sequence([NONE; 3]), &BUSY).waits, [NONE; 3]);
    assert_eq!(play(Retry::from_fn(|_| Some(NONE)).max_tries(4), &BUSY).waits, [NONE; 3]);
}

#[test]
fn a_valid_setting_read_at_run_time_is_taken() {
    assert_eq!(Retry::expo().try_max_tries(3).unwrap().get_max_tries(), MaxTries::AtMost(3));
    let policy = Retry::expo().try_factor(3.0).unwrap().try_first_wait(secs(2)).unwrap();
    assert_eq!(policy.waits().nth(2), Some(secs(18)));
    assert_eq!(Retry::fibo().try_first_wait(secs(2)).unwrap().waits().nth(3), Some(secs(6)));
    let policy = Retry::try_linear(secs(5)).unwrap().try_first_wait(secs(2)).unwrap();
    assert_eq!(policy.waits().nth(1), Some(secs(7)));
    let policy = policy.try_max_wait(secs(3)).unwrap();
    assert_eq!(policy.waits().nth(1), Some(secs(3)));
    let policy =
        Retry::decay().min_wait(secs(2)).decay_factor(9.0).try_first_wait(secs(4)).unwrap();
    assert!(policy.waits().take(2).eq([4, 2].map(secs)));
    let policy = Retry::try_decorrelated(secs(1)).unwrap();
    assert!(policy.try_jitter(Jitter::Equal).is_err());
    let policy = Retry::decay().try_decay_factor(0.0).unwrap();
    assert_eq!(policy.waits().nth(8), Some(secs(1)));
}

#[test]
fn a_policy_is_as_good_as_new_for_each_run() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_time(secs(3)).jitter(Jitter::None).clock(&clock);
    for _ in 0..2 {
        policy.run(|| Err::<(), _>("down")).unwrap_err();
    }
    assert_eq!(clock.waits(), [1, 2, 1, 2].map(secs));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_order_of_the_settings_does_not_matter(order in Just((0..9).collect::<Vec<_>>()).prop_shuffle()) {
        let policy = order.into_iter().fold(Retry::expo(), |policy, setting| match setting {
            0 => policy.max_tries(7),
            1 => policy.max_time(secs(60)),
            2 => policy.max_wait(secs(5)),
            3 => policy.jitter(Jitter::Equal),
            4 => policy.seed(3),
            5 => policy.target("fetch"),
            6 => policy.forever(),
            7 => policy.first_wait(secs(2)),
            _ => policy.factor(3.0),
        });
        let expected = Retry::expo()
            .first_wait(secs(2))
            .factor(3.0)
            .max_tries(7)
            .max_time(secs(60))
            .max_wait(secs(5))
            .jitter(Jitter::Equal)
            .seed(3)
            .target("fetch");
        prop_assert_eq!(format!("{policy:?}"), format!("{expected:?}"));
        prop_assert_eq!(play(policy, &BUSY), play(expected, &BUSY));
    }
}
