//! How long each wait is: exact values, and what holds for all of them.

use std::time::Duration;

use proptest::prelude::*;
use relent::wait::{Decay, Expo, Fibo, Linear, Sequence};
use relent::{Details, Jitter, Retry, Schedule, Wait};

use super::{LONGEST, after, any_factor, any_wait, any_wait_above_zero, two_runs};
use crate::support::{BUSY, Fault, at_once, millis, play, secs};

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
}

#[test]
fn expo_stays_at_its_cap() {
    let capped = Retry::expo().max_wait(secs(16));
    assert_eq!(first(&capped), [1, 2, 4, 8, 16, 16, 16].map(secs));
    let capped = Retry::expo().first_wait(secs(3)).max_wait(secs(16));
    assert_eq!(first(&capped), [3, 6, 12, 16, 16, 16, 16].map(secs));
    assert_eq!(first(&Retry::expo().first_wait(secs(5)).max_wait(secs(3))), [3, 3, 3].map(secs));
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
    assert_eq!(first(&Retry::new(Linear::new(secs(1), Duration::ZERO))), [secs(1); 9]);
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waits_that_grow_never_shrink(
        wait in any_wait_above_zero(),
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
        wait in any_wait_above_zero(),
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
    fn a_built_policy_has_the_strategy_that_its_numbers_make(wait in any_wait_above_zero(), factor in any_factor()) {
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
    fn expo_is_repeated_multiplication(
        wait in 1..=u64::MAX,
        factor in prop_oneof![0.01..10.0, 0.999..1.001],
        tries in 1..2000_u32,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "nine digits are looked at")]
        let expected = (1..tries).fold(wait as f64, |wait, _| wait * factor);
        let actual = after(&Expo::new(Duration::from_nanos(wait), factor), tries);
        prop_assert!(is_close(actual, expected), "{actual:?} {expected}");
    }

    #[test]
    fn doubling_is_exact(wait in 1..=u64::MAX, tries in 1..80_u32) {
        let expected = (1..tries).fold(u128::from(wait), |wait, _| wait.saturating_mul(2));
        let expected = u64::try_from(expected).map_or(LONGEST, Duration::from_nanos);
        prop_assert_eq!(after(&Expo::new(Duration::from_nanos(wait), 2.0), tries), expected);
    }

    #[test]
    fn fibo_is_exact(wait in 1..=u64::MAX, tries in 1..100_u32) {
        let (number, _) = (1..tries).fold((1_u128, 1_u128), |(a, b), _| (b, a + b));
        let expected = u128::from(wait).saturating_mul(number);
        let expected = u64::try_from(expected).map_or(LONGEST, Duration::from_nanos);
        prop_assert_eq!(after(&Fibo::new(Duration::from_nanos(wait)), tries), expected);
    }

    #[test]
    fn decay_is_the_exponential_function(
        wait in 1..=u64::MAX,
        factor in prop_oneof![0.0..10.0_f64, 0.0..0.001, 0.0..1000.0],
        tries in prop_oneof![1..1000_u32, 1..=u32::MAX],
    ) {
        #[expect(clippy::cast_precision_loss, reason = "nine digits are looked at")]
        let expected = wait as f64 * (-factor * f64::from(tries - 1)).exp();
        let decay = Decay::new(Duration::from_nanos(wait), factor, Duration::ZERO);
        let actual = after(&decay, tries);
        prop_assert!(is_close(actual, expected), "{actual:?} {expected}");
    }
}
