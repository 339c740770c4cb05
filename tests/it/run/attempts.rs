//! The in-line loop, beyond what `support::play` compares with the other drivers.

use std::future::Future;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::{Jitter, Retry, StopReason, TestClock};

use crate::support::{secs, yields};

#[derive(Debug, PartialEq)]
enum Stop {
    Parse,
    Down,
}

/// A connection that must be borrowed mutably, and fails twice.
#[derive(Debug, Default)]
struct Connection {
    queries: u32,
}

impl Connection {
    async fn query(&mut self) -> Result<u32, Stop> {
        yields(1).await;
        self.queries += 1;
        if self.queries < 3 { Err(Stop::Down) } else { Ok(self.queries) }
    }
}

#[test]
fn a_question_mark_leaves_the_loop_and_tells_nothing_more() {
    let told = Mutex::new(Vec::new());
    let policy = Retry::expo().clock(TestClock::new());
    let policy = policy.on_try(|d| told.lock().unwrap().push(("try", d.tries)));
    let policy = policy.on_backoff(|d| told.lock().unwrap().push(("backoff", d.tries)));
    let policy = policy.on_giveup(|d| told.lock().unwrap().push(("giveup", d.tries)));
    let policy = policy.on_success(|d| told.lock().unwrap().push(("success", d.tries)));
    let call = || -> Result<u8, Stop> {
        let mut attempts = policy.attempts();
        loop {
            if attempts.tries() == 2 {
                "no number".parse::<u8>().map_err(|_| Stop::Parse)?;
            }
            if let Break(end) = attempts.after(Err(Stop::Down)) {
                break end;
            }
        }
    };
    assert_eq!(call(), Err(Stop::Parse));
    assert_eq!(*told.lock().unwrap(), [("try", 1), ("backoff", 1), ("try", 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_may_borrow_its_connection_mutably_for_each_attempt() {
    static POLICY: Retry = Retry::expo().max_tries(5);
    let task = tokio::spawn(async {
        let mut connection = Connection::default();
        let mut attempts = POLICY.attempts_async();
        loop {
            let outcome = connection.query().await;
            if let Break(end) = attempts.after(outcome).await {
                break end;
            }
        }
    });
    assert_eq!(task.await.unwrap(), Ok(3));
}

#[tokio::test(start_paused = true)]
async fn an_async_loop_goes_by_the_paused_clock_of_tokio() {
    let policy = Retry::expo().max_time(secs(10)).jitter(Jitter::None);
    let began = tokio::time::Instant::now();
    let mut attempts = policy.attempts_async();
    let end = loop {
        assert_eq!(attempts.elapsed().unwrap(), began.elapsed());
        if let Break(end) = attempts.after(Err::<(), _>("down")).await {
            break end;
        }
    };
    assert_eq!((end, attempts.tries(), began.elapsed()), (Err("down"), 5, secs(10)));
}

#[test]
fn an_async_loop_is_timed_if_it_asks() {
    let clock = TestClock::new();
    let policy = Retry::expo().clock(&clock);
    block_on(async {
        let mut attempts = policy.begin_async().await;
        assert_eq!(attempts.elapsed(), None);
        attempts = attempts.timed();
        clock.advance(secs(3));
        assert_eq!(attempts.elapsed().unwrap(), secs(3));
        assert!(attempts.after(Ok::<_, ()>(())).await.is_break());
    });
}

#[test]
fn a_value_is_waited_for_in_line_too() {
    let policy = Retry::expo().until(|n: &u32| *n == 4).clock(TestClock::new());
    let mut attempts = policy.attempts();
    let end: Result<u32, ()> = loop {
        if let Break(end) = attempts.after(Ok(attempts.tries())) {
            break end;
        }
    };
    assert_eq!(end, Ok(4));
}

#[test]
fn what_is_left_of_the_time_shrinks_with_the_clock() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_time(secs(10)).jitter(Jitter::None).clock(&clock);
    let mut attempts = policy.attempts();
    assert_eq!(attempts.remaining(), Some(secs(10)));
    clock.advance(secs(3));
    assert_eq!((attempts.elapsed().unwrap(), attempts.remaining()), (secs(3), Some(secs(7))));
    assert_eq!(attempts.after(Err::<(), _>("down")), Continue(()));
    assert_eq!(attempts.remaining(), Some(secs(6)));
    clock.advance(Duration::MAX);
    assert_eq!(attempts.remaining(), Some(Duration::ZERO));
    let unlimited = Retry::expo().clock(&clock);
    let mut attempts = unlimited.attempts();
    assert_eq!(attempts.remaining(), None);
    assert_eq!(attempts.after(Ok::<_, ()>(())), Break(Ok(())));
}

#[test]
fn a_reset_starts_tries_time_and_waits_afresh() {
    let clock = TestClock::new();
    let mut ends = Vec::new();
    let policy = Retry::expo().max_tries(3).jitter(Jitter::None).clock(&clock);
    let policy = policy.on_giveup(|d| ends.push((d.tries, d.elapsed, d.last_wait, d.reason)));
    let mut attempts = policy.attempts();
    assert_eq!(attempts.after(Err::<(), _>("lost")), Continue(()));
    assert_eq!(attempts.after(Err("lost")), Continue(()));
    assert_eq!(attempts.tries(), 3);
    clock.advance(secs(100));
    attempts.reset();
    assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (1, Duration::ZERO));
    while attempts.after(Err("lost")).is_continue() {}
    drop(policy);
    assert_eq!(clock.waits(), [1, 2, 1, 2].map(secs));
    assert_eq!(ends, [(3, secs(3), secs(2), Some(StopReason::MaxTries))]);
}

#[test]
fn the_target_is_the_place_in_the_code_unless_one_is_set() {
    let mut targets = Vec::new();
    let clock = TestClock::new();
    let policy = Retry::expo().clock(&clock);
    let named = policy.target("stream").on_success(|d| targets.push(d.target().to_string()));
    assert!(named.attempts().after(Ok::<_, ()>(())).is_break());
    drop(named);
    let unnamed = policy.on_success(|d| targets.push(d.target().to_string()));
    let (line, mut attempts) = (line!(), unnamed.attempts());
    assert!(attempts.after(Ok::<_, ()>(())).is_break());
    drop(unnamed);
    assert_eq!(targets, ["stream".into(), format!("{}:{line}", file!())]);
}

#[test]
fn an_async_step_that_is_dropped_half_way_notifies_nobody_and_counts() {
    let clock = TestClock::manual();
    let told = Mutex::new(Vec::new());
    let policy = Retry::expo().max_tries(3).jitter(Jitter::None).clock(&clock);
    let policy = policy.on_try(|d| told.lock().unwrap().push(("try", d.tries)));
    let policy = policy.on_backoff(|d| told.lock().unwrap().push(("backoff", d.tries)));
    let policy = policy.on_giveup(|d| told.lock().unwrap().push(("giveup", d.tries)));
    let mut attempts = policy.attempts_async();
    for _ in 0..2 {
        let step = pin!(attempts.after(Err::<(), _>("down")));
        assert!(step.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(block_on(attempts.after(Err("down"))), Break(Err("down")));
    // The next outcome is that of the next attempt, which observers come to know of with it.
    let (tries, backoffs) = ([1, 2, 3].map(|n| ("try", n)), [1, 2].map(|n| ("backoff", n)));
    assert_eq!(
        *told.lock().unwrap(),
        [tries[0], backoffs[0], tries[1], backoffs[1], tries[2], ("giveup", 3)],
    );
}

#[test]
fn the_futures_of_an_async_loop_can_be_sent() {
    fn assert_send<T: Send>(_: &T) {}
    let policy = Retry::expo().clock(TestClock::new());
    assert_send(&policy.begin_async::<u8, String>());
    let mut attempts = policy.attempts_async();
    assert_send(&attempts);
    assert_send(&attempts.after(Ok::<u8, String>(7)));
}

/// Polls a step this often and drops it.
macro_rules! drop_after {
    ($polls:expr, $step:expr) => {{
        let mut step = pin!($step);
        for _ in 0..$polls {
            let mut context = Context::from_waker(Waker::noop());
            assert!(step.as_mut().poll(&mut context).is_pending());
        }
    }};
}

#[test]
fn a_step_that_is_dropped_counts_its_attempt_once_whenever_it_was_dropped() {
    let clock = TestClock::manual();
    let policy = Retry::expo().jitter(Jitter::None).clock(&clock).on_try_async(|_| yields(3));
    // Not polled, in the wait, and in the handler of the next attempt.
    for (polls, wait_is_over) in [(0, false), (1, false), (1, true)] {
        let mut attempts = block_on(policy.begin_async());
        assert_eq!(attempts.tries(), 1);
        {
            let mut step = pin!(attempts.after(Err::<(), _>("down")));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                assert!(step.as_mut().poll(&mut context).is_pending());
            }
            if wait_is_over {
                clock.advance(secs(1));
                assert!(step.as_mut().poll(&mut context).is_pending());
            }
        }
        assert_eq!(attempts.tries(), 2, "{polls} polls, wait over: {wait_is_over}");
    }
}

#[test]
fn a_reset_after_a_dropped_step_starts_afresh() {
    let policy = Retry::expo().max_tries(2).jitter(Jitter::None).clock(TestClock::manual());
    let mut attempts = policy.attempts_async();
    drop_after!(1, attempts.after(Err::<(), _>("down")));
    assert_eq!(attempts.tries(), 2);
    attempts.reset();
    assert_eq!(attempts.tries(), 1);
    // The first of two: there is a wait.
    drop_after!(1, attempts.after(Err("down")));
    assert_eq!(block_on(attempts.after(Err("down"))), Break(Err("down")));
}

#[test]
fn a_loop_that_is_over_begins_another_run_when_it_is_reset() {
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let mut attempts = policy.attempts();
    assert_eq!(attempts.after(Ok::<_, &str>(1)), Break(Ok(1)));
    for _ in 0..2 {
        attempts.reset();
        assert_eq!(attempts.after(Err("down")), Continue(()));
        assert_eq!(attempts.after(Err("down")), Break(Err("down")));
    }
}

/// A loop whose type has a name, in a function of its own.
fn give_up<T>(
    attempts: &mut relent::run::Attempts<
        &Retry<relent::wait::Expo, relent::condition::AnyError, (), &TestClock>,
        T,
        &'static str,
    >,
) -> u32 {
    while attempts.after(Err("down")).is_continue() {}
    attempts.tries()
}

#[test]
fn a_loop_can_be_handed_to_a_function() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_tries(4).clock(&clock);
    assert_eq!(give_up::<u8>(&mut policy.attempts()), 4);
}

#[test]
fn a_loop_in_line_shows_where_it_is_and_how_far() {
    let policy = Retry::expo().target("stream").clock(TestClock::new());
    let mut attempts = policy.attempts();
    assert_eq!(format!("{attempts:?}"), r#"Attempts { target: "stream", tries: 1, .. }"#);
    assert!(attempts.after(Err::<(), _>("down")).is_continue());
    assert_eq!(format!("{attempts:?}"), r#"Attempts { target: "stream", tries: 2, .. }"#);

    let begin = policy.begin_async::<u8, &str>();
    assert_eq!(format!("{begin:?}"), r#"Begin { target: "stream", .. }"#);
    let mut attempts = policy.attempts_async();
    let after = attempts.after(Ok::<u8, &str>(7));
    let expected = r#"After { attempts: AttemptsAsync { target: "stream", tries: 1, .. }, .. }"#;
    assert_eq!(format!("{after:?}"), expected);
}

#[test]
fn a_loop_that_ends_its_attempts_at_the_deadline_makes_none_there() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).max_time(secs(10)).jitter(Jitter::None).clock(&clock);
    let mut blocking = policy.attempts().leave_time_for_attempts();
    let waited = [Continue(()), Continue(()), Break(Err("down"))];
    assert_eq!(waited.each_ref().map(|_| blocking.after(Err::<(), _>("down"))), waited);
    assert_eq!((blocking.stopped(), clock.elapsed()), (Some(StopReason::MaxTime), secs(8)));

    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).max_time(secs(10)).jitter(Jitter::None).clock(&clock);
    let mut awaited = policy.attempts_async().leave_time_for_attempts();
    assert_eq!(waited.each_ref().map(|_| block_on(awaited.after(Err::<(), _>("down")))), waited);
    assert_eq!((awaited.stopped(), clock.elapsed()), (Some(StopReason::MaxTime), secs(8)));
    assert_eq!(awaited.remaining(), Some(secs(2)));
}

#[test]
fn an_attempt_that_takes_all_of_the_time_is_the_last_one() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).max_time(secs(10)).clock(&clock);
    let policy = policy.retry_if(|_: &&str| false);
    let mut attempts = policy.attempts_async().leave_time_for_attempts();
    clock.advance(secs(10));
    assert_eq!(block_on(attempts.after(Err::<(), _>("timed out"))), Break(Err("timed out")));
    assert_eq!(attempts.stopped(), Some(StopReason::MaxTime));
}

#[test]
fn without_a_deadline_there_is_time_for_any_attempt() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).max_tries(3).jitter(Jitter::None).clock(&clock);
    let mut attempts = policy.attempts().leave_time_for_attempts();
    while attempts.after(Err::<(), _>("down")).is_continue() {}
    assert_eq!((attempts.stopped(), attempts.elapsed()), (Some(StopReason::MaxTries), None));
}
