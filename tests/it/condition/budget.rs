//! The account of retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use futures::executor::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use relent::{Budget, Condition, Details, Retry, StopReason, TestClock, Verdict};

use crate::support::secs;

/// Fails this often, then succeeds.
fn fails(times: u32) -> impl FnMut() -> Result<u32, &'static str> {
    let mut calls = 0;
    move || {
        calls += 1;
        if calls > times { Ok(calls) } else { Err("down") }
    }
}

#[test]
fn a_retry_costs_and_a_success_puts_back() {
    let budget = Budget::new().capacity(100).cost(10);
    let policy = Retry::expo().max_tries(4).budget(&budget).clock(TestClock::new());
    policy.run(fails(9)).unwrap_err();
    assert_eq!(budget.available(), 70);
    policy.run(fails(2)).unwrap();
    assert_eq!(budget.available(), 60, "two were taken and the last one was put back");
    policy.run(fails(0)).unwrap();
    assert_eq!(budget.available(), 61);
}

#[test]
fn an_attempt_that_no_limit_follows_costs_nothing() {
    let budget = Budget::new();
    let policy = Retry::expo().budget(&budget).clock(TestClock::new());
    policy.clone().max_tries(1).run(fails(9)).unwrap_err();
    policy.clone().max_time(secs(0)).run(fails(9)).unwrap_err();
    policy.clone().retry_if(|_: &&str| false).run(fails(9)).unwrap_err();
    assert_eq!(budget.available(), 500);
}

#[test]
fn it_never_holds_more_than_its_capacity() {
    let budget = Budget::new().capacity(3);
    let policy = Retry::expo().budget(&budget).clock(TestClock::new());
    for _ in 0..10 {
        policy.run(fails(0)).unwrap();
    }
    assert_eq!(budget.available(), 3);
}

#[test]
fn a_value_that_is_refused_further_down_the_chain_is_no_success() {
    let budget = Budget::new().capacity(20).cost(5);
    let policy = Retry::expo().budget(&budget).max_tries(3).clock(TestClock::new());
    policy.until(|n: &u32| *n == 9).run(|| Ok::<_, ()>(1)).unwrap();
    assert_eq!(budget.available(), 10);
}

#[test]
fn of_two_accounts_none_pays_for_what_the_other_refuses() {
    let (full, scarce) = (Budget::new().capacity(100), Budget::new().capacity(5));
    let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    policy.clone().budget(&full).budget(&scarce).run(fails(9)).unwrap_err();
    assert_eq!((full.available(), scarce.available()), (95, 0));
    policy.clone().budget(&full).budget(&scarce).run(fails(9)).unwrap_err();
    policy.budget(&scarce).budget(&full).run(fails(9)).unwrap_err();
    assert_eq!((full.available(), scarce.available()), (95, 0));
}

/// Accepts what took its time.
struct Slow;

impl<T, E> Condition<T, E> for Slow {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        if details.elapsed < secs(5) { Verdict::Retry } else { Verdict::Accept }
    }
}

#[test]
fn a_budget_hides_nothing_of_the_conditions_before_it() {
    let (clock, budget) = (TestClock::new(), Budget::new());
    let policy = Retry::expo().jitter(relent::Jitter::None);
    let policy = policy.retry_after(|_: &&str| Some(secs(30))).budget(&budget);
    policy.max_tries(2).clock(&clock).run(fails(9)).unwrap_err();
    assert_eq!(clock.waits(), [secs(30)]);

    let policy = Retry::constant(secs(2)).jitter(relent::Jitter::None).condition(Slow);
    assert_eq!(policy.budget(&budget).clock(&clock).run(fails(0)), Ok(4), "it is told the time");
}

#[test]
fn a_budget_alone_reads_no_clock() {
    struct Unread;
    impl relent::BlockingClock for Unread {
        fn now(&self) -> std::time::Duration {
            panic!("it was read")
        }

        fn sleep(&self, _: std::time::Duration) {}
    }
    let budget = Budget::new();
    let policy = Retry::expo().budget(&budget).max_tries(3).clock(Unread);
    policy.run(fails(9)).unwrap_err();
    policy.run(fails(1)).unwrap();
}

#[test]
fn a_condition_of_ones_own_may_have_the_last_word_behind_any_pointer() {
    struct Never;
    impl<T, E> Condition<T, E> for Never {
        fn judge(&self, _: &Details<'_, T, E>) -> Verdict {
            Verdict::Retry
        }

        fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
            assert!(details.wait > secs(0), "the wait is known");
            Err(StopReason::Budget)
        }
    }
    fn reason<C: Condition<(), ()>>(condition: C) -> Option<StopReason> {
        let mut reason = None;
        let policy = Retry::expo().seed(1).clock(TestClock::new()).condition(condition);
        let _ = policy.on_giveup(|d| reason = d.reason).run(|| Err::<(), _>(()));
        reason
    }
    let reasons = [reason(Never), reason(&Never), reason(Box::new(Never)), reason(Arc::new(Never))];
    assert_eq!(reasons, [Some(StopReason::Budget); 4]);
}

#[test]
fn nothing_is_lost_where_many_threads_draw_on_it() {
    let budget = Budget::new().capacity(1_000_000).cost(7);
    let policy = Retry::expo().max_tries(3).budget(&budget).clock(TestClock::new());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    policy.run(fails(9)).unwrap_err();
                }
            });
        }
    });
    assert_eq!(budget.available(), 1_000_000 - 8 * 500 * 2 * 7);
}

#[test]
fn it_is_never_overdrawn() {
    let budget = Budget::new().capacity(50).cost(1);
    let policy = Retry::expo().max_tries(3).budget(&budget).clock(TestClock::new());
    let retries = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    policy
                        .clone()
                        .on_backoff(|_| {
                            retries.fetch_add(1, Ordering::Relaxed);
                        })
                        .run(fails(9))
                        .unwrap_err();
                }
            });
        }
    });
    assert_eq!((budget.available(), retries.into_inner()), (0, 50));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_account_is_kept_as_a_naive_one(
        capacity in 0..60_u32,
        cost in 0..12_u32,
        runs in vec((0..6_u32, proptest::bool::ANY), 0..20),
    ) {
        const MAX_TRIES: u32 = 4;
        let budget = Budget::new().capacity(capacity).cost(cost);
        let policy = Retry::expo().max_tries(MAX_TRIES).budget(&budget).clock(TestClock::new());
        let mut expected = capacity;
        for (failures, is_async) in runs {
            let mut operation = fails(failures);
            let outcome = if is_async {
                block_on(policy.run_async(|| std::future::ready(operation())))
            } else {
                policy.run(operation)
            };
            let mut tries = 1;
            while tries <= failures && tries < MAX_TRIES && expected >= cost {
                expected -= cost;
                tries += 1;
            }
            if tries > failures {
                expected = capacity.min(expected + if tries > 1 { cost } else { 1 });
            }
            prop_assert_eq!(outcome.is_ok(), tries > failures);
            prop_assert_eq!(budget.available(), expected);
        }
    }
}
