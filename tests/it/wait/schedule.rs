//! What holds for every strategy, whichever was chosen.

use std::time::Duration;

use proptest::prelude::*;
use relent::wait::{Constant, Decay, Decorrelated, Expo, Fibo, Linear, OwnedSchedule};
use relent::{Details, Jitter, Retry, Schedule, TestClock, Wait};

use super::{
    LONGEST, after, any_jitter, any_schedule, any_tries, any_wait, any_wait_above_zero, two_runs,
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_strategy_says_the_same_in_nanoseconds(schedule in any_schedule(), tries in any_tries()) {
        fn agrees(strategy: &dyn Wait<(), ()>, tries: u32) -> bool {
            let details = Details::new("x", tries);
            let wait = strategy.wait(&details).map(|wait| wait.min(LONGEST));
            let numeric = strategy.numeric().and_then(|numeric| numeric.nanos(tries));
            numeric.map(Duration::from_nanos) == wait
        }
        prop_assert!(agrees(&schedule, tries));
        prop_assert!(agrees(&&schedule, tries));
        prop_assert!(agrees(&Box::new(schedule), tries));
    }

    #[test]
    fn an_owned_schedule_does_what_the_schedule_in_it_does(
        schedule in prop_oneof![
            8 => any_schedule(),
            1 => any_wait_above_zero().prop_map(|base| Decorrelated::new(base).into()),
        ],
        tries in any_tries(),
        last_wait in any_wait(),
    ) {
        let owned: &dyn Wait<(), ()> = &OwnedSchedule::from(schedule);
        let held: &dyn Wait<(), ()> = &schedule;
        let mut details = Details::new("x", tries);
        details.last_wait = last_wait;
        prop_assert_eq!(owned.wait(&details), held.wait(&details));
        prop_assert_eq!(owned.window(&details), held.window(&details));
        prop_assert_eq!(owned.ends(), held.ends());
        prop_assert_eq!(owned.needs_elapsed(), held.needs_elapsed());
        let nanos = |strategy: &dyn Wait<(), ()>| strategy.numeric().map(|numeric| numeric.nanos(tries));
        prop_assert_eq!(nanos(owned), nanos(held));
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
        cap in any_wait_above_zero(),
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
        let policy = Retry::new(schedule).max_time(time).max_tries(60).jitter(jitter).seed(seed);
        let note = |d: &Details<'_, (), &str>| {
            fits &= d.wait <= time.saturating_sub(d.elapsed) && d.elapsed < time;
        };
        let operation = || {
            clock.advance(takes);
            Err::<(), _>("down")
        };
        let outcome = if stops_before {
            policy.no_attempt_after_deadline().clock(&clock).on_backoff(note).run(operation)
        } else {
            policy.clock(&clock).on_backoff(note).run(operation)
        };
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
}
