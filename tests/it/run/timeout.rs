//! Attempts that take too long.

use std::cell::Cell;
use std::future::{Future, Pending, Ready, pending, ready};
use std::io;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::EventKind::{Backoff, GiveUp, Try};
use relent::condition::{AnyError, RetryIf};
use relent::wait::Constant;
use relent::{AsyncClock, Cancel, Details, Jitter, Retry, StopReason, TestClock, TimedOut};
use tokio::time::{Instant, sleep};

use crate::support::{Fault, secs};

/// Takes so many seconds at each attempt, and fails by itself where it is told to.
async fn takes(seconds: u64, outcome: Result<u32, Fault>) -> Result<u32, Fault> {
    sleep(secs(seconds)).await;
    outcome
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_is_retried_until_one_does_not() {
    let (calls, waits) = (Cell::new(0), Mutex::new(Vec::new()));
    let policy = Retry::constant(secs(1)).jitter(Jitter::None);
    let policy = policy.on_backoff(|d| {
        waits.lock().unwrap().push((d.elapsed, d.wait, d.error().copied()));
    });
    let outcome = policy
        .attempt_timeout(secs(5))
        .run_async(async || {
            calls.set(calls.get() + 1);
            if calls.get() < 3 { pending().await } else { takes(4, Ok(7)).await }
        })
        .await;
    assert_eq!(outcome, Ok(7));
    let too_slow = Some(Fault::TooSlow);
    assert_eq!(
        *waits.lock().unwrap(),
        [(secs(5), secs(1), too_slow), (secs(11), secs(1), too_slow)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_over_exactly_when_its_time_is() {
    let policy = Retry::expo().max_tries(1);
    for (seconds, expected) in [(4, Ok(1)), (6, Err(Fault::TooSlow))] {
        let began = Instant::now();
        let run = policy.attempt_timeout(secs(5)).run_async(|| takes(seconds, Ok(1)));
        assert_eq!(run.await, expected);
        assert_eq!(began.elapsed(), secs(seconds.min(5)));
    }
}

#[test]
fn an_outcome_that_is_there_counts_however_late_it_is_looked_at() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_tries(1).clock(&clock);
    let mut run = pin!(policy.attempt_timeout(secs(5)).run_async(|| {
        let mut polls = 0;
        std::future::poll_fn(move |_| {
            polls += 1;
            if polls == 1 {
                std::task::Poll::Pending
            } else {
                std::task::Poll::Ready(Ok::<_, Fault>(7))
            }
        })
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    clock.advance(secs(100));
    assert_eq!(run.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(7)));
}

#[test]
fn the_timer_of_an_attempt_is_no_wait_and_fires_only_when_the_clock_is_advanced() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let timed = policy.attempt_timeout(secs(5));
    let mut run = pin!(timed.run_async(pending::<Result<(), Fault>>));
    let mut context = Context::from_waker(Waker::noop());
    let mut is_pending = || run.as_mut().poll(&mut context).is_pending();
    assert!(is_pending() && is_pending());
    clock.advance(Duration::from_nanos(4_999_999_999));
    assert!(is_pending() && clock.waits().is_empty());
    clock.advance(Duration::from_nanos(1));
    // The wait yields once.
    assert!(is_pending() && is_pending());
    assert_eq!((clock.waits(), clock.elapsed()), (vec![secs(1)], secs(6)));
    clock.advance(secs(5));
    assert!(!is_pending());
}

/// When runs of attempts that hang end.
async fn ends_after(max_time: u64, timeout: u64, is_strict: bool) -> (Duration, u32) {
    let calls = Cell::new(0);
    let policy = Retry::constant(secs(2)).max_time(secs(max_time)).jitter(Jitter::None);
    let timed = policy.attempt_timeout(secs(timeout));
    let began = Instant::now();
    let hangs = || {
        calls.set(calls.get() + 1);
        pending::<Result<(), Fault>>()
    };
    let outcome = if is_strict {
        timed.interrupt_at_deadline(Fault::from).run_async(hangs).await
    } else {
        timed.run_async(hangs).await
    };
    assert_eq!(outcome, Err(Fault::TooSlow));
    (began.elapsed(), calls.get())
}

#[tokio::test(start_paused = true)]
async fn by_default_the_attempt_at_the_deadline_has_its_whole_time() {
    // Attempts at 0 and 5; the wait at 8 is cut to 1 s, for an attempt at 9.
    assert_eq!(ends_after(9, 3, false).await, (secs(12), 3));
    assert_eq!(ends_after(0, 3, false).await, (secs(3), 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_outlives_the_deadline_where_it_must_not() {
    for timeout in 1..12 {
        for max_time in 0..20 {
            let (ended, calls) = ends_after(max_time, timeout, true).await;
            assert!(
                ended <= secs(max_time) && calls >= 1,
                "{max_time} {timeout}: {ended:?} {calls}"
            );
        }
    }
    // The second attempt has four seconds left of its five.
    assert_eq!(ends_after(11, 5, true).await, (secs(11), 2));
    // No time would be left after the wait: it is not begun.
    assert_eq!(ends_after(7, 5, true).await, (secs(5), 1));
    assert_eq!(ends_after(6, 5, true).await, (secs(5), 1));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_made_that_a_late_timer_would_leave_no_time_for() {
    // Tokio's timer may be a millisecond late.
    for (wait, attempts) in [(9998, 2), (9999, 1), (10_000, 1)] {
        let policy =
            Retry::constant(Duration::from_millis(wait)).max_time(secs(10)).jitter(Jitter::None);
        let calls = Cell::new(0);
        let run = policy.interrupt_at_deadline(|_| "no time").run_async(|| {
            calls.set(calls.get() + 1);
            async { Err::<(), _>("down") }
        });
        assert_eq!(run.await, Err("down"));
        assert_eq!(calls.get(), attempts, "{wait} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_it_changes_nothing_to_stop_there() {
    let policy = Retry::constant(secs(2)).max_tries(3).jitter(Jitter::None);
    let began = Instant::now();
    let run = policy.attempt_timeout(secs(5)).interrupt_at_deadline(Fault::from);
    run.run_async(pending::<Result<(), Fault>>).await.unwrap_err();
    assert_eq!(began.elapsed(), secs(3 * 5 + 2 * 2));
}

type IfTransient = RetryIf<AnyError, fn(&&'static str) -> bool>;

/// The reason and the error of a run that is interrupted at its deadline.
async fn interrupted(
    policy: Retry<Constant, IfTransient>,
) -> (Duration, StopReason, Option<&'static str>) {
    let error = policy
        .interrupt_at_deadline(|_| "interrupted")
        .explain()
        .run_async(pending::<Result<(), _>>)
        .await
        .unwrap_err();
    (error.elapsed(), error.reason(), error.into_error())
}

#[tokio::test(start_paused = true)]
async fn a_run_is_interrupted_at_its_deadline_with_an_error_of_its_own() {
    let expected = (secs(9), StopReason::MaxTime, Some("interrupted"));
    let policy = Retry::constant(secs(2)).max_time(secs(9));
    assert_eq!(interrupted(policy.retry_if((|_| true) as fn(&_) -> _)).await, expected);
    // The error need not be one that is retried.
    assert_eq!(interrupted(policy.retry_if((|_| false) as fn(&_) -> _)).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_would_wait_until_its_deadline_returns_its_last_outcome() {
    let began = Instant::now();
    let policy = Retry::constant(secs(4)).max_time(secs(9)).jitter(Jitter::None);
    let limited = policy.interrupt_at_deadline(|_| "interrupted");
    assert_eq!(limited.run_async(async || Err::<(), _>("down")).await, Err("down"));
    assert_eq!(began.elapsed(), secs(8));
}

#[tokio::test(start_paused = true)]
async fn timeout_and_deadline_have_an_error_each() {
    let errors = Mutex::new(Vec::new());
    let policy = Retry::constant(secs(1)).max_time(secs(9)).jitter(Jitter::None);
    let policy = policy.on_backoff(|d| errors.lock().unwrap().push(*d.error().unwrap()));
    let limited =
        policy.attempt_timeout_with(secs(5), |_| "timeout").interrupt_at_deadline(|timed_out| {
            assert_eq!(timed_out.after(), secs(3));
            "deadline"
        });
    assert_eq!(limited.run_async(pending::<Result<(), _>>).await, Err("deadline"));
    drop(policy);
    assert_eq!(errors.into_inner().unwrap(), ["timeout"]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_over_is_dropped_before_the_wait() {
    struct Held<'a>(&'a Cell<u32>);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    let (held, clock) = (Cell::new(0), TestClock::manual());
    let policy = Retry::expo().jitter(Jitter::None).clock(&clock);
    let mut run = pin!(policy.attempt_timeout(secs(5)).run_async(async || {
        held.set(held.get() + 1);
        let _held = Held(&held);
        pending::<Result<(), Fault>>().await
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    assert_eq!(held.get(), 1);
    clock.advance(secs(5));
    assert!(run.as_mut().poll(&mut context).is_pending());
    assert_eq!((held.get(), clock.waits()), (0, vec![secs(1)]));
}

#[test]
fn an_attempt_that_timed_out_says_after_how_long() {
    let error = io::Error::from(TimedOut::new(Duration::from_millis(1500)));
    assert_eq!(error.to_string(), "the attempt took longer than 1.5s");
    let source = error.get_ref().unwrap().downcast_ref::<TimedOut>().unwrap();
    assert_eq!(source.after(), Duration::from_millis(1500));
}

#[tokio::test]
async fn an_attempt_that_uses_up_all_of_its_turns_is_timed_out_too() {
    let permits = tokio::sync::Semaphore::new(1);
    let began = std::time::Instant::now();
    let policy = Retry::expo().max_tries(1);
    let timed = policy.attempt_timeout(Duration::from_millis(5));
    let run = timed.run_async(async || {
        loop {
            // It is always ready, until tokio makes it yield; the timer must not have to.
            let _permit = permits.acquire().await.unwrap();
            assert!(began.elapsed() < secs(60), "it should have been over long ago");
        }
    });
    assert_eq!(run.await, Err::<(), _>(Fault::TooSlow));
}

#[test]
fn a_timed_operation_shows_its_own_and_its_time() {
    let policy = Retry::expo().clock(TestClock::new());
    let timed = policy.attempt_timeout(secs(5));
    let shown = format!("{timed:?}");
    assert!(shown.contains("AttemptTimeout { most: 5s, at_deadline: false, .. }"), "{shown}");
    let strict = format!("{:?}", timed.interrupt_at_deadline(Fault::from));
    assert!(strict.contains("AttemptTimeout { most: 5s, at_deadline: true, .. }"), "{strict}");
}

/// A clock whose waits end a minute late. It never interrupts an attempt.
#[derive(Default)]
struct Late(Cell<Duration>);

impl AsyncClock for Late {
    type Timer = futures::future::Either<Ready<()>, Pending<()>>;

    fn now(&self) -> Duration {
        self.0.get()
    }

    fn timer(&self, wait: Duration) -> Self::Timer {
        self.0.set(self.0.get() + wait + secs(60));
        futures::future::Either::Left(ready(()))
    }

    fn timeout(&self, _: Duration) -> Self::Timer {
        futures::future::Either::Right(pending())
    }
}

#[test]
fn a_wait_that_ends_after_the_deadline_gives_up_if_a_cancel_handle_kept_the_outcome() {
    let events = Mutex::new(Vec::new());
    let note = |d: &Details<'_, (), &'static str>| events.lock().unwrap().push(d.event);
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_time(secs(30));
    let policy = policy.clock(Late::default()).on_try(note).on_backoff(note).on_giveup(note);
    let down = async || Err::<(), _>("down");
    let late = |_| "timed out";
    assert_eq!(block_on(policy.interrupt_at_deadline(late).run_async(down)), Err("down"));
    let told = std::mem::take(&mut *events.lock().unwrap());
    assert_eq!(told, [Try, Backoff, Try, GiveUp]);
    let policy = policy.cancelled_by(&Cancel::new());
    assert_eq!(block_on(policy.interrupt_at_deadline(late).run_async(down)), Err("down"));
    assert_eq!(*events.lock().unwrap(), [Try, Backoff, GiveUp]);
}

#[test]
fn a_timeout_that_ends_at_the_deadline_is_the_deadline() {
    let clock = TestClock::manual();
    let policy = Retry::expo().max_time(secs(5)).clock(&clock);
    let limited =
        policy.attempt_timeout_with(secs(5), |_| "timeout").interrupt_at_deadline(|_| "deadline");
    let mut run = pin!(limited.run_async(pending::<Result<(), _>>));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    clock.advance(secs(5));
    assert_eq!(run.as_mut().poll(&mut context), std::task::Poll::Ready(Err("deadline")));
}

#[test]
fn a_wait_that_is_overslept_until_the_very_deadline_leaves_no_time_for_an_attempt() {
    let (clock, calls) = (TestClock::manual(), Cell::new(0));
    let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_time(secs(10));
    // The outcome is kept through a wait that may be cut short.
    let policy = policy.clock(&clock).cancelled_by(&Cancel::new());
    let limited = policy.interrupt_at_deadline(|_| Fault::TooSlow).explain();
    let mut run = pin!(limited.run_async(async || {
        calls.set(calls.get() + 1);
        Err::<(), _>(Fault::Busy)
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    clock.advance(secs(10));
    let std::task::Poll::Ready(Err(end)) = run.as_mut().poll(&mut context) else {
        panic!("it goes on")
    };
    assert_eq!((end.reason(), calls.get()), (StopReason::MaxTime, 1));
}
