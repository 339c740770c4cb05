//! `waits()`: a policy's waits, before it is run.

use proptest::option;
use proptest::prelude::*;
use relent::{Jitter, Retry, TestClock};

use crate::support::secs;
use crate::wait::{any_schedule, any_wait, any_wait_above_zero};

#[test]
fn a_preview_stays_ended_and_can_be_taken_twice() {
    let policy = Retry::expo().max_tries(2);
    let mut waits = policy.waits();
    assert_eq!([waits.next(), waits.next(), waits.next()], [Some(secs(1)), None, None]);
    assert_eq!(policy.waits().count(), 1);
}

#[test]
fn a_preview_shows_how_far_it_is() {
    let policy = Retry::expo();
    let mut waits = policy.waits();
    assert!(waits.by_ref().take(2).eq([1, 2].map(secs)));
    assert_eq!(
        format!("{waits:?}"),
        "Waits { strategy: Expo { first_wait: 1s, factor: 2.0 }, tries: 2, elapsed: 3s, .. }"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_preview_shows_what_a_run_without_jitter_sleeps(
        schedule in any_schedule(),
        max_tries in option::of(1..60_u32),
        max_time in option::of(any_wait()),
        max_wait in option::of(any_wait_above_zero()),
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
