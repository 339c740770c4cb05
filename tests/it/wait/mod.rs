//! How long to wait? Here are any numbers, and any strategies and jitters that are made of them.

mod backoff;
mod deadline;
mod decorrelated;
mod jitter;
mod schedule;
mod strategies;
pub(crate) mod windows;

use std::time::Duration;

use proptest::prelude::*;
use relent::wait::{Constant, Decay, Expo, Fibo, Linear, Sequence};
use relent::{Details, Jitter, Retry, Schedule, TestClock, Wait};

use crate::support::millis;

/// The longest wait that a strategy computes: 584 years.
const LONGEST: Duration = Duration::from_nanos(u64::MAX);

/// What a strategy says after this many tries.
fn after(strategy: &impl Wait<(), ()>, tries: u32) -> Duration {
    strategy.wait(&Details::new("x", tries)).expect("a strategy that does not end")
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

pub(crate) fn any_wait() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0..=u64::MAX, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n)),
        (0..=u64::MAX).prop_map(Duration::from_nanos),
        (0..10_000_000_000_u64).prop_map(Duration::from_nanos),
    ]
}

/// What `first_wait` and `max_wait` take.
pub(crate) fn any_wait_above_zero() -> impl Strategy<Value = Duration> {
    any_wait().prop_map(|wait| wait.max(Duration::from_nanos(1)))
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

pub(crate) fn any_schedule() -> impl Strategy<Value = Schedule> {
    const LIST: [Duration; 20] = [millis(700); 20];
    prop_oneof![
        (any_wait_above_zero(), any_factor())
            .prop_map(|(wait, factor)| Expo::new(wait, factor).into()),
        any_wait_above_zero().prop_map(|wait| Fibo::new(wait).into()),
        any_wait().prop_map(|wait| Constant::new(wait).into()),
        (any_wait_above_zero(), any_wait())
            .prop_map(|(first, step)| Linear::new(first, step).into()),
        (any_wait_above_zero(), 0.0..5.0, any_wait())
            .prop_map(|(a, f, min)| Decay::new(a, f, min).into()),
        (0..20_usize).prop_map(|n| Sequence::new(&LIST[..n]).into()),
    ]
}

pub(crate) fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::Full),
        Just(Jitter::Equal),
        any_wait().prop_map(Jitter::Additive),
        Just(Jitter::None),
        Just(Jitter::Custom(|wait| wait.saturating_mul(3))),
    ]
}
