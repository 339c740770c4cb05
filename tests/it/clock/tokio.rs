//! The system's clock, with tokio's timer under it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use relent::clock::{SystemClock, SystemTimer};
use relent::{AsyncClock, Jitter, Retry};

use crate::support::{panic_of, secs};

#[test]
fn outside_of_a_tokio_runtime_the_default_clock_gives_advice() {
    let message = panic_of(|| block_on(Retry::expo().run_async(async || Err::<(), _>("down"))));
    assert!(message.contains("tokio runtime") && message.contains("`.clock(..)`"), "{message}");
}

#[test]
fn outside_of_a_tokio_runtime_runs_that_need_not_wait_work() {
    let up = async || Ok::<_, ()>(1);
    assert_eq!(block_on(Retry::expo().run_async(up)), Ok(1));
    assert_eq!(block_on(Retry::expo().into_run_async(up)), Ok(1));
    assert_eq!(block_on(Retry::expo().cancelled_by(&relent::Cancel::new()).run_async(up)), Ok(1));
    assert_eq!(block_on(Retry::expo().max_time(secs(1)).on_try(|_| ()).run_async(up)), Ok(1));
    let final_error = Retry::expo().retry_if(|(): &()| false);
    assert_eq!(block_on(final_error.run_async(async || Err::<(), _>(()))), Err(()));
    let mut attempts = Retry::expo().into_attempts_async();
    assert!(block_on(attempts.after(Ok::<u8, ()>(1))).is_break());
    // Nor does an attempt that is ready at once need its timer.
    let timed = Retry::expo().into_attempt_timeout(secs(1));
    assert_eq!(block_on(timed.run_async(async || Ok::<_, std::io::Error>(1))).unwrap(), 1);
}

// With all features on, there are clocks with other timers beside it.
#[tokio::test(start_paused = true)]
async fn with_every_feature_the_clock_of_the_system_is_still_tokio_s() {
    let timer: SystemTimer = AsyncClock::timer(&SystemClock, secs(3600));
    assert!(format!("{timer:?}").contains("Sleep"), "{timer:?}");

    let (began, really) = (tokio::time::Instant::now(), Instant::now());
    let policy = Retry::constant(secs(3600)).max_time(secs(86_400));
    policy.run_async(async || Err::<(), _>("down")).await.unwrap_err();
    assert_eq!(began.elapsed(), secs(86_400));
    assert!(really.elapsed() < secs(3600));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_from_when_the_attempt_begins_and_may_be_as_long_as_there_is() {
    let policy = Retry::expo().max_tries(1);
    let late = async || {
        // Before it is first pending.
        tokio::time::advance(secs(2)).await;
        tokio::time::sleep(secs(4)).await;
        Ok::<_, std::io::Error>(())
    };
    let began = tokio::time::Instant::now();
    policy.attempt_timeout(secs(5)).run_async(late).await.unwrap_err();
    assert_eq!(began.elapsed(), secs(5));
    policy.attempt_timeout(Duration::MAX).run_async(late).await.unwrap();
}

#[test]
fn the_advice_comes_from_every_form_that_must_wait() {
    let advised = |panic: String| {
        assert!(panic.contains("tokio runtime") && panic.contains("`.clock(..)`"), "{panic}");
    };
    let down = async || Err::<(), _>("down");
    // A clock around the system's is no other in this.
    let policy = Retry::expo().cancelled_by(&relent::Cancel::new());
    advised(panic_of(|| block_on(policy.run_async(down))));
    advised(panic_of(|| block_on(Retry::expo().no_attempt_after_deadline().run_async(down))));
    advised(panic_of(|| block_on(Retry::expo().into_attempts_async().after(Err::<(), _>("down")))));
    let policy = Retry::expo();
    let timed = policy.attempt_timeout(secs(1));
    let hangs = std::future::pending::<std::io::Result<()>>;
    advised(panic_of(|| block_on(timed.run_async(hangs))));
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
fn a_runtime_without_a_timer_is_noticed_when_something_must_wait() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let policy = Retry::expo();
    assert_eq!(runtime.block_on(policy.run_async(async || Ok::<_, ()>(1))), Ok(1));
    let panic = panic_of(|| runtime.block_on(policy.run_async(async || Err::<(), _>("down"))));
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
