//! The items of `test_wait_gen.py`: what the strategies plan.

use std::time::Duration;

use relent::{Details, Jitter, Retry, Wait};

use crate::support::{Fault, at_once, millis, play, secs};

/// That many planned waits. A policy without a limit would plan only nine.
fn first<S: Wait<(), ()>>(n: usize, policy: Retry<S>) -> Vec<Duration> {
    policy.forever().waits().take(n).collect()
}

/// Ten waits as the exponential function has them, to the nanosecond.
fn assert_decays(policy: Retry<relent::wait::Decay>, expected: impl Fn(f64) -> f64) {
    let waits = first(10, policy);
    assert_eq!(waits.len(), 10);
    for (n, wait) in (0..10_u32).zip(waits) {
        let expected = Duration::from_secs_f64(expected(f64::from(n)));
        assert!(wait.abs_diff(expected) <= Duration::from_nanos(1), "{n}: {wait:?} {expected:?}");
    }
}

/// `test_wait_gen.py::test_decay`
#[test]
fn decay_is_e_to_the_minus_n() {
    assert_decays(Retry::decay(), |n| (-n).exp());
}

/// `test_wait_gen.py::test_decay_init100`
#[test]
fn decay_begins_at_its_first_wait() {
    assert_decays(Retry::decay().first_wait(secs(100)), |n| 100.0 * (-n).exp());
}

/// `test_wait_gen.py::test_decay_init100_decay3`
#[test]
fn decay_is_as_steep_as_its_factor() {
    let policy = Retry::decay().first_wait(secs(100)).decay_factor(3.0);
    assert_decays(policy, |n| 100.0 * (-3.0 * n).exp());
}

/// `test_wait_gen.py::test_decay_init100_decay3_min5`
#[test]
fn decay_ends_at_its_least_wait() {
    let policy = Retry::decay().first_wait(secs(100)).decay_factor(3.0).min_wait(secs(5));
    assert_decays(policy, |n| f64::max(100.0 * (-3.0 * n).exp(), 5.0));
}

/// `test_wait_gen.py::test_expo`
#[test]
fn expo_is_two_to_the_n() {
    assert_eq!(first(9, Retry::expo()), [1, 2, 4, 8, 16, 32, 64, 128, 256].map(secs));
}

/// `test_wait_gen.py::test_expo_base3`
#[test]
fn expo_is_its_factor_to_the_n() {
    let expected = [1, 3, 9, 27, 81, 243, 729, 2187, 6561].map(secs);
    assert_eq!(first(9, Retry::expo().factor(3.0)), expected);
}

/// `test_wait_gen.py::test_expo_factor3`
#[test]
fn expo_begins_at_its_first_wait() {
    let expected = [3, 6, 12, 24, 48, 96, 192, 384, 768].map(secs);
    assert_eq!(first(9, Retry::expo().first_wait(secs(3))), expected);
}

/// `test_wait_gen.py::test_expo_base3_factor5`
#[test]
fn expo_multiplies_its_first_wait() {
    let policy = Retry::expo().factor(3.0).first_wait(secs(5));
    let expected = [5, 15, 45, 135, 405, 1215, 3645, 10_935, 32_805].map(secs);
    assert_eq!(first(9, policy), expected);
}

/// `test_wait_gen.py::test_expo_max_value`
#[test]
fn expo_stays_at_the_longest_wait() {
    let policy = Retry::expo().max_wait(secs(16));
    assert_eq!(first(7, policy), [1, 2, 4, 8, 16, 16, 16].map(secs));
}

/// `test_wait_gen.py::test_expo_max_value_factor`
#[test]
fn expo_stays_at_a_longest_wait_that_it_does_not_meet() {
    let policy = Retry::expo().first_wait(secs(3)).max_wait(secs(16));
    assert_eq!(first(7, policy), [3, 6, 12, 16, 16, 16, 16].map(secs));
}

/// `test_wait_gen.py::test_fibo`
#[test]
fn fibo_adds_the_last_two() {
    assert_eq!(first(7, Retry::fibo()), [1, 1, 2, 3, 5, 8, 13].map(secs));
}

/// `test_wait_gen.py::test_fibo_max_value`
#[test]
fn fibo_stays_at_the_longest_wait() {
    let policy = Retry::fibo().max_wait(secs(8));
    assert_eq!(first(8, policy), [1, 1, 2, 3, 5, 8, 8, 8].map(secs));
}

/// `test_wait_gen.py::test_constant`
#[test]
fn constant_repeats_one_wait_and_a_list_is_used_up() {
    assert_eq!(first(9, Retry::constant(secs(3))), [secs(3); 9]);
    let list = [1000, 2000, 3250].map(millis);
    assert_eq!(first(9, Retry::sequence(list)), list);
}

/// `test_wait_gen.py::test_runtime`
#[test]
fn runtime_is_asked_anew_each_time() {
    let policy = Retry::runtime(|d: &Details<'_, u32, Fault>| secs((*d.value().unwrap()).into()));
    let script: Vec<_> = (0..=20).map(|value| at_once(Ok(value))).collect();
    let story = play(policy.jitter(Jitter::None).forever().until(|v: &u32| *v == 20), &script);
    assert!(story.waits.into_iter().eq((0..20).map(secs)));
}
