//! Only the waits: as an iterator, and one by one.

use std::fmt::Debug;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use relent::run::Backoff;
use relent::wait::{ByTries, Constant, Decay, Expo, Fibo, Linear, Sequence};
use relent::{Jitter, Retry, StopReason, TestClock, Wait};

use super::{any_jitter, any_schedule, any_wait, any_wait_above_zero};
use crate::support::{BUSY, play, secs};

/// The waits that a run of the policy sleeps.
fn slept<S: Wait<(), &'static str>>(policy: Retry<S>) -> Vec<Duration> {
    let clock = TestClock::new();
    policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    clock.waits()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_iterator_gives_what_runs_sleep(
        schedule in any_schedule(),
        jitter in any_jitter(),
        cap in any_wait_above_zero(),
        // Up to 292 years, what a clock can count.
        time in proptest::option::of(any_wait().prop_map(|wait| wait.min(Duration::from_nanos(1 << 63)))),
        tries in 1..40_u32,
        seed in any::<u64>(),
        may_overrun in any::<bool>(),
        cut in 0..40_usize,
    ) {
        let policy = Retry::new(schedule).jitter(jitter).max_wait(cap).max_tries(tries).seed(seed);
        let policy = time.map_or(policy, |time| policy.max_time(time));
        let policy = if may_overrun { policy.last_wait_may_overrun() } else { policy };
        let waits = slept(policy);
        prop_assert_eq!(&policy.backoff().collect::<Vec<_>>(), &waits);
        prop_assert_eq!(&policy.into_backoff().collect::<Vec<_>>(), &waits);
        prop_assert_eq!(&Backoff::new(Arc::new(policy)).collect::<Vec<_>>(), &waits);

        let mut iterator = policy.backoff();
        let begin: Vec<_> = iterator.by_ref().take(cut).collect();
        let clone = Clone::clone(&iterator);
        let (rest, same) = (iterator.by_ref().collect::<Vec<_>>(), clone.collect::<Vec<_>>());
        prop_assert_eq!(&rest, &same);
        prop_assert_eq!([begin, rest].concat(), &waits[..]);
        prop_assert_eq!((iterator.next(), iterator.next()), (None, None));
        iterator.reset();
        prop_assert_eq!(&iterator.collect::<Vec<_>>(), &waits);

        let strict = policy.no_attempt_after_deadline();
        let clock = TestClock::new();
        strict.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
        prop_assert_eq!(strict.backoff().collect::<Vec<_>>(), clock.waits());
    }

    #[test]
    fn the_nth_wait_is_that_of_a_run(
        jitter in any_jitter(),
        wait in any_wait_above_zero(),
        step in any_wait(),
        cap in any_wait_above_zero(),
        seed in any::<u64>(),
    ) {
        fn check<S>(strategy: &S, settings: (Jitter, Duration, u64)) -> Result<(), TestCaseError>
        where
            S: Wait<(), ()> + Wait<(), &'static str> + ByTries + Clone,
        {
            let (jitter, cap, seed) = settings;
            let policy = || {
                let policy = Retry::new(strategy.clone()).jitter(jitter).max_wait(cap);
                policy.max_tries(12).seed(seed)
            };
            let slept = slept(policy());
            let all: Vec<_> = (1..).map_while(|tries| policy().wait_after(tries)).collect();
            prop_assert_eq!(&all, &slept);
            // No time is known, so that its limit is none.
            let limited = policy().max_time(Duration::ZERO);
            prop_assert_eq!(limited.wait_after(1), slept.first().copied());
            Ok(())
        }
        let settings = (jitter, cap, seed);
        check(&Expo::new(wait, 2.0), settings)?;
        check(&Expo::new(wait, 1.5), settings)?;
        check(&Fibo::new(wait), settings)?;
        check(&Constant::new(wait), settings)?;
        check(&Linear::new(wait, step), settings)?;
        check(&Decay::new(wait, 0.5, step), settings)?;
        check(&Sequence::new([wait, step, wait]), settings)?;
        check(&Sequence::new(vec![wait; 20]), settings)?;
    }
}

static API: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

const IN_A_CONST: Backoff<Retry> = Retry::expo().max_tries(3).jitter(Jitter::None).into_backoff();

#[test]
fn the_iterator_is_fused_and_can_be_kept_in_a_struct() {
    fn checked<I: Iterator<Item = Duration> + FusedIterator + Clone + Debug + Send + 'static>(
        i: I,
    ) -> I {
        i
    }
    assert!(checked(API.backoff()).eq([1, 2].map(secs)));
    assert!(checked(API.into_backoff()).eq([1, 2].map(secs)));
    assert!(checked(Backoff::new(Arc::new(API))).eq([1, 2].map(secs)));
    assert!(IN_A_CONST.eq([1, 2].map(secs)));
}

#[test]
fn the_iterator_ends_at_the_limits() {
    let expo = Retry::expo().jitter(Jitter::None);
    assert_eq!(expo.backoff().count(), 9);
    assert_eq!(expo.max_tries(1).backoff().count(), 0);
    assert_eq!(expo.forever().backoff().take(1000).count(), 1000);
    assert!(expo.max_time(secs(10)).backoff().eq([1, 2, 4, 3].map(secs)));
    let strict = expo.max_time(secs(10)).no_attempt_after_deadline();
    assert!(strict.backoff().eq([1, 2, 4].map(secs)));
    let strict = expo.max_time(secs(7)).no_attempt_after_deadline();
    assert!(strict.backoff().eq([1, 2, 4].map(secs)));
    assert!(expo.max_time(secs(10)).last_wait_may_overrun().backoff().eq([1, 2, 4, 8].map(secs)));
    assert!(Retry::sequence([secs(3); 25]).jitter(Jitter::None).backoff().eq([secs(3); 25]));
}

#[test]
fn the_iterator_does_not_go_on_after_its_end() {
    let gap = Retry::from_fn(|tries| (tries != 3).then_some(secs(1))).jitter(Jitter::None);
    let mut waits = gap.backoff();
    assert_eq!([waits.next(), waits.next()], [Some(secs(1)); 2]);
    assert_eq!([waits.next(), waits.next(), waits.next()], [None; 3]);
    waits.reset();
    assert_eq!(waits.next(), Some(secs(1)));
}

#[test]
fn the_limit_of_time_counts_the_drawn_waits() {
    for _ in 0..200 {
        let policy = Retry::expo().max_time(secs(10));
        let waits: Vec<_> = policy.backoff().take(1000).collect();
        assert_eq!(waits.iter().sum::<Duration>(), secs(10), "{waits:?}");
    }
}

#[test]
fn unseeded_iterators_differ_and_so_do_their_clones_and_what_follows_a_reset() {
    let waits = Retry::constant(secs(1000)).into_backoff();
    let mut again = Clone::clone(&waits);
    let one: Vec<_> = again.by_ref().collect();
    again.reset();
    assert_ne!(one, again.collect::<Vec<_>>());
    assert_ne!(one, waits.collect::<Vec<_>>());
}

#[test]
fn no_wait_comes_after_the_last_try() {
    let policy = Retry::expo().jitter(Jitter::None).max_tries(5);
    assert_eq!(
        [0, 1, 2, 3, 4].map(|n| policy.wait_after(n)),
        [1, 1, 2, 4, 8].map(|s| Some(secs(s)))
    );
    for tries in [5, 6, 100, u32::MAX] {
        assert_eq!(policy.wait_after(tries), None);
    }
    assert_eq!(Retry::expo().wait_after(9).map(|wait| wait <= secs(256)), Some(true));
    assert_eq!(Retry::expo().wait_after(10), None, "the default limit");
    let forever = Retry::constant(secs(3)).jitter(Jitter::None).forever();
    assert_eq!(forever.wait_after(u32::MAX), Some(secs(3)));
    let list = Retry::sequence([secs(7), secs(9)]).jitter(Jitter::None);
    assert_eq!([1, 2, 3].map(|n| list.wait_after(n)), [Some(secs(7)), Some(secs(9)), None]);
}

fn fifty_squares(tries: u32) -> Option<Duration> {
    (tries <= 50).then(|| secs(u64::from(tries).pow(2)))
}

#[test]
fn waits_by_a_function_of_the_tries_end_where_it_says_none_or_after_ten_tries() {
    let policy = Retry::from_fn(fifty_squares).jitter(Jitter::None);
    let story = play(policy, &BUSY);
    assert_eq!(story.waits, [1, 4, 9, 16, 25, 36, 49, 64, 81].map(secs));
    assert_eq!((story.calls, story.end().reason), (10, Some(StopReason::MaxTries)));

    let story = play(policy.forever(), &BUSY);
    assert_eq!((story.calls, story.end().reason), (51, Some(StopReason::WaitsExhausted)));
    assert_eq!(story.waits, (1..=50).map(|n| secs(n * n)).collect::<Vec<_>>());
    assert!(policy.forever().backoff().eq(story.waits));
    assert_eq!(policy.wait_after(7), Some(secs(49)));
    assert_eq!(policy.forever().wait_after(51), None);

    let none = Retry::from_fn(|_| None);
    let story = play(none, &BUSY);
    assert_eq!((story.calls, story.end().reason), (1, Some(StopReason::WaitsExhausted)));
    assert_eq!((none.backoff().count(), none.wait_after(1)), (0, None));
}

#[test]
fn waits_by_a_function_of_the_tries_are_capped_and_jittered() {
    let policy = Retry::from_fn(fifty_squares).max_wait(secs(10)).forever();
    assert!(policy.waits().take(5).eq([1, 4, 9, 10, 10].map(secs)));
    let waits = slept(policy);
    assert!(waits.iter().zip(policy.waits()).all(|(wait, most)| *wait <= most), "{waits:?}");
    assert_eq!(slept(policy.seed(4)), slept(policy.seed(4)));
    assert_eq!(slept(policy.seed(4)), policy.seed(4).backoff().collect::<Vec<_>>());
}

#[test]
fn a_reset_gives_back_the_time_too() {
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_time(secs(3));
    let mut waits = policy.backoff();
    assert_eq!(waits.by_ref().count(), 3);
    waits.reset();
    assert_eq!(waits.count(), 3);
}
