//! Attempts inside of a run's scope: announced, and limited in time.

use std::cell::Cell;
use std::future::{pending, ready};
use std::ops::ControlFlow::Break;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::run::Decision;
use relent::{AsyncClock, Jitter, Retry, StopReason, TestClock, TimedOut};

use crate::run::by_hand::{DOWN, Outcome, Story, UP};
use crate::support::{Fault, counting_waker, secs, yields};

const POLICY: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

#[test]
fn an_attempt_is_told_once_and_made() {
    let (story, calls) = (Story::default(), Cell::new(0));
    let policy = POLICY.clock(TestClock::new()).observe(&story);
    let mut attempts = policy.attempts();
    let end = loop {
        let outcome = attempts.attempt(|| {
            calls.set(calls.get() + 1);
            if calls.get() < 3 { DOWN } else { UP }
        });
        if let Break(end) = attempts.after(outcome) {
            break end;
        }
    };
    assert_eq!((end, calls.get()), (UP, 3));
    assert_eq!(story.told(), "T1 B1 T2 B2 T3 S3");
}

#[test]
fn an_async_attempt_is_told_once_and_made() {
    let story = Story::default();
    let policy = POLICY.clock(TestClock::new()).observe(&story);
    let mut attempts = policy.attempts_async();
    for (script, decision, told) in [
        (DOWN, Decision::Backoff(secs(1)), ["T1", "B1"]),
        (DOWN, Decision::Backoff(secs(2)), ["T2", "B2"]),
        (UP, Decision::Done, ["T3", "S3"]),
        (UP, Decision::Done, ["T1", "S1"]),
    ] {
        let outcome = block_on(attempts.attempt(async {
            yields(1).await;
            script
        }));
        assert_eq!((outcome, story.told().as_str()), (script, told[0]));
        assert_eq!(attempts.decide(&outcome), decision);
        assert_eq!(story.told(), told[1]);
    }
}

#[test]
fn an_attempt_after_a_give_up_is_made_and_told_to_nobody() {
    let story = Story::default();
    let policy = POLICY.max_tries(1).clock(TestClock::new()).observe(&story);
    let mut attempts = policy.attempts();
    attempts.decide(&DOWN);
    story.told();
    assert_eq!(attempts.attempt(|| UP), UP);
    assert_eq!(attempts.decide(&UP), Decision::Done);
    assert_eq!(attempts.stopped(), Some(StopReason::MaxTries));
    let mut attempts = policy.attempts_async();
    attempts.decide(&DOWN);
    story.told();
    assert_eq!(block_on(attempts.attempt(ready(UP))), UP);
    assert_eq!(story.told(), "");
}

type Result32 = Result<u32, Fault>;

#[test]
fn an_attempt_ends_in_time_by_the_clock_of_the_policy() {
    let clock = TestClock::manual();
    let policy = POLICY.clock(&clock);
    let mut attempts = policy.attempts_async().timed();
    let (woken, waker) = counting_waker();
    let mut context = Context::from_waker(&waker);
    {
        let mut attempt = pin!(attempts.attempt(pending::<Result32>()).within(secs(5)));
        assert!(attempt.as_mut().poll(&mut context).is_pending());
        clock.advance(secs(4));
        assert!(attempt.as_mut().poll(&mut context).is_pending());
        clock.advance(secs(1));
        assert!(woken.count() > 0, "the timer wakes its task");
        assert_eq!(attempt.as_mut().poll(&mut context), Poll::Ready(Err(Fault::TooSlow)));
    }
    assert_eq!(attempts.decide(&Err(Fault::TooSlow)), Decision::Backoff(secs(1)));
    assert_eq!(attempts.elapsed().unwrap(), secs(5));
    assert_eq!(clock.waits(), [], "a timeout is no wait");
}

#[test]
fn an_attempt_that_is_too_slow_fails_with_an_error_of_ones_own() {
    let clock = TestClock::manual();
    let policy = POLICY.clock(&clock);
    let mut attempts = policy.attempts_async();
    let limit = |timed_out: TimedOut| format!("{timed_out}");
    let attempt = attempts.attempt(pending::<Result<u32, String>>()).within_with(secs(5), limit);
    let mut attempt = pin!(attempt);
    let mut context = Context::from_waker(Waker::noop());
    assert!(attempt.as_mut().poll(&mut context).is_pending());
    clock.advance(secs(5));
    let expected = Err(String::from("the attempt took longer than 5s"));
    assert_eq!(attempt.as_mut().poll(&mut context), Poll::Ready(expected));
}

#[test]
fn an_outcome_that_is_there_counts_however_late() {
    let clock = TestClock::manual();
    let policy = POLICY.clock(&clock);
    let mut attempts = policy.attempts_async::<u32, Fault>();
    let attempt = attempts.attempt(ready(Ok(7))).within(secs(5));
    clock.advance(secs(60));
    assert_eq!(block_on(attempt), Ok(7));
}

/// A clock that knows how many of its timers there are.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicU32>);

struct Timer(Arc<AtomicU32>);

impl AsyncClock for Counting {
    type Timer = Timer;

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn timer(&self, _: Duration) -> Timer {
        self.0.fetch_add(1, Ordering::Relaxed);
        Timer(Arc::clone(&self.0))
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn no_timer_is_left_behind_when_the_attempt_is_ready() {
    let clock = Counting::default();
    let policy = POLICY.clock(clock.clone());
    let mut attempts = policy.attempts_async();
    let attempt = attempts.attempt(async {
        assert_eq!(clock.0.load(Ordering::Relaxed), 1);
        Ok::<u32, Fault>(7)
    });
    assert_eq!(block_on(attempt.within(secs(5))), Ok(7));
    assert_eq!(clock.0.load(Ordering::Relaxed), 0);
    let outcome = block_on(attempts.attempt(ready(Ok(7))));
    assert_eq!((outcome, clock.0.load(Ordering::Relaxed)), (Ok(7), 0));
}

#[tokio::test(start_paused = true)]
async fn a_spawned_loop_may_limit_each_attempt() {
    static API: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);
    let task = tokio::spawn(async {
        let mut attempts = API.attempts_async().timed();
        loop {
            let tries = attempts.tries();
            let attempt = async move { if tries < 3 { pending().await } else { Ok(tries) } };
            let outcome: std::io::Result<u32> = attempts.attempt(attempt).within(secs(5)).await;
            if let Break(end) = attempts.after(outcome).await {
                break (end, attempts.elapsed().unwrap());
            }
        }
    });
    let (end, elapsed) = task.await.unwrap();
    assert_eq!((end.unwrap(), elapsed), (3, secs(5 + 1 + 5 + 2)));
}

#[test]
fn an_attempt_shows_that_it_is_one() {
    let policy = POLICY.clock(TestClock::new());
    let mut attempts = policy.attempts_async();
    let attempt = attempts.attempt(ready::<Outcome>(UP));
    assert_eq!(format!("{attempt:?}"), "InAttempt { .. }");
}
