//! Clocks that are made of functions.

use std::cell::{Cell, RefCell};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Duration;

use futures::executor::block_on;
use relent::clock::{AsyncFnClock, BlockingFnClock};
use relent::{AsyncClock, BlockingClock, Cancel, Jitter, Retry};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use tokio::time::Instant;

use crate::support::{secs, yields};

type Now = fn() -> Duration;
type NotSync = Rc<Cell<u8>>;

assert_impl_all!(AsyncFnClock<Now, fn(Duration) -> Ready<()>>: AsyncClock, Copy, Send, Sync);
assert_impl_all!(BlockingFnClock<Now, fn(Duration)>: BlockingClock, Copy, Send, Sync);
assert_not_impl_any!(AsyncFnClock<NotSync, NotSync>: Send, Sync, Copy);
assert_not_impl_any!(BlockingFnClock<NotSync, NotSync>: Send, Sync, Copy);
// One side is not the other.
assert_not_impl_any!(AsyncFnClock<Now, fn(Duration) -> Ready<()>>: BlockingClock);
assert_not_impl_any!(BlockingFnClock<Now, fn(Duration)>: AsyncClock);

const POLICY: Retry = Retry::expo().max_time(secs(10)).jitter(Jitter::None);

#[test]
fn functions_that_borrow_read_and_move_a_clock_of_ones_own() {
    let (time, waits) = (Cell::new(secs(5)), RefCell::new(Vec::new()));
    let sleep = |wait| {
        waits.borrow_mut().push(wait);
        time.set(time.get() + wait);
    };
    let policy = POLICY.clock(BlockingFnClock::new(|| time.get(), sleep));
    assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
    assert_eq!(*waits.borrow(), [1, 2, 4, 3].map(secs));
    let mut attempts = policy.attempts();
    time.set(time.get() + secs(3));
    assert_eq!(attempts.elapsed().unwrap(), secs(3));
    assert!(attempts.after(Ok::<_, ()>(())).is_break());
}

#[test]
fn functions_that_borrow_make_the_timers_of_an_async_run() {
    let (time, waits) = (Cell::new(secs(5)), RefCell::new(Vec::new()));
    let timer = |wait| {
        waits.borrow_mut().push(wait);
        let time = &time;
        async move {
            yields(2).await;
            time.set(time.get() + wait);
        }
    };
    let policy = POLICY.clock(AsyncFnClock::new(|| time.get(), timer));
    assert_eq!(block_on(policy.run_async(async || Err::<(), _>("down"))), Err("down"));
    assert_eq!(*waits.borrow(), [1, 2, 4, 3].map(secs));
}

#[tokio::test(start_paused = true)]
async fn a_run_on_the_timer_of_a_runtime_is_spawned() {
    let start = Instant::now();
    let clock = AsyncFnClock::new(move || start.elapsed(), tokio::time::sleep);
    let policy = POLICY.clock(clock);
    let task = tokio::spawn(async move {
        policy
            .run_async(|| async {
                yields(1).await;
                Err::<(), _>("down")
            })
            .await
    });
    assert_eq!(task.await.unwrap(), Err("down"));
    assert_eq!(start.elapsed(), secs(10));

    let task = tokio::spawn(POLICY.clock(clock).into_run_async(async || Err::<(), _>("down")));
    assert_eq!(task.await.unwrap(), Err("down"));
    assert_eq!(start.elapsed(), secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_loop_in_line_on_the_timer_of_a_runtime_is_spawned() {
    let start = Instant::now();
    let clock = AsyncFnClock::new(move || start.elapsed(), tokio::time::sleep);
    let task = tokio::spawn(async move {
        let mut attempts = POLICY.clock(clock).into_attempts_async();
        while attempts.after(Err::<(), _>("down")).await.is_continue() {}
        (attempts.tries(), attempts.elapsed().unwrap())
    });
    assert_eq!(task.await.unwrap(), (5, secs(10)));
}

#[tokio::test(start_paused = true)]
async fn attempts_are_timed_out_and_waits_cancelled_on_it() {
    let start = Instant::now();
    let cancel = Cancel::new();
    let clock = AsyncFnClock::new(move || start.elapsed(), tokio::time::sleep);
    let policy = POLICY.clock(clock).cancelled_by(&cancel);
    let run =
        policy.attempt_timeout(secs(3)).run_async(std::future::pending::<std::io::Result<()>>);
    run.await.unwrap_err();
    assert_eq!(start.elapsed(), secs(3 + 1 + 3 + 2 + 3));
    let task = tokio::spawn(async move { policy.run_async(async || Err::<(), _>("down")).await });
    tokio::task::yield_now().await;
    cancel.cancel();
    assert_eq!(task.await.unwrap(), Err("down"));
    assert_eq!(start.elapsed(), secs(12), "at once");
}

#[test]
fn a_clock_can_be_in_a_static() {
    static CLOCK: BlockingFnClock<Now, fn(Duration)> = BlockingFnClock::new(|| secs(0), |_| {});
    static READY: AsyncFnClock<Now, fn(Duration) -> Ready<()>> =
        AsyncFnClock::new(|| secs(0), |_| ready(()));
    let policy = Retry::expo().max_tries(3);
    assert_eq!(policy.clock(&CLOCK).run(|| Err::<(), _>("down")), Err("down"));
    let run = policy.clock(&READY).into_run_async(async || Err::<(), _>("down"));
    assert_eq!(block_on(run), Err("down"));
}

#[test]
fn a_clock_of_functions_shows_that_it_is_one() {
    let blocking = BlockingFnClock::new(|| secs(0), |_| {});
    assert_eq!(format!("{blocking:?}"), "BlockingFnClock { .. }");
    let awaited = AsyncFnClock::new(|| secs(0), |_| ready(()));
    assert_eq!(format!("{awaited:?}"), "AsyncFnClock { .. }");
}
