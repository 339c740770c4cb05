//! Waits that are drawn between a shortest wait and three times the last one.

use std::ops::ControlFlow;
use std::time::Duration;

use proptest::prelude::*;
use relent::wait::{Decorrelated, Expo};
use relent::{Jitter, Retry, Schedule, StopReason, TestClock, Wait};

use super::windows::{assert_drawn_evenly, assert_even};
use super::{LONGEST, any_wait_above_zero, two_runs};
use crate::support::{BUSY, Fault, at_once, later, millis, panic_of, play, secs};

/// The window after a wait of this many nanoseconds.
fn window(base: u128, last: u128, cap: u128) -> (u128, u128) {
    (base, base.max(cap.min(3 * base.max(last))))
}

/// The waits of a run that nobody observes, in nanoseconds.
fn slept<S: Wait<(), &'static str>>(policy: Retry<S>) -> Vec<u128> {
    let clock = TestClock::new();
    policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    clock.waits().iter().map(Duration::as_nanos).collect()
}

/// Where each wait of many runs lies in its window, by the number of the try.
#[expect(clippy::cast_precision_loss, reason = "six digits are looked at")]
fn places<S: Wait<(), &'static str> + Copy>(
    policies: impl Iterator<Item = Retry<S>>,
    base: u128,
    cap: u128,
) -> Vec<Vec<f64>> {
    let mut places = vec![Vec::new(); 9];
    for policy in policies {
        let mut last = 0;
        for (n, wait) in slept(policy).into_iter().enumerate() {
            let (lo, hi) = window(base, last, cap);
            assert!((lo..=hi).contains(&wait), "step {n}: {wait}, {lo} to {hi}");
            places[n].push((wait - lo) as f64 / (hi - lo) as f64);
            last = wait;
        }
    }
    places
}

fn assert_even_at_every_step(places: &[Vec<f64>]) {
    for (n, places) in places.iter().enumerate() {
        let at_the_end = places.iter().filter(|place| **place <= 0.0 || **place >= 1.0).count();
        assert!(at_the_end * 100 < places.len(), "step {n}: {at_the_end} waits at an end");
        assert_even(places, &format!("step {n}"));
    }
}

const BASE: u128 = 100_000_000;

#[test]
fn each_wait_is_drawn_up_to_three_times_the_last_one() {
    let policy = Retry::decorrelated(millis(100));
    assert_even_at_every_step(&places((0..1500).map(|_| policy), BASE, u128::MAX));
    let seeded = (0..1500).map(|seed| policy.seed(seed));
    assert_even_at_every_step(&places(seeded, BASE, u128::MAX));
}

#[test]
fn the_end_of_the_range_is_capped_and_its_start_is_not_moved() {
    let policy = Retry::decorrelated(millis(100)).max_wait(millis(700));
    assert_even_at_every_step(&places((0..1500).map(|_| policy), BASE, 700_000_000));
    let seeded = (0..1500).map(|seed| policy.seed(seed));
    assert_even_at_every_step(&places(seeded, BASE, 700_000_000));
}

#[test]
fn without_jitter_each_wait_is_the_middle_of_the_capped_range() {
    let policy = Retry::decorrelated(secs(1)).jitter(Jitter::None).max_tries(7);
    // 1 to 3, 1 to 6, 1 to 7 each time.
    let capped = policy.max_wait(secs(7));
    assert_eq!(play(capped, &BUSY).waits, [2000, 3500, 4000, 4000, 4000, 4000].map(millis));
    assert!(capped.waits().eq([2000, 3500, 4000, 4000, 4000, 4000].map(millis)));
}

#[test]
fn below_a_cap_under_the_shortest_wait_the_waits_are_spread() {
    let policy = Retry::decorrelated(secs(5)).max_wait(secs(2));
    let waits = slept(policy.max_tries(1500));
    assert_drawn_evenly(&waits, (0, 2_000_000_000), "below the cap");
    assert_eq!(slept(policy.jitter(Jitter::None)), [2_000_000_000; 9]);
}

#[test]
fn no_wait_of_a_decorrelated_policy_is_above_its_cap() {
    for cap in [1, 50, 100, 700] {
        let policy = Retry::decorrelated(millis(100)).max_wait(millis(cap)).max_tries(500);
        assert!(slept(policy).iter().all(|wait| *wait <= u128::from(cap) * 1_000_000), "{cap}");
    }
}

#[test]
fn without_jitter_each_wait_is_the_middle_of_its_range() {
    let policy = Retry::decorrelated(secs(1)).jitter(Jitter::None).max_tries(6);
    // 1 to 3, 1 to 6, 1 to 10.5, 1 to 17.25, 1 to 27.375.
    let middles =
        [2_000_000, 3_500_000, 5_750_000, 9_125_000, 14_187_500].map(Duration::from_micros);
    assert_eq!(play(policy, &BUSY).waits, middles);
    assert!(policy.waits().eq(middles));
    assert!(policy.backoff().eq(middles));
    assert!(
        Retry::decorrelated(secs(1)).max_tries(6).waits().eq(middles),
        "a preview has no jitter"
    );
}

#[test]
fn what_is_asked_for_does_not_count_as_the_last_wait() {
    let policy = Retry::decorrelated(secs(1)).jitter(Jitter::None).max_tries(5);
    let policy = policy.retry_after(Fault::requested_wait);
    let [asks, fails] = [later(secs(100))[0], at_once(Err(Fault::Busy))];
    let story = play(policy, &[asks, fails, asks, fails]);
    assert_eq!(story.waits, [100_000, 3_500, 100_000, 9_125].map(millis));
}

#[test]
fn a_range_is_moved_by_what_is_asked_for_and_the_next_one_is_not() {
    let mut moved = Vec::new();
    for _ in 0..1500 {
        let clock = TestClock::new();
        let policy =
            Retry::decorrelated(secs(1)).retry_after(|a: &Duration| Some(*a)).clock(&clock);
        let mut asked = [secs(100), secs(0), secs(0)].into_iter();
        let outcome = policy.run(|| asked.next().map_or(Ok(()), Err));
        assert_eq!(outcome, Ok(()));
        let [one, two, three] = clock.waits().try_into().expect("three waits");
        assert!((secs(100)..=secs(102)).contains(&one), "{one:?}");
        moved.push(one.as_nanos());
        let own = one.saturating_sub(secs(99));
        assert!((secs(1)..=own * 3).contains(&two), "{own:?} {two:?}");
        assert!((secs(1)..=two.max(secs(1)) * 3).contains(&three), "{two:?} {three:?}");
    }
    assert_drawn_evenly(&moved, (100_000_000_000, 102_000_000_000), "asked for 100 s");
}

#[test]
fn what_is_asked_for_inside_the_range_is_its_start() {
    let mut waits = Vec::new();
    for _ in 0..1500 {
        let clock = TestClock::new();
        let policy = Retry::decorrelated(secs(2)).max_tries(2).clock(&clock);
        let asks = policy.retry_after(|a: &Duration| Some(*a));
        asks.run(|| Err::<(), _>(secs(5))).unwrap_err();
        waits.push(clock.waits()[0].as_nanos());
    }
    // 2 s to 6 s; from 5 s on; no wider than it was, and no wider than what was asked for.
    assert_drawn_evenly(&waits, (5_000_000_000, 9_000_000_000), "asked for 5 s");
}

#[test]
fn the_time_that_is_left_shortens_the_last_wait_of_a_decorrelated_policy() {
    let policy = Retry::decorrelated(secs(1)).jitter(Jitter::None).max_time(secs(7));
    let story = play(policy, &BUSY);
    assert_eq!(story.waits, [2000, 3500, 1500].map(millis));
    assert_eq!(story.end().reason, Some(StopReason::MaxTime));
    assert!(policy.waits().eq(story.waits));
    for _ in 0..50 {
        let waits = slept(Retry::decorrelated(secs(1)).max_time(secs(7)));
        assert_eq!(waits.iter().sum::<u128>(), 7_000_000_000, "{waits:?}");
    }
}

#[test]
fn a_decorrelated_run_begins_anew_each_time() {
    let policy = Retry::decorrelated(millis(100)).max_tries(40);
    for _ in 0..50 {
        let [one, other] = two_runs(policy);
        assert!(one[0] <= millis(300) && other[0] <= millis(300), "{:?} {:?}", one[0], other[0]);
    }
    let mut waits = policy.backoff();
    let mut attempts = policy.clock(TestClock::new()).into_attempts();
    for _ in 0..50 {
        assert!(waits.next().unwrap() <= millis(300));
        waits.nth(20).unwrap();
        waits.reset();
        for _ in 0..20 {
            assert_eq!(attempts.after(Err::<(), _>("down")), ControlFlow::Continue(()));
        }
        attempts.reset();
        let wait = attempts.progress().last_wait;
        assert_eq!(wait, Duration::ZERO);
    }
}

#[test]
fn a_seed_fixes_decorrelated_waits() {
    let policy = Retry::decorrelated(secs(1)).max_tries(30).max_wait(secs(1000));
    assert_eq!(slept(policy.seed(5)), slept(policy.seed(5)));
    assert_ne!(slept(policy.seed(5)), slept(policy.seed(6)));
    assert_ne!(slept(policy), slept(policy));
}

#[test]
fn a_schedule_may_be_decorrelated() {
    let schedule = Schedule::from(Decorrelated::new(secs(1)));
    assert_eq!(schedule, Schedule::Decorrelated(Decorrelated::new(secs(1))));
    let policy = Retry::decorrelated(secs(1)).seed(3).max_tries(20);
    let chosen = Retry::new(schedule).seed(3).max_tries(20);
    assert_eq!(slept(policy), slept(chosen));
    assert_eq!(slept(policy), slept(Retry::new(&schedule).seed(3).max_tries(20)));
    let built = Retry::new(Decorrelated::new(secs(1))).seed(3).max_tries(20);
    assert_eq!(slept(policy), slept(built));
    let expo = Retry::new(Schedule::from(Expo::default())).seed(3).max_tries(20);
    assert_ne!(slept(policy), slept(expo));
}

#[test]
fn a_decorrelated_policy_refuses_jitter() {
    let policy = Retry::decorrelated(secs(1));
    let others = [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Additive(secs(1)),
        Jitter::Proportional(0.1),
        Jitter::Between(|wait| wait..=wait),
        Jitter::Custom(|wait| wait),
    ];
    for jitter in others {
        let refused = policy.try_jitter(jitter).unwrap_err();
        assert!(refused.to_string().contains("decorrelated"), "{refused}");
        assert_eq!(panic_of(|| policy.jitter(jitter)), refused.to_string());
        assert!(policy.max_tries(3).max_wait(secs(4)).try_jitter(jitter).is_err());
    }
    assert!(policy.try_jitter(Jitter::None).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_base_overflows(base in any_wait_above_zero(), seed in any::<u64>()) {
        let policy = Retry::decorrelated(base).max_tries(50).seed(seed);
        let base = base.min(LONGEST).as_nanos();
        let waits = slept(policy);
        prop_assert_eq!(waits.len(), 49);
        let mut last = 0;
        for wait in waits {
            let (lo, hi) = window(base, last, LONGEST.as_nanos());
            prop_assert!((lo..=hi).contains(&wait));
            last = wait;
        }
    }
}
