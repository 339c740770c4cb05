//! `FuturesTimer` and `AsyncIo`, which wait on threads of their own: each test is made with both.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use relent::clock::{AsyncIo, FuturesTimer};
use relent::{AsyncClock, Cancel, Jitter, Retry, StopReason};

const WAIT: Duration = Duration::from_millis(2);
const HOUR: Duration = Duration::from_secs(3600);

fn constant(wait: Duration) -> Retry<relent::wait::Constant> {
    Retry::constant(wait).jitter(Jitter::None)
}

async fn down() -> Result<(), &'static str> {
    Err("down")
}

/// Makes a test for each clock of one that takes any.
macro_rules! for_each_clock {
    ($($(#[$meta:meta])* fn $name:ident($clock:ident) $body:block)*) => { $(
        mod $name {
            use super::*;

            fn with<Z>($clock: Z)
            where
                Z: AsyncClock<Timer: Future<Output = ()> + Send> + Copy + Send + Sync + 'static,
            $body

            #[test]
            fn with_futures_timer() {
                with(FuturesTimer);
            }

            #[test]
            fn with_async_io() {
                with(AsyncIo);
            }
        }
    )* };
}

for_each_clock! {
    fn each_wait_lasts_as_long_as_it_is_said_to(clock) {
        let began = Instant::now();
        let run = constant(WAIT).max_tries(3).clock(clock).into_run_async(down);
        assert_eq!(block_on(run), Err("down"));
        assert!(began.elapsed() >= 2 * WAIT, "{:?}", began.elapsed());
    }

    fn the_deadline_is_on_the_same_time_as_the_waits(clock) {
        let (began, reason) = (Instant::now(), Mutex::new(None));
        let policy = constant(WAIT).max_time(3 * WAIT).clock(clock);
        let policy = policy.on_giveup(|d| *reason.lock().unwrap() = d.reason);
        assert_eq!(block_on(policy.run_async(down)), Err("down"));
        assert!(began.elapsed() >= 3 * WAIT, "{:?}", began.elapsed());
        assert_eq!(*reason.lock().unwrap(), Some(StopReason::MaxTime));
    }

    fn an_attempt_that_hangs_times_out(clock) {
        let began = Instant::now();
        let policy = constant(Duration::ZERO).max_tries(2).clock(clock);
        let timed = policy.attempt_timeout(WAIT);
        block_on(timed.run_async(pending::<io::Result<()>>)).unwrap_err();
        assert!(began.elapsed() >= 2 * WAIT, "{:?}", began.elapsed());
    }

    fn a_wait_can_be_cancelled(clock) {
        let (cancel, reason) = (Cancel::new(), Mutex::new(None));
        let policy = constant(HOUR).clock(clock).cancelled_by(&cancel);
        let policy = policy
            .on_backoff(|_| {
                let cancel = cancel.clone();
                thread::spawn(move || cancel.cancel());
            })
            .on_giveup(|d| *reason.lock().unwrap() = d.reason);
        assert_eq!(block_on(policy.run_async(down)), Err("down"));
        assert_eq!(*reason.lock().unwrap(), Some(StopReason::Cancelled));
    }

    fn the_longest_wait_begins_and_is_not_over(clock) {
        for wait in [HOUR, Duration::MAX] {
            let mut context = Context::from_waker(Waker::noop());
            assert!(pin!(clock.timer(wait)).poll(&mut context).is_pending());
            assert!(pin!(clock.timeout(wait)).poll(&mut context).is_pending());
        }
    }

    fn a_wait_counts_from_when_it_is_made(clock) {
        let wakes_soon = |_| {
            let timer = clock.timer(WAIT);
            thread::sleep(WAIT);
            let polled = Instant::now();
            block_on(timer);
            polled.elapsed() < WAIT
        };
        // Not each time, since the machine may have other things to do.
        assert!((0..100).any(wakes_soon));
    }

    fn a_wait_that_cannot_end_before_the_deadline_is_not_begun(clock) {
        let policy = constant(WAIT).max_time(WAIT).clock(clock).no_attempt_after_deadline();
        let mut calls = 0;
        let run = policy.run_async(|| {
            calls += 1;
            down()
        });
        block_on(run).unwrap_err();
        assert_eq!(calls, 1);
    }

    fn a_run_can_be_spawned_on_an_executor_whose_own_timer_is_off(clock) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let run = constant(WAIT).max_tries(2).clock(clock).into_run_async(down);
        let outcome = runtime.block_on(async { tokio::spawn(run).await });
        assert_eq!(outcome.unwrap(), Err("down"));
    }
}
