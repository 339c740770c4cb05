//! How long each wait is: exact values, and what holds for all of them.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use proptest::option;
use proptest::prelude::*;
use relent::{
    Constant, Decay, Details, Expo, Fibo, Jitter, Linear, Retry, Schedule, Sequence, TestClock,
    Wait,
};

use crate::support::{BUSY, Fault, at_once, millis, play, secs};

/// The longest wait that a strategy computes: 584 years.
const LONGEST: Duration = Duration::from_nanos(u64::MAX);

/// What a strategy says after this many tries.
fn after(strategy: &impl Wait<(), ()>, tries: u32) -> Duration {
    strategy.wait(&Details::new("x", tries)).expect("a strategy that does not end")
}

fn first<const N: usize, S: Wait<(), ()>>(policy: &Retry<S>) -> [Duration; N] {
    policy.waits().take(N).collect::<Vec<_>>().try_into().expect("that many waits")
}

/// Equal to nine digits, or to a nanosecond.
#[expect(clippy::cast_precision_loss, reason = "nine digits are looked at")]
fn is_close(wait: Duration, expected_nanos: f64) -> bool {
    let nanos = wait.as_nanos() as f64;
    let expected = expected_nanos.min(u64::MAX as f64);
    (nanos - expected).abs() <= f64::max(1.0, expected * 1e-9)
}

#[test]
fn expo_doubles() {
    assert_eq!(first(&Retry::expo()), [1, 2, 4, 8, 16, 32, 64, 128, 256].map(secs));
}

#[test]
fn expo_multiplies_by_its_factor() {
    assert_eq!(first(&Retry::expo().factor(3.0)), [1, 3, 9, 27, 81, 243, 729].map(secs));
    let policy = Retry::expo().first_wait(secs(5)).factor(3.0);
    assert_eq!(first(&policy), [5, 15, 45, 135, 405, 1215].map(secs));
    assert_eq!(first(&Retry::expo().factor(1.0)), [secs(1); 5]);
    assert_eq!(first(&Retry::expo().factor(0.5)), [1000, 500, 250, 125].map(millis));
}

#[test]
fn expo_begins_with_its_first_wait() {
    assert_eq!(first(&Retry::expo().first_wait(secs(3))), [3, 6, 12, 24, 48].map(secs));
    assert_eq!(first(&Retry::expo().first_wait(Duration::ZERO)), [Duration::ZERO; 9]);
}

#[test]
fn expo_stays_at_its_cap() {
    let capped = Retry::expo().max_wait(secs(16));
    assert_eq!(first(&capped), [1, 2, 4, 8, 16, 16, 16].map(secs));
    let capped = Retry::expo().first_wait(secs(3)).max_wait(secs(16));
    assert_eq!(first(&capped), [3, 6, 12, 16, 16, 16, 16].map(secs));
    assert_eq!(first(&Retry::expo().first_wait(secs(5)).max_wait(secs(3))), [3, 3, 3].map(secs));
    assert_eq!(first(&Retry::expo().max_wait(Duration::ZERO)), [Duration::ZERO; 3]);
}

#[test]
fn fibo_adds_the_last_two() {
    assert_eq!(first(&Retry::fibo()), [1, 1, 2, 3, 5, 8, 13].map(secs));
    assert_eq!(first(&Retry::fibo().max_wait(secs(8))), [1, 1, 2, 3, 5, 8, 8, 8].map(secs));
    assert_eq!(first(&Retry::fibo().max_wait(secs(7))), [1, 1, 2, 3, 5, 7, 7].map(secs));
    assert_eq!(first(&Retry::fibo().first_wait(millis(10))), [10, 10, 20, 30, 50].map(millis));
}

#[test]
fn constant_stays_the_same() {
    assert_eq!(first(&Retry::constant(secs(3))), [secs(3); 9]);
}

#[test]
fn linear_adds_its_step() {
    assert_eq!(first(&Retry::linear(secs(2))), [2, 4, 6, 8].map(secs));
    assert_eq!(first(&Retry::linear(secs(5)).first_wait(secs(1))), [1, 6, 11].map(secs));
    assert_eq!(first(&Retry::linear(Duration::ZERO).first_wait(secs(1))), [secs(1); 9]);
}

#[test]
fn decay_divides_by_e_each_time() {
    for (first_wait, factor) in [(1, 1.0), (100, 1.0), (100, 3.0)] {
        let policy = Retry::decay().first_wait(secs(first_wait)).decay_factor(factor);
        let waits: [Duration; 9] = first(&policy);
        for (n, wait) in (0..9_u32).zip(waits) {
            let expected =
                1e9 * Duration::as_secs_f64(&secs(first_wait)) * (-factor * f64::from(n)).exp();
            assert!(is_close(wait, expected), "{wait:?} {expected}");
        }
    }
}

#[test]
fn decay_stays_at_its_least() {
    let policy = Retry::decay().first_wait(secs(100)).decay_factor(3.0).min_wait(secs(5));
    assert_eq!(first(&policy), [100, 5, 5, 5].map(secs));
    assert_eq!(first(&Retry::decay().min_wait(secs(2))), [2, 2, 2].map(secs));
    assert_eq!(first(&Retry::decay().decay_factor(0.0)), [secs(1); 9]);
    assert_eq!(after(&Decay::default(), u32::MAX), Duration::ZERO);
}

#[test]
fn a_sequence_is_taken_in_order_from_arrays_slices_and_vecs() {
    const WAITS: [Duration; 3] = [secs(1), secs(2), millis(3250)];
    assert!(Retry::sequence(WAITS).waits().eq(WAITS));
    assert!(Retry::sequence(&WAITS[..]).waits().eq(WAITS));
    assert!(Retry::sequence(WAITS.to_vec()).waits().eq(WAITS));
    assert!(Retry::new(Schedule::from(Sequence::new(&WAITS[..]))).waits().eq(WAITS));
}

#[test]
fn a_sequence_has_no_wait_for_an_attempt_that_does_not_exist() {
    let wait = |tries| Wait::<(), ()>::wait(&Sequence::new([secs(1)]), &Details::new("x", tries));
    assert_eq!([0, 1, 2, u32::MAX].map(wait), [None, Some(secs(1)), None, None]);
}

#[test]
fn runtime_computes_from_the_error_and_from_the_value() {
    let policy = Retry::runtime(|d: &Details<'_, u32, Fault>| match d.outcome() {
        Some(Err(Fault::Later(wait))) => *wait,
        Some(Ok(value)) => secs((*value).into()),
        _ => secs(1000),
    });
    let script = [
        at_once(Err(Fault::Later(secs(7)))),
        at_once(Ok(3)),
        at_once(Err(Fault::Busy)),
        at_once(Ok(100)),
    ];
    let story = play(policy.jitter(Jitter::None).until(|value: &u32| *value == 100), &script);
    assert_eq!((story.waits, story.result), ([7, 3, 1000].map(secs).to_vec(), Ok(100)));
}

#[test]
fn runtime_computes_from_the_wait_before() {
    let policy = Retry::runtime(|d: &Details<'_, u32, Fault>| d.last_wait * 3 + secs(1));
    let waits = play(policy.jitter(Jitter::None).max_tries(5), &BUSY).waits;
    assert_eq!(waits, [1, 4, 13, 40].map(secs));
    let policy = Retry::runtime(|d: &Details<'_, (), ()>| d.last_wait * 3 + secs(1));
    assert!(policy.max_tries(5).waits().eq([1, 4, 13, 40].map(secs)));
}

#[test]
fn a_strategy_serves_through_a_reference_a_box_and_an_arc() {
    let expected = [1, 1, 2, 3].map(secs);
    let fibo = Fibo::default();
    assert_eq!(first(&Retry::new(&fibo)), expected);
    assert_eq!(first(&Retry::new(Box::new(fibo))), expected);
    assert_eq!(first(&Retry::new(std::sync::Arc::new(fibo))), expected);
    let chosen: Box<dyn Wait<(), ()>> = Box::new(Sequence::new([secs(4)]));
    assert!(Retry::new(chosen).waits().eq([secs(4)]), "that it ends is known through the box");
}

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

/// The waits of two runs, one after the other.
fn two_runs<S: Wait<(), &'static str>>(policy: Retry<S>) -> [Vec<Duration>; 2] {
    let clock = TestClock::new();
    let policy = policy.clock(&clock);
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    let one = clock.waits();
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    let other = clock.waits().split_off(one.len());
    [one, other]
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
fn waits_are_rounded_to_the_nearest_nanosecond() {
    let nanos = |policy: Retry| policy.waits().take(5).map(|w| w.as_nanos()).collect::<Vec<_>>();
    let policy = Retry::expo().first_wait(Duration::from_nanos(1));
    assert_eq!(nanos(policy.factor(1.5)), [1, 2, 2, 3, 5]);
    assert_eq!(nanos(policy.first_wait(Duration::from_nanos(7)).factor(0.5)), [7, 4, 2, 1, 0]);
}

#[test]
fn a_wait_at_the_edge_of_the_longest_is_the_longest() {
    let edge = LONGEST.as_secs();
    for (wait, expected) in [
        (Duration::new(edge, 709_551_614), Duration::new(edge, 709_551_614)),
        (Duration::new(edge, 709_551_615), LONGEST),
        (Duration::new(edge, 709_551_616), LONGEST),
        (Duration::new(edge, 999_999_999), LONGEST),
        (Duration::new(edge - 1, 999_999_999), Duration::new(edge - 1, 999_999_999)),
        (Duration::new(edge + 1, 0), LONGEST),
    ] {
        let policy = Retry::constant(wait).jitter(Jitter::None).max_tries(2);
        assert_eq!(two_runs(policy)[0], [expected], "{wait:?}");
    }
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

#[test]
fn a_preview_stays_ended_and_can_be_taken_twice() {
    let policy = Retry::expo().max_tries(2);
    let mut waits = policy.waits();
    assert_eq!([waits.next(), waits.next(), waits.next()], [Some(secs(1)), None, None]);
    assert_eq!(policy.waits().count(), 1);
}

fn any_wait() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0..=u64::MAX, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n)),
        (0..=u64::MAX).prop_map(Duration::from_nanos),
        (0..10_000_000_000_u64).prop_map(Duration::from_nanos),
    ]
}

fn any_tries() -> impl Strategy<Value = u32> {
    prop_oneof![1..100_u32, 1..=u32::MAX, u32::MAX - 3..=u32::MAX]
}

fn any_factor() -> impl Strategy<Value = f64> {
    prop_oneof![
        f64::MIN_POSITIVE..f64::MAX,
        0.01..10.0,
        0.999_999..1.000_001,
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX),
        Just(2.0),
    ]
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    const LIST: [Duration; 20] = [millis(700); 20];
    prop_oneof![
        (any_wait(), any_factor()).prop_map(|(wait, factor)| Expo::new(wait, factor).into()),
        any_wait().prop_map(|wait| Fibo::new(wait).into()),
        any_wait().prop_map(|wait| Constant::new(wait).into()),
        (any_wait(), any_wait()).prop_map(|(first, step)| Linear::new(first, step).into()),
        (any_wait(), 0.0..5.0, any_wait()).prop_map(|(a, f, min)| Decay::new(a, f, min).into()),
        (0..20_usize).prop_map(|n| Sequence::new(&LIST[..n]).into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waits_that_grow_never_shrink(
        wait in any_wait(),
        step in any_wait(),
        factor in prop_oneof![1.0..f64::MAX, 1.0..3.0, 1.0..1.000_001],
        tries in 1..u32::MAX,
    ) {
        fn grows(strategy: &impl Wait<(), ()>, tries: u32) -> bool {
            after(strategy, tries) <= after(strategy, tries + 1)
                && after(strategy, tries) <= after(strategy, u32::MAX)
                && after(strategy, 1) <= after(strategy, tries)
        }
        for tries in [tries, tries % 100 + 1] {
            prop_assert!(grows(&Expo::new(wait, 2.0), tries));
            prop_assert!(grows(&Expo::new(wait, factor), tries));
            prop_assert!(grows(&Fibo::new(wait), tries));
            prop_assert!(grows(&Linear::new(wait, step), tries));
        }
    }

    #[test]
    fn waits_that_shrink_never_grow_and_stay_above_their_least(
        wait in any_wait(),
        least in any_wait(),
        factor in prop_oneof![0.0..f64::MAX, 0.0..3.0, 0.0..1e-6],
        tries in 1..u32::MAX,
    ) {
        let shrinking = Decay::new(wait, factor, least);
        for tries in [tries, tries % 100 + 1] {
            let this = after(&shrinking, tries);
            prop_assert!(this >= least && this >= after(&shrinking, tries + 1));
        }
    }

    #[test]
    fn a_strategy_says_the_same_in_nanoseconds(schedule in any_schedule(), tries in any_tries()) {
        fn agrees(strategy: &dyn Wait<(), ()>, tries: u32) -> bool {
            let details = Details::new("x", tries);
            let wait = strategy.wait(&details).map(|wait| wait.min(LONGEST));
            strategy.wait_nanos(&details).map(Duration::from_nanos) == wait
        }
        prop_assert!(agrees(&schedule, tries));
        prop_assert!(agrees(&&schedule, tries));
        prop_assert!(agrees(&Box::new(schedule), tries));
    }

    #[test]
    fn a_built_policy_has_the_strategy_that_its_numbers_make(wait in any_wait(), factor in any_factor()) {
        let built = [
            *Retry::expo().first_wait(wait).factor(factor).get_strategy(),
            *Retry::expo().factor(factor).first_wait(wait).get_strategy(),
            *Retry::expo().first_wait(wait).try_factor(factor).unwrap().get_strategy(),
        ];
        prop_assert_eq!(built, [Expo::new(wait, factor); 3]);
        for tries in [0, 1, 2, 40, 64, 65, u32::MAX] {
            prop_assert_eq!(after(&built[0], tries), after(&built[1], tries));
        }
    }

    #[test]
    fn no_number_makes_a_strategy_panic(schedule in any_schedule(), tries in any_tries()) {
        let ends = Wait::<(), ()>::ends(&schedule);
        let wait = Wait::<(), ()>::wait(&schedule, &Details::new("x", tries));
        prop_assert!(ends || wait.is_some());
    }

    #[test]
    fn no_wait_is_above_its_cap(
        schedule in any_schedule(),
        cap in any_wait(),
        jitter in any_jitter(),
        seed in 0..=u64::MAX,
    ) {
        let policy = Retry::new(schedule).max_wait(cap).max_tries(80).jitter(jitter).seed(seed);
        let [slept, _] = two_runs(policy);
        prop_assert!(policy.waits().chain(slept).all(|wait| wait <= cap));
    }

    #[test]
    fn no_wait_is_longer_than_what_is_left_of_the_time(
        schedule in any_schedule(),
        time in any_wait(),
        jitter in any_jitter(),
        stops_before in proptest::bool::ANY,
        takes in (0..10_000_000_000_u64).prop_map(Duration::from_nanos),
        seed in 0..=u64::MAX,
    ) {
        let clock = TestClock::new();
        let mut fits = true;
        let mut policy = Retry::new(schedule).max_time(time).max_tries(60).jitter(jitter).seed(seed);
        if stops_before {
            policy = policy.stop_before_deadline();
        }
        let policy = policy.clock(&clock).on_backoff(|d| {
            fits &= d.wait <= time.saturating_sub(d.elapsed) && d.elapsed < time;
        });
        let outcome = policy.run(|| {
            clock.advance(takes);
            Err::<(), _>("down")
        });
        drop(policy);
        prop_assert_eq!((outcome, fits), (Err("down"), true));
    }

    #[test]
    fn no_wait_is_zero_unless_that_was_asked_for(
        first in (2..=u64::MAX).prop_map(Duration::from_nanos),
        step in any_wait(),
        factor in prop_oneof![1.0..f64::MAX, 1.0..3.0, Just(2.0)],
        cap in (2..=u64::MAX).prop_map(Duration::from_nanos),
        tries in any_tries(),
        seed in 0..=u64::MAX,
    ) {
        let strategies = [
            Schedule::from(Expo::new(first, factor)),
            Fibo::new(first).into(),
            Constant::new(first).into(),
            Linear::new(first, step).into(),
            Decay::new(first, factor, first).into(),
        ];
        for schedule in strategies {
            prop_assert!(after(&schedule, tries) > Duration::ZERO);
            for jitter in [Jitter::None, Jitter::Equal, Jitter::Additive(step)] {
                let policy = Retry::new(schedule).max_wait(cap).max_tries(6).jitter(jitter);
                let [slept, _] = two_runs(policy.seed(seed));
                prop_assert!(slept.iter().all(|wait| *wait > Duration::ZERO));
            }
        }
    }

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
        prop_assert!(added >= most && added <= most.saturating_add(more).min(LONGEST));
        prop_assert_eq!(one(Jitter::None), most);
    }

    #[test]
    fn expo_is_repeated_multiplication(
        wait in 0..=u64::MAX,
        factor in prop_oneof![0.01..10.0, 0.999..1.001],
        tries in 1..2000_u32,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "nine digits are looked at")]
        let expected = (1..tries).fold(wait as f64, |wait, _| wait * factor);
        let actual = after(&Expo::new(Duration::from_nanos(wait), factor), tries);
        prop_assert!(is_close(actual, expected), "{actual:?} {expected}");
    }

    #[test]
    fn doubling_is_exact(wait in 0..=u64::MAX, tries in 1..80_u32) {
        let expected = (1..tries).fold(u128::from(wait), |wait, _| wait.saturating_mul(2));
        let expected = u64::try_from(expected).map_or(LONGEST, Duration::from_nanos);
        prop_assert_eq!(after(&Expo::new(Duration::from_nanos(wait), 2.0), tries), expected);
    }

    #[test]
    fn fibo_is_exact(wait in 0..=u64::MAX, tries in 1..100_u32) {
        let (number, _) = (1..tries).fold((1_u128, 1_u128), |(a, b), _| (b, a + b));
        let expected = u128::from(wait).saturating_mul(number);
        let expected = u64::try_from(expected).map_or(LONGEST, Duration::from_nanos);
        prop_assert_eq!(after(&Fibo::new(Duration::from_nanos(wait)), tries), expected);
    }

    #[test]
    fn decay_is_the_exponential_function(
        wait in 0..=u64::MAX,
        factor in prop_oneof![0.0..10.0_f64, 0.0..0.001, 0.0..1000.0],
        tries in prop_oneof![1..1000_u32, 1..=u32::MAX],
    ) {
        #[expect(clippy::cast_precision_loss, reason = "nine digits are looked at")]
        let expected = wait as f64 * (-factor * f64::from(tries - 1)).exp();
        let decay = Decay::new(Duration::from_nanos(wait), factor, Duration::ZERO);
        let actual = after(&decay, tries);
        prop_assert!(is_close(actual, expected), "{actual:?} {expected}");
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
        prop_assert!(slept(Jitter::Additive(more)).into_iter().all(|w| wait <= w && w <= most));
        prop_assert!(slept(Jitter::None).into_iter().all(|w| w == wait));
        let custom = slept(Jitter::Custom(|wait| wait / 3));
        prop_assert!(custom.into_iter().all(|w| w == wait / 3));
    }

    #[test]
    fn the_preview_shows_what_a_run_without_jitter_sleeps(
        schedule in any_schedule(),
        max_tries in option::of(1..60_u32),
        max_time in option::of(any_wait()),
        max_wait in option::of(any_wait()),
        forever in any::<bool>(),
    ) {
        let mut policy = Retry::new(schedule).jitter(Jitter::None);
        policy = max_tries.map_or(policy, |tries| policy.max_tries(tries));
        policy = max_time.map_or(policy, |time| policy.max_time(time));
        policy = max_wait.map_or(policy, |wait| policy.max_wait(wait));
        policy = if forever { policy.forever() } else { policy };
        let clock = TestClock::new();
        let mut calls = 0_u32;
        let _: Result<(), ()> = policy.clock(&clock).run(|| {
            calls += 1;
            if calls > 70 { Ok(()) } else { Err(()) }
        });
        prop_assert_eq!(policy.waits().take(70).collect::<Vec<_>>(), clock.waits());
    }
}

fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::Full),
        Just(Jitter::Equal),
        any_wait().prop_map(Jitter::Additive),
        Just(Jitter::None),
        Just(Jitter::Custom(|wait| wait.saturating_mul(3))),
    ]
}
