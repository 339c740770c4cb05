//! The virtual clock.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use relent::{Retry, TestClock};

use crate::support::{counting_waker, panic_of, secs};

#[test]
fn a_virtual_clock_that_nothing_moves_says_so_instead_of_hanging() {
    let policy = Retry::constant(Duration::ZERO).max_time(secs(1)).clock(TestClock::new());
    let panic = panic_of(|| policy.run(|| Err::<(), _>("down")));
    assert!(panic.contains("a million waits in a row"), "{panic}");
}

#[test]
fn a_virtual_clock_that_moves_may_be_waited_on_a_million_times() {
    let clock = TestClock::new();
    for _ in 0..=1_000_000 {
        relent::BlockingClock::sleep(&clock, Duration::from_nanos(1));
    }
    assert_eq!(clock.elapsed(), Duration::from_nanos(1_000_001));
}

#[tokio::test]
async fn a_loop_without_waits_on_a_virtual_clock_lets_other_tasks_run() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let other = tokio::spawn(async { DONE.store(true, Ordering::Relaxed) });
    let policy = Retry::constant(Duration::ZERO).forever().clock(TestClock::new());
    let outcome = policy
        .run_async(async || if DONE.load(Ordering::Relaxed) { Ok(()) } else { Err("not yet") })
        .await;
    assert_eq!(outcome, Ok(()));
    other.await.unwrap();
}

#[test]
fn a_clock_keeps_no_waker_of_a_wait_that_is_gone() {
    struct Noted;
    impl std::task::Wake for Noted {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    let (clock, noted) = (TestClock::manual(), std::sync::Arc::new(Noted));
    let policy = Retry::expo().clock(&clock);
    for _ in 0..10 {
        let waker = Waker::from(std::sync::Arc::clone(&noted));
        let mut context = Context::from_waker(&waker);
        let mut wait = pin!(policy.run_async(async || Err::<(), _>("down")));
        assert!(wait.as_mut().poll(&mut context).is_pending());
        let timed = policy.attempt_timeout(secs(5));
        let mut hangs = pin!(timed.run_async(std::future::pending::<std::io::Result<()>>));
        assert!(hangs.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(std::sync::Arc::strong_count(&noted), 1);
}

#[test]
fn a_waker_that_panics_costs_no_other_wait_its_end() {
    struct Broken;
    impl std::task::Wake for Broken {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("a waker is broken")
        }
    }
    let clock = TestClock::manual();
    let policy = Retry::expo().jitter(relent::Jitter::None).max_tries(2).clock(&clock);
    let (woken, counting) = counting_waker();
    let broken = Waker::from(std::sync::Arc::new(Broken));
    let wakers = [&broken, &counting, &broken, &counting];
    let mut runs = wakers.map(|_| Box::pin(policy.run_async(async || Err::<(), _>("down"))));
    for (run, waker) in runs.iter_mut().zip(wakers) {
        assert!(run.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    assert_eq!(panic_of(|| clock.advance(secs(1))), "a waker is broken");
    assert_eq!(woken.count(), 2);
    for run in &mut runs {
        assert!(run.as_mut().poll(&mut Context::from_waker(&counting)).is_ready());
    }
}

#[test]
fn a_wait_that_is_dropped_after_a_wake_up_takes_no_other_waker_with_it() {
    let clock = TestClock::manual();
    let policy = Retry::constant(secs(10)).jitter(relent::Jitter::None).clock(&clock);
    let run = || Box::pin(policy.run_async(async || Err::<(), _>("down")));
    let (mut first, mut second) = (run(), run());
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    // It is woken, and not polled again.
    clock.advance(secs(1));
    let (woken, waker) = counting_waker();
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(first);
    clock.advance(secs(10));
    assert_eq!(woken.count(), 1);
}
