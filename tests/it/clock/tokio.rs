//! The system's clock, with tokio's timer under it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use relent::{Jitter, Retry};

use crate::support::{panic_of, secs};

#[test]
fn outside_of_a_tokio_runtime_the_default_clock_gives_advice() {
    let message = panic_of(|| block_on(Retry::expo().run_async(async || Err::<(), _>("down"))));
    assert!(message.contains("tokio runtime") && message.contains("`.clock(..)`"), "{message}");
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "checked where debug assertions are on")]
fn the_advice_comes_even_if_the_first_attempt_would_succeed() {
    let called = Cell::new(false);
    let message = panic_of(|| {
        block_on(Retry::expo().run_async(async || {
            called.set(true);
            Ok::<_, ()>(())
        }))
    });
    assert!(message.contains("tokio runtime") && message.contains("`.clock(..)`"), "{message}");
    assert!(!called.get());
    // A clock around the system's is no other in this.
    let policy = Retry::expo().cancelled_by(&relent::Cancel::new());
    let message = panic_of(|| block_on(policy.run_async(async || Ok::<_, ()>(()))));
    assert!(message.contains("tokio runtime"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_waits_on_tokio_lets_other_tasks_run() {
    let done = Rc::new(Cell::new(false));
    let inner = Rc::clone(&done);
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async move { inner.set(true) });
    let policy = Retry::constant(Duration::ZERO).forever();
    let run = policy.run_async(async || if done.get() { Ok(()) } else { Err("not yet") });
    assert_eq!(local.run_until(run).await, Ok(()));
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "checked where debug assertions are on")]
fn a_runtime_without_a_timer_is_noticed_before_anything_fails() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let policy = Retry::expo();
    let panic = panic_of(|| runtime.block_on(policy.run_async(async || Ok::<_, ()>(()))));
    assert!(panic.contains("timers are disabled"), "{panic}");
}

#[test]
fn a_failing_loop_without_waits_lets_other_tasks_of_a_running_runtime_run() {
    use std::time::Instant;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let turns = Rc::new(Cell::new(0));
    let (count, began) = (Rc::clone(&turns), Instant::now());
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async move {
        loop {
            count.set(count.get() + 1);
            tokio::task::yield_now().await;
        }
    });
    let policy = Retry::constant(Duration::ZERO).forever();
    let run = policy.run_async(async || if turns.get() >= 10 { Ok(()) } else { Err("not yet") });
    assert_eq!(runtime.block_on(local.run_until(run)), Ok(()));
    assert!(began.elapsed() < secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_longest_wait_can_be_slept_on_tokio() {
    let policy = Retry::constant(Duration::MAX).jitter(Jitter::None).max_tries(2);
    policy.run_async(async || Err::<(), _>("down")).await.unwrap_err();
}

#[test]
fn the_clock_of_the_system_moves_and_its_waits_last() {
    use relent::BlockingClock;
    use relent::clock::SystemClock;

    let wait = Duration::from_millis(2);
    let (began, before) = (Instant::now(), BlockingClock::now(&SystemClock));
    BlockingClock::sleep(&SystemClock, wait);
    assert!(began.elapsed() >= wait);
    assert!(BlockingClock::now(&SystemClock).saturating_sub(before) >= wait);
}
