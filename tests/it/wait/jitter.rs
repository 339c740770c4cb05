//! How chance spreads the waits, and who draws what.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use relent::{Jitter, Retry, TestClock};

use super::{LONGEST, any_wait, two_runs};
use crate::support::secs;

#[test]
fn full_jitter_draws_each_length_as_often() {
    // Sixteen boxes of 625 expected. One seed in a thousand would be further off than 37.7.
    let chi_squared = |waits: &[Duration]| {
        let mut boxes = [0_u32; 16];
        for wait in waits {
            boxes[(wait.as_nanos() * 16 / 1_000_000_001) as usize] += 1;
        }
        let expected = Duration::from_secs(waits.len() as u64).as_secs_f64() / 16.0;
        boxes.map(|n| (f64::from(n) - expected).powi(2) / expected).iter().sum::<f64>()
    };
    let one_run = |seed| {
        let clock = TestClock::new();
        let policy = Retry::constant(secs(1)).max_tries(10_001).seed(seed).clock(&clock);
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        clock.waits()
    };
    for seed in [0, 1, 42, u64::MAX] {
        let waits = one_run(seed);
        assert!(chi_squared(&waits) < 37.7, "seed {seed}: {}", chi_squared(&waits));
    }
    let many_runs: Vec<_> = (0..10_000).map(|seed| first_wait_of(seed, Jitter::Full)).collect();
    assert!(chi_squared(&many_runs) < 37.7, "{}", chi_squared(&many_runs));
}

fn first_wait_of(seed: u64, jitter: Jitter) -> Duration {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(1)).max_tries(2).seed(seed).jitter(jitter).clock(&clock);
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    clock.waits()[0]
}

#[test]
fn jitter_draws_every_nanosecond_of_its_range_and_no_other() {
    let drawn = |wait, jitter| {
        let clock = TestClock::new();
        let policy = Retry::constant(Duration::from_nanos(wait)).seed(3).max_tries(200);
        policy.jitter(jitter).clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
        clock.waits().iter().map(Duration::as_nanos).collect::<BTreeSet<_>>()
    };
    assert_eq!(drawn(3, Jitter::Full), (0..=3).collect());
    assert_eq!(drawn(3, Jitter::Equal), (2..=3).collect());
    assert_eq!(drawn(4, Jitter::Equal), (2..=4).collect());
    assert_eq!(drawn(3, Jitter::Additive(Duration::from_nanos(2))), (3..=5).collect());
    assert_eq!(drawn(1, Jitter::Equal), (1..=1).collect());
}

#[test]
fn seeded_runs_repeat_and_other_runs_differ() {
    let policy = Retry::constant(secs(1000));
    let [one, other] = two_runs(policy.seed(7));
    assert_eq!(one, other);
    assert_ne!(one, two_runs(policy.seed(8))[0]);
    let [one, other] = two_runs(policy);
    assert_ne!(one, other);
}

#[test]
fn the_waits_of_one_seeded_run_differ_from_each_other() {
    let [waits, _] = two_runs(Retry::constant(secs(1000)).seed(7));
    for (n, wait) in waits.iter().enumerate() {
        assert!(!waits[n + 1..].contains(wait), "{waits:?}");
    }
}

#[test]
fn every_jitter_draws_anew_where_no_seed_is_given() {
    for jitter in [Jitter::Equal, Jitter::Additive(secs(1000)), Jitter::Full] {
        let [one, other] = two_runs(Retry::constant(secs(1000)).jitter(jitter));
        assert_ne!(one, other, "{jitter:?}");
        assert!(one.iter().all(|wait| *wait <= secs(2000)), "{jitter:?} {one:?}");
    }
}

#[test]
fn neighbouring_seeds_do_not_give_the_same_run_one_try_later() {
    let [seven, _] = two_runs(Retry::constant(secs(1000)).seed(7));
    let [eight, _] = two_runs(Retry::constant(secs(1000)).seed(8));
    assert_ne!(seven[1..], eight[..8]);
}

#[test]
fn two_threads_draw_differently() {
    let run = || two_runs(Retry::constant(secs(1000)))[0].clone();
    let [one, other] = [thread::spawn(run), thread::spawn(run)].map(|t| t.join().unwrap());
    assert_ne!(one, other);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn jitter_stays_in_its_range(
        wait in any_wait(),
        more in any_wait(),
        seed in 0..=u64::MAX,
    ) {
        let one = |jitter| {
            let policy = Retry::constant(wait).max_tries(2).jitter(jitter).seed(seed);
            two_runs(policy)[0][0]
        };
        let most = wait.min(LONGEST);
        prop_assert!(one(Jitter::Full) <= most);
        prop_assert!(one(Jitter::Equal) <= most && one(Jitter::Equal) >= most / 2);
        let added = one(Jitter::Additive(more));
        let least = most.min(LONGEST.saturating_sub(more));
        prop_assert!(added >= least && added <= most.saturating_add(more).min(LONGEST));
        prop_assert_eq!(one(Jitter::None), most);
    }

    #[test]
    fn jitter_stays_in_its_bounds(
        nanos in prop_oneof![0..=u64::MAX, 0..10_000_000_000_u64],
        more in any_wait(),
        seed in 0..=u64::MAX,
    ) {
        let wait = Duration::from_nanos(nanos);
        let slept = |jitter| {
            let [waits, _] = two_runs(Retry::constant(wait).seed(seed).jitter(jitter));
            waits
        };
        let most = wait.saturating_add(more).min(LONGEST);
        prop_assert!(slept(Jitter::Full).into_iter().all(|w| w <= wait));
        prop_assert!(slept(Jitter::Equal).into_iter().all(|w| wait <= w + wait / 2 && w <= wait));
        let least = wait.min(LONGEST.saturating_sub(more));
        prop_assert!(slept(Jitter::Additive(more)).into_iter().all(|w| least <= w && w <= most));
        prop_assert!(slept(Jitter::None).into_iter().all(|w| w == wait));
        let custom = slept(Jitter::Custom(|wait| wait / 3));
        prop_assert!(custom.into_iter().all(|w| w == wait / 3));
    }
}
