//! `EmbassyClock`, on the driver of `embassy-time` whose time a test sets. It is one for the whole program, so there is
//! one test at a time.

use std::cell::Cell;
use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use embassy_time::{MockDriver, TICK_HZ};
use relent::clock::EmbassyClock;
use relent::{AsyncClock, Cancel, Jitter, Retry, StopReason};

const SECOND: Duration = Duration::from_secs(1);

/// Resets the time, and keeps it to this test.
fn time() -> MutexGuard<'static, ()> {
    static TIME: Mutex<()> = Mutex::new(());
    let time = TIME.lock().unwrap_or_else(PoisonError::into_inner);
    MockDriver::get().reset();
    time
}

fn advance(by: Duration) {
    let ticks = by.as_nanos() * u128::from(TICK_HZ) / 1_000_000_000;
    MockDriver::get().advance(embassy_time::Duration::from_ticks(ticks.try_into().unwrap()));
}

#[derive(Default)]
struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls only what was woken, as an executor does, and returns whether it was.
struct Task<'a, F> {
    run: Pin<&'a mut F>,
    wakes: Arc<Wakes>,
}

impl<'a, F: Future> Task<'a, F> {
    fn new(run: Pin<&'a mut F>) -> Self {
        Self { run, wakes: Arc::new(Wakes(AtomicU32::new(1))) }
    }

    fn poll(&mut self) -> Option<Poll<F::Output>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        let is_woken = self.wakes.0.swap(0, Ordering::Relaxed) > 0;
        is_woken.then(|| self.run.as_mut().poll(&mut Context::from_waker(&waker)))
    }
}

async fn down() -> Result<(), &'static str> {
    Err("down")
}

#[test]
fn each_wait_ends_on_its_tick_and_not_before() {
    let _time = time();
    let calls = Cell::new(0);
    let policy = Retry::expo().jitter(Jitter::None).max_tries(3).clock(EmbassyClock);
    let run = pin!(policy.run_async(|| {
        calls.set(calls.get() + 1);
        down()
    }));
    let mut task = Task::new(run);
    assert_eq!(task.poll(), Some(Poll::Pending));
    advance(Duration::from_micros(999_999));
    assert_eq!((task.poll(), calls.get()), (None, 1));
    advance(Duration::from_micros(1));
    assert_eq!((task.poll(), calls.get()), (Some(Poll::Pending), 2));
    advance(2 * SECOND);
    assert_eq!((task.poll(), calls.get()), (Some(Poll::Ready(Err("down"))), 3));
    assert_eq!(EmbassyClock.now(), 3 * SECOND);
}

#[test]
fn the_deadline_is_on_the_same_time_as_the_waits() {
    let _time = time();
    let mut reason = None;
    let policy = Retry::constant(2 * SECOND).jitter(Jitter::None).max_time(3 * SECOND);
    {
        let policy = policy.clock(EmbassyClock).on_giveup(|d| reason = d.reason);
        let run = pin!(policy.run_async(down));
        let mut task = Task::new(run);
        for wait in [2, 1] {
            assert_eq!(task.poll(), Some(Poll::Pending));
            advance(wait * SECOND);
        }
        assert_eq!(task.poll(), Some(Poll::Ready(Err("down"))));
    }
    assert_eq!(reason, Some(StopReason::MaxTime));
}

#[test]
fn an_attempt_that_hangs_times_out() {
    let _time = time();
    let policy = Retry::expo().max_tries(1).clock(EmbassyClock);
    let timed = policy.attempt_timeout(SECOND);
    let run = pin!(timed.run_async(pending::<io::Result<()>>));
    let mut task = Task::new(run);
    assert!(task.poll().unwrap().is_pending());
    advance(SECOND);
    assert!(matches!(task.poll(), Some(Poll::Ready(Err(_)))));
}

#[test]
fn a_wait_can_be_cancelled() {
    let _time = time();
    let cancel = Cancel::new();
    let policy = Retry::constant(SECOND).clock(EmbassyClock).cancelled_by(&cancel);
    let run = pin!(policy.run_async(down));
    let mut task = Task::new(run);
    assert_eq!(task.poll(), Some(Poll::Pending));
    cancel.cancel();
    assert_eq!(task.poll(), Some(Poll::Ready(Err("down"))));
    assert_eq!(EmbassyClock.now(), Duration::ZERO);
}

#[test]
fn a_wait_of_nothing_lets_other_tasks_run() {
    let _time = time();
    let timer = pin!(EmbassyClock.timer(Duration::ZERO));
    let mut task = Task::new(timer);
    assert_eq!(task.poll(), Some(Poll::Pending));
    assert_eq!(task.poll(), Some(Poll::Ready(())));
}

#[test]
fn a_wait_is_rounded_up_to_ticks_and_may_be_as_long_as_there_is() {
    let _time = time();
    advance(SECOND);
    for (wait, ticks) in [(1, 1), (1_000, 1), (1_001, 2), (5_000_000, 5_000)] {
        let timer = pin!(EmbassyClock.timer(Duration::from_nanos(wait)));
        let mut task = Task::new(timer);
        assert_eq!(task.poll(), Some(Poll::Pending));
        for _ in 0..ticks {
            assert_eq!(task.poll(), None, "{wait} ns");
            advance(Duration::from_micros(1));
        }
        assert_eq!(task.poll(), Some(Poll::Ready(())), "{wait} ns");
    }
    let timer = pin!(EmbassyClock.timer(Duration::MAX));
    let mut task = Task::new(timer);
    assert_eq!(task.poll(), Some(Poll::Pending));
    advance(1_000_000_000 * SECOND);
    assert_eq!(task.poll(), None);
}

#[test]
fn its_granularity_is_a_tick() {
    assert_eq!(EmbassyClock.resolution(), Duration::from_micros(1));
}
