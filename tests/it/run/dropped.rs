//! Futures of a run in line that are dropped half-way, or forgotten.

use std::mem;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::condition::AnyError;
use relent::run::AttemptsAsync;
use relent::wait::Expo;
use relent::{Cancel, Details, EventKind, Jitter, Progress, Retry, StopReason, TestClock};

use crate::run::by_hand::{DOWN, Outcome, Story, UP};
use crate::support::{panic_of, secs, yields};

/// Polls a future this often, and returns whether it is ready.
fn poll<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Ways to leave a future alone.
const LEAVE: [Leave; 2] = [Leave::Drop, Leave::Forget];

#[derive(Clone, Copy, Debug)]
enum Leave {
    Drop,
    Forget,
}

impl Leave {
    /// Polls the future this often, and leaves it pending.
    fn after<F: Future>(self, polls: u32, future: F) {
        let mut future = Box::pin(future);
        for _ in 0..polls {
            assert!(!poll(future.as_mut()));
        }
        match self {
            Self::Drop => drop(future),
            Self::Forget => mem::forget(future),
        }
    }
}

/// Waits 1, 2, 4 ... seconds, and makes three attempts.
const POLICY: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

#[test]
fn an_outcome_that_was_passed_on_counts_in_the_attempt_and_in_the_wait() {
    for leave in LEAVE {
        for polls in [0, 1] {
            let (story, clock) = (Story::default(), TestClock::manual());
            let policy = POLICY.clock(&clock).observe(&story);
            let mut attempts = policy.attempts_async();
            leave.after(polls, attempts.after(DOWN));
            assert_eq!((attempts.tries(), attempts.progress().tries), (2, 1), "{leave:?}");
            leave.after(polls, attempts.after(DOWN));
            assert_eq!((attempts.tries(), attempts.progress().tries), (3, 2), "{leave:?}");
            assert_eq!(block_on(attempts.after(DOWN)), Break(DOWN));
            assert_eq!(attempts.stopped(), Some(StopReason::MaxTries));
            let told = story.told();
            assert!(told.ends_with("T3 G3"), "{told}");
            assert_eq!(told.contains("B1 T2 B2"), polls > 0, "{told}");
        }
    }
}

#[test]
fn the_next_try_is_told_once_after_a_wait_that_was_dropped() {
    let (story, clock) = (Story::default(), TestClock::manual());
    let policy = POLICY.clock(&clock).observe(&story);
    let mut attempts = policy.attempts_async();
    Leave::Drop.after(1, attempts.after(DOWN));
    assert_eq!(story.told(), "T1 B1");
    for told in ["T2", ""] {
        assert_eq!(attempts.next_try(), Ok(()));
        assert_eq!(story.told(), told);
    }
    assert_eq!(block_on(attempts.after(UP)), Break(UP));
    assert_eq!(story.told(), "S2");
}

#[test]
fn a_cancel_after_a_wait_that_was_dropped_is_reported() {
    let (story, cancel) = (Story::default(), Cancel::new());
    let policy = POLICY.clock(TestClock::manual()).cancelled_by(&cancel).observe(&story);
    let mut attempts = policy.attempts_async();
    Leave::Drop.after(1, attempts.after(DOWN));
    cancel.cancel();
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
    assert_eq!((story.told().as_str(), attempts.tries()), ("T1 B1 G1", 1));
}

#[test]
fn a_wait_that_was_dropped_leaves_the_last_wait_and_the_kind_of_the_retry() {
    let policy = POLICY.clock(TestClock::manual());
    let mut attempts = policy.attempts_async();
    Leave::Drop.after(1, attempts.after(DOWN));
    let progress = attempts.progress();
    assert_eq!((progress.tries, progress.last_wait), (1, secs(1)));
    assert!(progress.last_retry.is_some());
}

/// A run that begins with this outcome, which is left alone, and ends a minute later, after its deadline.
fn begins_and_is_left(leave: Leave, polls: u32) {
    let clock = TestClock::manual();
    let policy = Retry::expo().max_time(secs(10)).jitter(Jitter::None).clock(&clock);
    for is_reset in [false, true] {
        let mut attempts = policy.attempts_async();
        assert_eq!(block_on(attempts.after(UP)), Break(UP));
        if is_reset {
            attempts.reset();
        }
        clock.advance(secs(60));
        leave.after(polls, attempts.after(DOWN));
        clock.advance(secs(60));
        let case = format!("{leave:?} after {polls} polls, reset: {is_reset}");
        assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (2, secs(60)), "{case}");
        assert_eq!(block_on(attempts.after(DOWN)), Break(DOWN), "{case}");
        assert_eq!(attempts.stopped(), Some(StopReason::MaxTime), "{case}");
    }
}

#[test]
fn a_run_that_begins_with_a_wait_that_is_dropped_is_timed() {
    begins_and_is_left(Leave::Drop, 1);
}

#[test]
fn a_run_that_begins_with_an_outcome_that_is_never_polled_is_timed() {
    begins_and_is_left(Leave::Drop, 0);
    begins_and_is_left(Leave::Forget, 0);
}

#[test]
fn a_run_that_begins_with_a_wait_that_is_forgotten_is_timed() {
    begins_and_is_left(Leave::Forget, 1);
}

/// A policy with handlers that are pending twice, and note when they are called.
macro_rules! awaited {
    ($policy:expr, $story:expr) => {{
        let note = |d: &Details<'_, u32, &str>| {
            $story.add(d.event, d.tries);
            yields(2)
        };
        $policy
            .on_try_async(note)
            .on_success_async(note)
            .on_backoff_async(note)
            .on_giveup_async(note)
    }};
}

#[test]
fn handlers_are_awaited_at_the_beginning_and_after_each_outcome() {
    let (story, clock) = (Story::default(), TestClock::new());
    let policy = awaited!(POLICY.clock(&clock), &story);
    block_on(async {
        let mut attempts = policy.begin_async().await;
        assert_eq!(story.told(), "T1");
        assert_eq!(attempts.after(DOWN).await, Continue(()));
        assert_eq!(story.told(), "B1 T2");
        assert_eq!(attempts.after(UP).await, Break(UP));
        assert_eq!(story.told(), "S2");
        assert_eq!(attempts.after(DOWN).await, Continue(()), "a run of its own");
        assert_eq!(story.told(), "T1 B1 T2");
        assert_eq!(attempts.after(DOWN).await, Continue(()));
        assert_eq!(attempts.after(DOWN).await, Break(DOWN));
        assert_eq!(story.told(), "B2 T3 G3");
        assert_eq!(attempts.after(DOWN).await, Break(DOWN));
        assert_eq!(story.told(), "");
    });
    assert_eq!(clock.waits(), [1, 1, 2].map(secs));
}

#[test]
fn a_beginning_that_is_dropped_in_its_handler_begins_nothing_else() {
    for leave in LEAVE {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = awaited!(POLICY.clock(&clock), &story);
        leave.after(1, policy.begin_async());
        assert_eq!(story.told(), "T1");
        assert_eq!(block_on(block_on(policy.begin_async()).after(UP)), Break(UP));
        assert_eq!(story.told(), "T1 S1");
    }
}

#[test]
fn an_outcome_that_is_dropped_in_a_handler_of_the_backoff_counts() {
    for leave in LEAVE {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = awaited!(POLICY.clock(&clock), &story);
        let mut attempts = block_on(policy.begin_async());
        leave.after(2, attempts.after(DOWN));
        assert_eq!((story.told().as_str(), attempts.tries()), ("T1 B1", 2));
        assert_eq!(block_on(attempts.after(UP)), Break(UP));
        assert_eq!(story.told(), "T2 S2");
    }
}

#[test]
fn an_outcome_that_is_dropped_in_the_handler_of_the_next_try_has_told_of_it() {
    let (story, clock) = (Story::default(), TestClock::new());
    let policy = awaited!(POLICY.clock(&clock), &story);
    let mut attempts = block_on(policy.begin_async());
    // Two for the back-off, one for the wait, and one of the two for the next try.
    Leave::Drop.after(4, attempts.after(DOWN));
    assert_eq!((story.told().as_str(), attempts.tries()), ("T1 B1 T2", 2));
    assert_eq!(attempts.progress().tries, 1);
    assert_eq!(block_on(attempts.after(UP)), Break(UP));
    assert_eq!(story.told(), "S2");
}

#[test]
fn an_outcome_that_is_dropped_in_the_handler_of_its_own_try_counts() {
    for leave in LEAVE {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = awaited!(POLICY.clock(&clock), &story);
        let mut attempts = block_on(policy.begin_async());
        assert_eq!(block_on(attempts.after(UP)), Break(UP));
        story.told();
        // It begins a run, whose first try is not known yet.
        leave.after(1, attempts.after(DOWN));
        assert_eq!((story.told().as_str(), attempts.tries()), ("T1", 2));
        assert_eq!(block_on(attempts.after(UP)), Break(UP));
        assert_eq!(story.told(), "T2 S2");
    }
}

#[test]
fn an_end_that_is_dropped_in_its_handler_is_the_end() {
    for (outcome, end) in [(UP, "S3"), (DOWN, "G3")] {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = awaited!(POLICY.clock(&clock), &story);
        let mut attempts = block_on(policy.begin_async());
        for _ in 0..2 {
            assert_eq!(block_on(attempts.after(DOWN)), Continue(()));
        }
        story.told();
        Leave::Drop.after(1, attempts.after(outcome));
        assert_eq!(story.told(), end);
        assert_eq!(attempts.tries(), 3);
        assert_eq!(attempts.stopped().is_some(), outcome.is_err());
    }
}

#[test]
fn an_end_whose_handler_panics_is_the_end() {
    for (outcomes, expected) in
        [([DOWN, DOWN, DOWN], "T1 B1 T2 B2 T3 G3"), ([DOWN, DOWN, UP], "T1 B1 T2 B2 T3 S3")]
    {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = POLICY
            .clock(&clock)
            .observe(&story)
            .on_giveup(|_| panic!("a handler"))
            .on_success(|_| panic!("a handler"));
        let mut attempts = policy.attempts_async();
        for outcome in &outcomes[..2] {
            assert_eq!(block_on(attempts.after(*outcome)), Continue(()));
        }
        let panic = panic_of(|| block_on(attempts.after(outcomes[2])));
        assert!(panic.contains("a handler"), "{panic}");
        assert_eq!(attempts.tries(), 3);
        assert_eq!(attempts.stopped().is_some(), outcomes[2].is_err());
        assert_eq!(story.told(), expected);
    }
}

#[test]
fn a_step_is_as_large_as_two_outcomes_at_most() {
    let policy = Retry::expo().clock(TestClock::new());
    let mut attempts = policy.attempts_async::<[u8; 1000], ()>();
    let step = attempts.after(Err(()));
    assert!(size_of_val(&step) < 2300, "{}", size_of_val(&step));
}

/// Polls a step once more when it is over, which panics.
fn poll_again(policy: &Retry<Expo, AnyError, (), TestClock>, before: &[Outcome], last: Outcome) {
    let mut attempts = policy.attempts_async();
    for outcome in before {
        attempts.decide(outcome);
    }
    let mut step = Box::pin(attempts.after(last));
    while !poll(step.as_mut()) {}
    let panic = panic_of(|| poll(step.as_mut()));
    assert!(panic.contains("polled after it had ended"), "{panic}");
}

#[test]
fn a_step_that_ended_the_run_panics_when_it_is_polled_again() {
    let policy = POLICY.clock(TestClock::new());
    poll_again(&policy, &[], UP);
    poll_again(&policy, &[DOWN, DOWN], DOWN);
}

#[test]
fn a_step_before_the_next_attempt_panics_when_it_is_polled_again() {
    poll_again(&POLICY.clock(TestClock::new()), &[], DOWN);
}

#[test]
fn a_step_after_the_end_panics_when_it_is_polled_again() {
    poll_again(&POLICY.clock(TestClock::new()), &[DOWN; 3], DOWN);
}

#[test]
fn a_run_that_is_kept_is_resumed_in_async_code_too() {
    let clock = TestClock::new();
    let policy = POLICY.clock(&clock);
    let mut attempts = AttemptsAsync::resume(&policy, Progress::new(1));
    assert_eq!(block_on(attempts.after(DOWN)), Continue(()));
    assert_eq!(block_on(attempts.after(DOWN)), Break(DOWN));
    assert_eq!(clock.waits(), [secs(2)]);
}

#[test]
fn a_success_and_a_give_up_are_told_by_after_as_by_decide() {
    let story = Story::default();
    let policy = POLICY.clock(TestClock::new()).observe(&story);
    let mut attempts = policy.attempts();
    for (outcome, follows) in [
        (DOWN, Continue(())),
        (UP, Break(UP)),
        (DOWN, Continue(())),
        (DOWN, Continue(())),
        (DOWN, Break(DOWN)),
        (DOWN, Break(DOWN)),
        (UP, Break(UP)),
    ] {
        assert_eq!(attempts.after(outcome), follows);
    }
    let blocking = story.told();
    let mut attempts = policy.attempts_async();
    for outcome in [DOWN, UP, DOWN, DOWN, DOWN, DOWN, UP] {
        let _ = block_on(attempts.after(outcome));
    }
    assert_eq!(story.told(), blocking);
    assert_eq!(blocking, "T1 B1 T2 S2 T1 B1 T2 B2 T3 G3");
}

#[test]
fn a_wait_of_after_that_is_cancelled_ends_the_run_with_its_outcome() {
    let (story, cancel) = (Story::default(), Cancel::new());
    let policy = POLICY.clock(TestClock::manual()).cancelled_by(&cancel).observe(&story);
    let mut attempts = policy.attempts_async();
    {
        let mut step = Box::pin(attempts.after(DOWN));
        assert!(!poll(step.as_mut()));
        cancel.cancel();
        assert_eq!(block_on(step), Break(DOWN));
    }
    assert_eq!((story.told().as_str(), attempts.tries()), ("T1 B1 G1", 1));
    assert_eq!(attempts.stopped(), Some(StopReason::Cancelled));
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
}

#[test]
fn nobody_is_told_of_a_step_that_is_never_polled() {
    static BACKOFFS: AtomicU32 = AtomicU32::new(0);
    let policy = POLICY.clock(TestClock::new()).on_backoff(|d: &Details<'_, u32, &str>| {
        assert_eq!(d.event, EventKind::Backoff);
        BACKOFFS.fetch_add(1, Ordering::Relaxed);
    });
    let mut attempts = policy.attempts_async();
    drop(attempts.after(DOWN));
    assert_eq!(BACKOFFS.load(Ordering::Relaxed), 0);
    assert_eq!(attempts.elapsed().unwrap(), Duration::ZERO);
}
