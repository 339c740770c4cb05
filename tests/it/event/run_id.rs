//! The identity of a run, and the duration of its attempts, as observers see them.

use std::collections::HashSet;
use std::future::{Future, pending, ready};
use std::ops::ControlFlow::Break;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::run::Decision;
use relent::{
    BlockingClock, Budget, Cancel, Condition, Details, EventKind, Jitter, Observe, Progress, Retry,
    RunId, StopReason, TestClock, Verdict,
};

use crate::support::{millis, secs};

/// What an observer sees of an event.
type Seen = (EventKind, u32, Option<Duration>, Option<RunId>);

#[derive(Default)]
struct See(Mutex<Vec<Seen>>);

impl See {
    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The durations of the attempts, of a single run.
    fn durations(&self) -> Vec<(EventKind, Option<Duration>)> {
        let seen = self.take();
        let runs: HashSet<_> = seen.iter().map(|(.., run)| run.unwrap()).collect();
        assert_eq!(runs.len(), 1);
        seen.into_iter().map(|(event, _, duration, _)| (event, duration)).collect()
    }
}

impl<T, E> Observe<T, E> for See {
    fn on_event(&self, d: &Details<'_, T, E>) {
        self.0.lock().unwrap().push((d.event, d.tries, d.attempt_duration, d.run));
    }
}

const POLICY: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

use EventKind::{Backoff, GiveUp, Success, Try};

/// Attempts of 10, 20 and 30 ms, the first two of which fail.
fn expected() -> [(EventKind, Option<Duration>); 6] {
    [
        (Try, None),
        (Backoff, Some(millis(10))),
        (Try, None),
        (Backoff, Some(millis(20))),
        (Try, None),
        (Success, Some(millis(30))),
    ]
}

struct Server {
    clock: TestClock,
    calls: u64,
}

impl Server {
    fn call(&mut self) -> Result<u64, &'static str> {
        self.calls += 1;
        self.clock.advance(millis(10 * self.calls));
        if self.calls < 3 { Err("busy") } else { Ok(self.calls) }
    }
}

#[test]
fn each_form_of_a_run_shows_how_long_its_attempts_took() {
    let see = See::default();
    let new = || {
        let clock = TestClock::new();
        (POLICY.clock(clock.clone()).observe(&see), Server { clock, calls: 0 })
    };

    let (policy, mut server) = new();
    policy.run(|| server.call()).unwrap();
    assert_eq!(see.durations(), expected(), "run");

    let (policy, mut server) = new();
    block_on(policy.run_async(|| ready(server.call()))).unwrap();
    assert_eq!(see.durations(), expected(), "run_async");

    let (policy, mut server) = new();
    let timed = policy.attempt_timeout_with(secs(9), |_| "late");
    block_on(timed.run_async(|| ready(server.call()))).unwrap();
    assert_eq!(see.durations(), expected(), "attempt_timeout");

    let (policy, mut server) = new();
    let mut attempts = policy.attempts();
    while attempts.after(server.call()).is_continue() {}
    assert_eq!(see.durations(), expected(), "attempts().after");

    let (policy, mut server) = new();
    let mut attempts = policy.attempts_async();
    block_on(async { while attempts.after(server.call()).await.is_continue() {} });
    assert_eq!(see.durations(), expected(), "attempts_async().after");

    let (policy, mut server) = new();
    block_on(async {
        let mut attempts = policy.begin_async().await;
        while attempts.after(server.call()).await.is_continue() {}
    });
    assert_eq!(see.durations(), expected(), "begin_async");

    let (policy, mut server) = new();
    let mut attempts = policy.attempts();
    loop {
        attempts.next_try().unwrap();
        match attempts.decide(&server.call()) {
            Decision::Backoff(wait) => attempts.sleep(wait),
            decision => break assert_eq!(decision, Decision::Done),
        }
    }
    assert_eq!(see.durations(), expected(), "next_try and decide");

    let (policy, mut server) = new();
    let mut attempts = policy.attempts_async();
    let clock = server.clock.clone();
    while let Decision::Backoff(wait) = attempts.decide(&server.call()) {
        clock.sleep(wait);
        attempts.next_try().unwrap();
    }
    assert_eq!(see.durations(), expected(), "async next_try and decide");
}

#[test]
fn an_attempt_that_began_unannounced_has_no_duration() {
    let see = See::default();
    let clock = TestClock::new();
    let policy = POLICY.clock(clock.clone()).observe(&see);
    let mut server = Server { clock, calls: 0 };
    let mut attempts = policy.attempts();
    while let Decision::Backoff(wait) = attempts.decide(&server.call()) {
        attempts.sleep(wait);
    }
    let mut unannounced = expected();
    unannounced[3].1 = None;
    unannounced[5].1 = None;
    assert_eq!(see.durations(), unannounced);

    // The same where `after` passes the outcomes on.
    server.calls = 0;
    let mut attempts = policy.attempts_async();
    let Decision::Backoff(wait) = attempts.decide(&server.call()) else { panic!("a back-off") };
    server.clock.sleep(wait);
    assert!(block_on(attempts.after(server.call())).is_continue());
    assert!(block_on(attempts.after(server.call())).is_break());
    unannounced[5].1 = Some(millis(30));
    assert_eq!(see.durations(), unannounced);
}

#[test]
fn a_give_up_after_a_wait_shows_the_attempt_before_it() {
    let see = See::default();
    let cancel = Cancel::new();
    let clock = TestClock::new();
    let policy = POLICY
        .clock(clock.clone())
        .observe(&see)
        .on_backoff(|_| cancel.cancel())
        .cancelled_by(&cancel);
    let mut server = Server { clock: clock.clone(), calls: 0 };
    // The retry is refused at once: the handler cancels before the wait.
    policy.run(|| server.call()).unwrap_err();
    let of_one = [(Try, None), (Backoff, Some(millis(10))), (GiveUp, Some(millis(10)))];
    assert_eq!(see.durations(), of_one);

    let policy = POLICY
        .max_time(secs(1))
        .no_attempt_after_deadline()
        .first_wait(millis(500))
        .clock(clock.clone())
        .observe(&see)
        .on_backoff(|_| clock.advance(secs(5)));
    let mut server = Server { clock: clock.clone(), calls: 0 };
    policy.run(|| server.call()).unwrap_err();
    assert_eq!(see.durations(), of_one);
    let mut server = Server { clock: clock.clone(), calls: 0 };
    block_on(policy.run_async(|| ready(server.call()))).unwrap_err();
    assert_eq!(see.durations(), of_one);
}

#[test]
fn the_time_of_handlers_is_not_that_of_the_attempt() {
    let see = See::default();
    let clock = TestClock::new();
    let slow = |_: &Details<'_, u64, &str>| clock.advance(secs(1));
    let policy =
        POLICY.clock(clock.clone()).on_try(slow).on_backoff(slow).on_success(slow).observe(&see);
    let mut server = Server { clock: clock.clone(), calls: 0 };
    policy.run(|| server.call()).unwrap();
    assert_eq!(see.durations(), expected());
    let slow = |_: &Details<'_, u64, &str>| {
        let clock = clock.clone();
        async move { clock.advance(secs(1)) }
    };
    let policy =
        POLICY.clock(clock.clone()).on_try_async(slow).on_backoff_async(slow).observe(&see);
    let mut server = Server { clock: clock.clone(), calls: 0 };
    block_on(policy.run_async(|| ready(server.call()))).unwrap();
    assert_eq!(see.durations(), expected());
    let mut server = Server { clock: clock.clone(), calls: 0 };
    block_on(async {
        let mut attempts = policy.begin_async().await;
        while attempts.after(server.call()).await.is_continue() {}
    });
    assert_eq!(see.durations(), expected());
}

#[test]
fn runs_that_overlap_can_be_told_apart() {
    let see = See::default();
    let policy = POLICY.clock(TestClock::new()).observe(&see);
    let mut first = policy.attempts();
    let mut second = policy.attempts();
    assert!(first.after(Err::<(), _>("busy")).is_continue());
    assert!(second.after(Err::<(), _>("busy")).is_continue());
    assert!(matches!(first.after(Ok(())), Break(Ok(()))));
    assert!(matches!(second.after(Ok(())), Break(Ok(()))));
    let runs: Vec<_> = see.take().into_iter().map(|(.., run)| run.unwrap()).collect();
    let [one, other] = [runs[0], runs[1]];
    assert_ne!(one, other);
    assert_eq!(runs, [one, other, one, one, other, other, one, other]);
    // A run that begins after the end of another is a new one, and so is one after a reset.
    assert!(first.after(Ok(())).is_break());
    second.reset();
    assert!(second.after(Ok(())).is_break());
    let later: HashSet<_> = see.take().into_iter().map(|(.., run)| run.unwrap()).collect();
    assert_eq!(later.len(), 2);
    assert!(!later.contains(&one) && !later.contains(&other));
}

#[test]
fn runs_on_many_threads_have_different_identities() {
    let see = See::default();
    let policy = Arc::new(POLICY.clock(TestClock::new()).observe(&see));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let policy = Arc::clone(&policy);
            scope.spawn(move || {
                for _ in 0..100 {
                    policy.run(|| Ok::<_, ()>(())).unwrap();
                }
            });
        }
    });
    let runs: HashSet<_> = see.take().into_iter().map(|(.., run)| run.unwrap()).collect();
    assert_eq!(runs.len(), 800);
}

#[test]
fn a_run_that_is_kept_elsewhere_has_no_identity_and_no_durations() {
    let see = See::default();
    let policy = POLICY.observe(&see);
    let mut progress = Progress::default();
    policy.decide(&mut progress, &Err::<(), _>("busy"));
    policy.decide(&mut progress, &Ok::<_, &str>(()));
    assert_eq!(see.take(), [(Backoff, 1, None, None), (Success, 2, None, None)]);
}

/// The outcome that a run of these tests retries.
const BUSY: Result<u64, &str> = Err("busy");

fn waker() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[test]
fn an_attempt_that_was_not_announced_to_the_end_has_not_the_duration_of_the_one_before() {
    // A handler panics on the second try, and the loop catches it.
    let (see, clock) = (See::default(), TestClock::new());
    let policy = POLICY.clock(&clock).observe(&see).on_try(|d: &Details<'_, u64, &str>| {
        assert!(d.tries != 2, "the second");
    });
    let mut attempts = policy.attempts();
    clock.advance(secs(3));
    catch_unwind(AssertUnwindSafe(|| attempts.after(BUSY))).unwrap_err();
    clock.advance(secs(7));
    assert!(attempts.after(BUSY).is_continue());
    let durations = see.durations();
    assert_eq!(durations[1], (Backoff, Some(secs(3))));
    assert_eq!(durations[3], (Backoff, None));

    // An async handler of the second try is not awaited to its end.
    let policy = POLICY.clock(&clock).observe(&see).on_try_async(|d: &Details<'_, u64, &str>| {
        let is_second = d.tries == 2;
        async move {
            if is_second {
                pending::<()>().await;
            }
        }
    });
    let mut attempts = block_on(policy.begin_async());
    clock.advance(secs(3));
    let mut after = Box::pin(attempts.after(BUSY));
    for _ in 0..3 {
        assert!(after.as_mut().poll(&mut waker()).is_pending());
    }
    drop(after);
    clock.advance(secs(7));
    assert!(block_on(attempts.after(BUSY)).is_continue());
    let durations = see.durations();
    assert_eq!(durations[1], (Backoff, Some(secs(3))));
    assert_eq!(durations[3], (Backoff, None));
}

#[test]
fn an_attempt_whose_outcome_was_never_judged_has_no_duration() {
    let (see, clock, cancel) = (See::default(), TestClock::new(), Cancel::new());
    let policy = POLICY.clock(&clock).observe(&see).cancelled_by(&cancel);
    let mut attempts = policy.attempts_async();
    clock.advance(secs(3));
    drop(attempts.after(BUSY));
    clock.advance(secs(100));
    cancel.cancel();
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
    assert_eq!(see.durations(), [(Try, None), (GiveUp, None)]);

    // A handler panics on the back-off.
    let (see, cancel) = (See::default(), Cancel::new());
    let policy = POLICY
        .clock(&clock)
        .observe(&see)
        .on_backoff(|_: &Details<'_, u64, &str>| panic!("a fault of the handler"))
        .cancelled_by(&cancel);
    let mut attempts = policy.attempts();
    clock.advance(secs(3));
    catch_unwind(AssertUnwindSafe(|| attempts.decide(&BUSY))).unwrap_err();
    clock.advance(secs(100));
    cancel.cancel();
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
    assert_eq!(see.durations(), [(Try, None), (Backoff, Some(secs(3))), (GiveUp, None)]);
}

#[test]
fn a_run_that_is_resumed_in_its_first_attempt_shows_the_time_before_it() {
    let (see, clock) = (See::default(), TestClock::new());
    let mut progress = Progress::default();
    progress.elapsed = secs(5);
    let elapsed = Mutex::new(Vec::new());
    let policy = POLICY.clock(&clock).observe(&see).on_try(|d: &Details<'_, u64, &str>| {
        elapsed.lock().unwrap().push(d.elapsed);
    });
    let mut attempts = policy.attempts_from(progress);
    clock.advance(secs(1));
    attempts.decide(&BUSY);
    assert_eq!(see.durations(), [(Try, None), (Backoff, Some(secs(1)))]);
    assert_eq!(*elapsed.lock().unwrap(), [secs(5)]);
    // The same where no observer wants the try.
    let took = Mutex::new(Vec::new());
    let policy = POLICY.clock(&clock).on_backoff(|d: &Details<'_, u64, &str>| {
        took.lock().unwrap().push((d.elapsed, d.attempt_duration));
    });
    let mut attempts = policy.attempts_from_async(progress);
    clock.advance(secs(1));
    attempts.decide(&BUSY);
    assert_eq!(*took.lock().unwrap(), [(secs(6), Some(secs(1)))]);
}

#[test]
fn a_reset_while_an_attempt_is_made_begins_its_time_too() {
    let (see, clock) = (See::default(), TestClock::new());
    let policy = POLICY.clock(&clock).observe(&see);
    let mut attempts = policy.attempts();
    clock.advance(secs(50));
    attempts.reset();
    clock.advance(secs(2));
    attempts.decide(&BUSY);
    assert_eq!(see.take()[1].2, Some(secs(2)));
}

#[test]
fn a_wait_that_is_forgotten_loses_nothing_of_the_run() {
    static BUDGET: Budget = Budget::new();
    let (see, clock) = (See::default(), TestClock::manual());
    let policy = POLICY.clock(&clock).observe(&see).budget(&BUDGET);
    let mut attempts = policy.attempts_async();
    let mut after = Box::pin(attempts.after(BUSY));
    assert!(after.as_mut().poll(&mut waker()).is_pending());
    std::mem::forget(after);
    assert_eq!(BUDGET.available(), 500 - 14);
    assert_eq!(attempts.decide(&Ok(7)), Decision::Done);
    assert_eq!(BUDGET.available(), 500, "the success returns what the retry cost");
    let runs: HashSet<_> = see.take().into_iter().map(|(.., run)| run).collect();
    assert_eq!(runs.len(), 1);
}

#[test]
fn a_condition_that_is_asked_after_the_end_sees_no_duration() {
    struct Ask(Mutex<Vec<Option<Duration>>>);
    impl<T, E> Condition<T, E> for Ask {
        fn judge(&self, d: &Details<'_, T, E>) -> Verdict {
            self.0.lock().unwrap().push(d.attempt_duration);
            Verdict::Retry
        }
    }
    let (see, clock, ask) = (See::default(), TestClock::new(), Ask(Mutex::default()));
    let policy = POLICY.max_tries(1).clock(&clock).condition(&ask).observe(&see);
    let mut attempts = policy.attempts();
    clock.advance(secs(1));
    attempts.decide(&BUSY);
    clock.advance(secs(50));
    attempts.decide(&BUSY);
    assert_eq!(*ask.0.lock().unwrap(), [Some(secs(1)), None]);
}

#[test]
fn a_condition_never_sees_a_duration_that_was_not_measured() {
    struct Ask(Mutex<Vec<Option<Duration>>>, bool);
    impl<T, E> Condition<T, E> for Ask {
        fn judge(&self, d: &Details<'_, T, E>) -> Verdict {
            self.0.lock().unwrap().push(d.attempt_duration);
            if d.error().is_some() { Verdict::Retry } else { Verdict::Accept }
        }

        fn needs_elapsed(&self) -> bool {
            self.1
        }
    }
    for (needs_elapsed, is_observed) in [(false, false), (false, true), (true, false), (true, true)]
    {
        let ask = Ask(Mutex::default(), needs_elapsed);
        let see = See::default();
        let clock = TestClock::new();
        let mut server = Server { clock: clock.clone(), calls: 0 };
        let policy = POLICY.clock(clock).condition(&ask);
        if is_observed {
            policy.observe(&see).run(|| server.call()).unwrap();
        } else {
            policy.run(|| server.call()).unwrap();
        }
        let expected =
            [10, 20, 30].map(|took| (needs_elapsed && is_observed).then(|| millis(took)));
        assert_eq!(*ask.0.lock().unwrap(), expected);
    }
}

/// Counts how often it is read.
struct Counting<'a>(&'a AtomicU32);

impl BlockingClock for Counting<'_> {
    fn now(&self) -> Duration {
        self.0.fetch_add(1, Ordering::Relaxed);
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

#[test]
fn the_clock_is_read_once_more_for_each_retry_that_is_observed() {
    let reads = AtomicU32::new(0);
    let mut fail = 0;
    let mut fails = |times| {
        fail = 0;
        move || {
            fail += 1;
            if fail <= times { Err("busy") } else { Ok(()) }
        }
    };
    let policy = POLICY.seed(1);
    policy.clock(Counting(&reads)).run(fails(2)).unwrap();
    assert_eq!(reads.swap(0, Ordering::Relaxed), 0, "no observers");
    let handler = |_: &Details<'_, (), &str>| {};
    policy.clock(Counting(&reads)).on_backoff(handler).run(fails(0)).unwrap();
    assert_eq!(reads.swap(0, Ordering::Relaxed), 1, "the begin");
    policy.clock(Counting(&reads)).on_backoff(handler).run(fails(2)).unwrap();
    assert_eq!(reads.swap(0, Ordering::Relaxed), 5, "and two for each failure");
}

#[test]
fn a_run_shows_how_long_it_has_been_retrying_once_it_was_retried() {
    let clock = TestClock::new();
    let shown = Mutex::new(Vec::new());
    let note = |d: &Details<'_, u64, &str>| {
        shown.lock().unwrap().push((d.event, d.retry_time()));
    };
    let policy = POLICY.clock(&clock).on_try(note).on_backoff(note).on_success(note);
    let mut calls = 0;
    policy
        .run(|| {
            calls += 1;
            clock.advance(secs(10));
            if calls < 3 { BUSY } else { Ok(7) }
        })
        .unwrap();
    let waits = clock.waits();
    let shown = shown.lock().unwrap();
    assert_eq!(shown[..3], [(Try, None), (Backoff, None), (Try, None)]);
    assert_eq!(shown[3], (Backoff, Some(waits[0] + secs(10))));
    assert_eq!(shown[5], (Success, Some(waits[0] + waits[1] + secs(20))));
}

#[test]
fn a_run_that_is_resumed_does_not_know_when_its_first_attempt_ended() {
    let clock = TestClock::new();
    let shown = Mutex::new(Vec::new());
    let policy = POLICY.clock(&clock).on_backoff(|d: &Details<'_, u64, &str>| {
        shown.lock().unwrap().push(d.retry_time());
    });
    let mut attempts = policy.attempts_from(Progress::new(1));
    attempts.decide(&BUSY);
    drop(attempts);
    assert_eq!(*shown.lock().unwrap(), [None]);
}
