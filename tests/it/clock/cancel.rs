//! Runs that others end, beyond what `support::play` compares: in the middle of a wait.

use std::cell::Cell;
use std::future::Future;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use relent::{Cancel, Details, Jitter, Retry, StopReason, TestClock};

use crate::support::{BUSY, Fault, at_once, counting_waker, letter, panic_of, play, secs};

type Log = Mutex<Vec<(char, u32, Option<StopReason>)>>;

fn note<T, E>(log: &Log) -> impl FnMut(&Details<'_, T, E>) + Send {
    |d| log.lock().unwrap().push((letter(d.event), d.tries, d.reason))
}

macro_rules! noted {
    ($policy:expr, $log:expr) => {
        $policy
            .on_try(note($log))
            .on_success(note($log))
            .on_backoff(note($log))
            .on_giveup(note($log))
    };
}

/// What is told of a run that was cancelled in its second wait.
const CUT_SHORT: [(char, u32, Option<StopReason>); 5] = [
    ('T', 1, None),
    ('B', 1, None),
    ('T', 2, None),
    ('B', 2, None),
    ('G', 2, Some(StopReason::Cancelled)),
];

#[test]
fn a_run_that_is_cancelled_in_an_attempt_ends_with_it() {
    let shutdown = at_once(Err(Fault::Shutdown));
    let story = play(Retry::expo(), &[BUSY[0], BUSY[0], shutdown]);
    assert_eq!((story.calls, story.result), (3, Err(Fault::Shutdown)));
    assert_eq!(story.end().reason, Some(StopReason::Cancelled));
}

#[test]
fn what_would_have_ended_the_run_anyhow_is_the_reason() {
    let shutdown = [at_once(Err(Fault::Shutdown))];
    let reasons = [
        play(Retry::expo().max_tries(1), &shutdown).end().reason,
        play(Retry::expo().max_time(Duration::ZERO), &shutdown).end().reason,
        play(Retry::expo().retry_if(|_: &Fault| false), &shutdown).end().reason,
    ];
    assert_eq!(
        reasons,
        [StopReason::MaxTries, StopReason::MaxTime, StopReason::NotRetryable].map(Some)
    );
}

#[test]
fn a_success_is_a_success_though_the_run_was_cancelled() {
    let cancel = Cancel::new();
    cancel.cancel();
    let policy = Retry::expo().clock(TestClock::new()).cancelled_by(&cancel);
    assert_eq!(policy.run(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!(block_on(policy.run_async(async || Ok::<_, ()>(7))), Ok(7));
}

#[test]
fn a_run_that_was_cancelled_before_makes_one_attempt() {
    let (cancel, calls) = (Cancel::new(), Cell::new(0));
    cancel.cancel();
    let policy = Retry::expo().clock(TestClock::new()).cancelled_by(&cancel);
    let attempt = || {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    };
    policy.run(attempt).unwrap_err();
    block_on(policy.run_async(async || attempt())).unwrap_err();
    assert_eq!(calls.get(), 2);
}

/// Cancels as soon as the run waits for an hour.
fn cancel_in_the_wait(clock: &TestClock, cancel: &Cancel, waits: usize) {
    while clock.waits().len() < waits {
        thread::yield_now();
    }
    cancel.cancel();
}

#[test]
fn a_blocking_wait_on_a_clock_that_stands_still_is_cut_short() {
    let (clock, cancel, log) = (TestClock::manual(), Cancel::new(), Log::default());
    let policy = Retry::constant(secs(3600)).jitter(Jitter::None).clock(&clock);
    let policy = noted!(policy.cancelled_by(&cancel), &log);
    thread::scope(|scope| {
        scope.spawn(|| {
            while clock.waits().is_empty() {
                thread::yield_now();
            }
            clock.advance(secs(3600));
            cancel_in_the_wait(&clock, &cancel, 2);
        });
        assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
    });
    assert_eq!(*log.lock().unwrap(), CUT_SHORT);
    assert_eq!(clock.waits(), [secs(3600); 2]);
}

#[test]
fn a_blocking_wait_of_the_system_is_cut_short_at_once() {
    let (cancel, log) = (Cancel::new(), Log::default());
    let (sender, receiver) = mpsc::channel();
    let policy = Retry::constant(Duration::MAX).jitter(Jitter::None).cancelled_by(&cancel);
    let policy = noted!(policy, &log).on_backoff(move |_| sender.send(()).unwrap());
    thread::scope(|scope| {
        scope.spawn({
            let cancel = &cancel;
            move || {
                receiver.recv().unwrap();
                cancel.cancel();
            }
        });
        let began = Instant::now();
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        assert!(began.elapsed() < secs(60));
    });
    assert_eq!(
        *log.lock().unwrap(),
        [('T', 1, None), ('B', 1, None), ('G', 1, Some(StopReason::Cancelled))],
    );
}

#[test]
fn a_wait_of_the_system_that_nobody_cancels_takes_its_time() {
    let wait = Duration::from_millis(5);
    let policy = Retry::constant(wait).jitter(Jitter::None).max_tries(2);
    let policy = policy.cancelled_by(&Cancel::new());
    let began = Instant::now();
    assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
    assert!(began.elapsed() >= wait);
}

#[test]
fn an_async_wait_is_cut_short_and_the_task_is_woken() {
    let (woken, waker) = counting_waker();
    let mut context = Context::from_waker(&waker);
    let (clock, cancel, log) = (TestClock::manual(), Cancel::new(), Log::default());
    let policy = Retry::constant(secs(3600)).jitter(Jitter::None).clock(&clock);
    let policy = noted!(policy.cancelled_by(&cancel), &log);
    let mut run = pin!(policy.run_async(async || Err::<(), _>(String::from("down"))));
    assert!(run.as_mut().poll(&mut context).is_pending());
    clock.advance(secs(3600));
    assert!(run.as_mut().poll(&mut context).is_pending());
    let before = woken.count();
    cancel.cancel();
    assert_eq!(woken.count(), before + 1);
    assert_eq!(run.as_mut().poll(&mut context), Poll::Ready(Err(String::from("down"))));
    assert_eq!(*log.lock().unwrap(), CUT_SHORT);
}

#[tokio::test(start_paused = true)]
async fn a_wait_on_tokio_is_cut_short() {
    let cancel = Cancel::new();
    let policy = Retry::constant(secs(3600)).jitter(Jitter::None).cancelled_by(&cancel);
    let began = tokio::time::Instant::now();
    let run = tokio::spawn(policy.into_run_async(async || Err::<(), _>("down")));
    tokio::time::sleep(secs(4000)).await;
    cancel.cancel();
    assert_eq!(run.await.unwrap(), Err("down"));
    assert!(began.elapsed() < secs(4001));
}

#[test]
fn in_line_loops_end_with_their_last_outcome() {
    let (clock, cancel, log) = (TestClock::manual(), Cancel::new(), Log::default());
    let policy = Retry::constant(secs(3600)).jitter(Jitter::None).clock(&clock);
    let policy = noted!(policy.cancelled_by(&cancel), &log);
    thread::scope(|scope| {
        scope.spawn(|| cancel_in_the_wait(&clock, &cancel, 1));
        let mut attempts = policy.attempts();
        assert_eq!(attempts.after(Err::<(), _>("down")), Break(Err("down")));
    });
    assert_eq!(log.lock().unwrap().last(), Some(&('G', 1, Some(StopReason::Cancelled))));

    let cancel = Cancel::new();
    let policy = Retry::constant(secs(1)).clock(TestClock::new()).cancelled_by(&cancel);
    block_on(async {
        let mut attempts = policy.attempts_async();
        assert_eq!(attempts.after(Err::<(), _>("down")).await, Continue(()));
        cancel.cancel();
        assert_eq!(attempts.after(Err("still down")).await, Break(Err("still down")));
    });
}

#[test]
fn a_handler_may_cancel_its_own_run_and_nothing_is_slept() {
    for is_async in [false, true] {
        let (clock, cancel, log) = (TestClock::new(), Cancel::new(), Log::default());
        let policy = Retry::constant(secs(3600)).clock(&clock).cancelled_by(&cancel);
        let policy = noted!(policy, &log).on_backoff(|_| cancel.cancel());
        let outcome = if is_async {
            block_on(policy.run_async(async || Err::<(), _>("down")))
        } else {
            policy.run(|| Err::<(), _>("down"))
        };
        assert_eq!((outcome, clock.waits()), (Err("down"), vec![]));
        assert_eq!(log.lock().unwrap().last(), Some(&('G', 1, Some(StopReason::Cancelled))));
    }
}

#[test]
fn any_of_several_handles_cuts_the_wait_short() {
    for which in 0..3 {
        let (clock, cancels) = (TestClock::manual(), [(); 3].map(|()| Cancel::new()));
        let policy = Retry::constant(secs(3600)).clock(&clock);
        let policy = policy.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
        let policy = policy.cancelled_by(&cancels[2]);
        thread::scope(|scope| {
            scope.spawn(|| cancel_in_the_wait(&clock, &cancels[which], 1));
            assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
        });
        let cancelled = cancels.each_ref().map(Cancel::is_cancelled);
        assert_eq!(cancelled.map(u8::from).iter().sum::<u8>(), 1);

        let cancels = [(); 2].map(|()| Cancel::new());
        let clock = TestClock::manual();
        let policy = Retry::constant(secs(3600)).clock(&clock);
        let policy = policy.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
        let mut run = pin!(policy.run_async(async || Err::<(), _>("down")));
        let mut context = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut context).is_pending());
        cancels[which % 2].cancel();
        assert_eq!(run.as_mut().poll(&mut context), Poll::Ready(Err("down")));
    }
}

#[test]
fn one_handle_ends_the_waits_of_many_runs() {
    let (clock, cancel) = (TestClock::manual(), Cancel::new());
    let policy = Retry::constant(secs(3600)).clock(&clock).cancelled_by(&cancel);
    thread::scope(|scope| {
        let runs: Vec<_> = (0..16)
            .map(|n| {
                (
                    n,
                    scope.spawn({
                        let policy = &policy;
                        move || policy.run(|| Err::<(), _>(n))
                    }),
                )
            })
            .collect();
        cancel_in_the_wait(&clock, &cancel, 16);
        for (n, run) in runs {
            assert_eq!(run.join().unwrap(), Err(n));
        }
    });
}

#[test]
fn an_outcome_is_let_go_of_before_a_wait_that_cannot_be_cut_short() {
    struct Lock<'a>(&'a Cell<bool>);
    impl Drop for Lock<'_> {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }
    struct Watch<'a>(&'a Cell<bool>, &'a Cell<Option<bool>>);
    impl relent::BlockingClock for Watch<'_> {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) {
            self.1.set(Some(self.0.get()));
        }
    }
    let (held, seen) = (Cell::new(false), Cell::new(None));
    let attempt = || {
        held.set(true);
        Err::<(), _>(Lock(&held))
    };
    let policy = Retry::expo().max_tries(2).clock(Watch(&held, &seen));
    assert!(policy.run(attempt).is_err());
    assert_eq!(seen.take(), Some(false));
    // Where it can, the run may have to return it.
    let policy = Retry::expo().max_tries(2).clock(Watch(&held, &seen));
    assert!(policy.cancelled_by(&Cancel::new()).run(attempt).is_err());
    assert_eq!(seen.take(), Some(true));
}

#[test]
fn an_outcome_that_is_kept_through_a_wait_is_dropped_with_the_run_and_once() {
    struct Counted<'a>(&'a Cell<u32>);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Cell::new(0);
    let (clock, cancel) = (TestClock::manual(), Cancel::new());
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).clock(&clock).cancelled_by(&cancel);
    // Dropped in the second wait: the first outcome went with the first wait.
    {
        let mut run = pin!(policy.run_async(async || Err::<(), _>(Counted(&dropped))));
        let mut context = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut context).is_pending());
        assert_eq!(dropped.get(), 0);
        clock.advance(secs(1));
        assert!(run.as_mut().poll(&mut context).is_pending());
        assert_eq!(dropped.get(), 1);
    }
    assert_eq!(dropped.take(), 2);
    // Cut short: the outcome is returned.
    let mut run = Box::pin(policy.run_async(async || Err::<(), _>(Counted(&dropped))));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    cancel.cancel();
    let Poll::Ready(Err(returned)) = run.as_mut().poll(&mut context) else {
        panic!("it was cut short")
    };
    assert_eq!(dropped.get(), 0);
    drop(run);
    assert_eq!(dropped.get(), 0);
    drop(returned);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_run_that_is_dropped_in_its_wait_leaves_no_waker_behind() {
    struct Never;
    impl Wake for Never {
        fn wake(self: Arc<Self>) {
            panic!("nobody waits any more");
        }
    }
    let waker = Arc::new(Never);
    let (clock, cancel) = (TestClock::manual(), Cancel::new());
    let policy = Retry::constant(secs(3600)).clock(&clock).cancelled_by(&cancel);
    {
        let mut run = pin!(policy.run_async(async || Err::<(), _>("down")));
        let polled = Waker::from(Arc::clone(&waker));
        assert!(run.as_mut().poll(&mut Context::from_waker(&polled)).is_pending());
    }
    cancel.cancel();
}

/// A waker that panics.
struct Broken;

impl Wake for Broken {
    fn wake(self: Arc<Self>) {
        panic!("a waker is broken")
    }
}

#[test]
fn a_waker_that_panics_costs_no_other_run_its_wake_up() {
    let (clock, cancel) = (TestClock::manual(), Cancel::new());
    let policy = Retry::constant(secs(3600)).clock(&clock).cancelled_by(&cancel);
    let (woken, counting) = counting_waker();
    let broken = Waker::from(Arc::new(Broken));
    let wakers = [&counting, &broken, &counting, &broken, &counting];
    let mut runs = wakers.map(|_| Box::pin(policy.run_async(async || Err::<(), _>("down"))));
    for (run, waker) in runs.iter_mut().zip(wakers) {
        assert!(run.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    assert_eq!(panic_of(|| cancel.cancel()), "a waker is broken");
    assert_eq!(woken.count(), 3);
    for run in &mut runs {
        assert!(run.as_mut().poll(&mut Context::from_waker(&counting)).is_ready());
    }
}

#[test]
fn a_waker_that_panics_reaches_no_handle_through_which_others_wait() {
    let cancels = [Cancel::new(), Cancel::new()];
    let (clock, broken) = (TestClock::manual(), Waker::from(Arc::new(Broken)));
    let policy = Retry::constant(secs(3600)).clock(&clock).cancelled_by(&cancels[0]);
    let mut run = pin!(policy.run_async(async || Err::<(), _>("down")));
    assert!(run.as_mut().poll(&mut Context::from_waker(&broken)).is_pending());
    let both = policy.cancelled_by(&cancels[1]);
    thread::scope(|scope| {
        let blocked = scope.spawn(|| both.run(|| Err::<(), _>("down")));
        while clock.waits().len() < 2 {
            thread::yield_now();
        }
        assert_eq!(panic_of(|| cancels[0].cancel()), "a waker is broken");
        assert_eq!(blocked.join().unwrap(), Err("down"));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_end_when_one_handle_says_so() {
    let cancel = Cancel::new();
    let policy = Arc::new(Retry::constant(secs(3600)).jitter(Jitter::None).cancelled_by(&cancel));
    let tasks: Vec<_> = (0..1000)
        .map(|n| {
            let policy = Arc::clone(&policy);
            tokio::spawn(async move { policy.run_async(async || Err::<(), _>(n)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    cancel.cancel();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), Err(n));
    }
}

#[test]
fn a_waker_may_cancel_where_it_is_dropped() {
    use std::sync::LazyLock;

    static CANCEL: LazyLock<Cancel> = LazyLock::new(Cancel::new);
    struct Cancels;
    impl Wake for Cancels {
        fn wake(self: Arc<Self>) {
            CANCEL.cancel();
        }
    }
    // Its destructor and its wake are foreign code, which may come back to the handle.
    impl Drop for Cancels {
        fn drop(&mut self) {
            CANCEL.cancel();
        }
    }
    let policy = Retry::constant(secs(3600)).clock(TestClock::manual()).cancelled_by(&CANCEL);
    let mut run = pin!(policy.run_async(async || Err::<(), _>("down")));
    for _ in 0..2 {
        let waker = Waker::from(Arc::new(Cancels));
        let _ = run.as_mut().poll(&mut Context::from_waker(&waker));
    }
    assert!(CANCEL.is_cancelled());
}

/// Of two handles, each cancels: in an attempt and in a wait, blocking and async.
#[test]
fn each_of_two_handles_ends_every_kind_of_run() {
    for which in [0, 1] {
        let cancels = [Cancel::new(), Cancel::new()];
        let clock = TestClock::manual();
        let policy = Retry::constant(secs(3600)).jitter(Jitter::None).max_tries(2).clock(&clock);
        let policy = policy.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
        let explained = policy.explain();
        let mut run = pin!(explained.run_async(async || Err::<(), _>("down")));
        let (woken, waker) = counting_waker();
        let mut context = Context::from_waker(&waker);
        assert!(run.as_mut().poll(&mut context).is_pending());
        cancels[which].cancel();
        assert!(woken.count() > 0, "handle {which}");
        let Poll::Ready(Err(end)) = run.as_mut().poll(&mut context) else {
            panic!("handle {which} does not end an async wait")
        };
        assert_eq!((end.reason(), end.tries()), (StopReason::Cancelled, 1));
        // It has been cancelled before the first attempt.
        let ends = [
            policy.explain().run(|| Err::<(), _>("down")).unwrap_err(),
            block_on(policy.explain().run_async(async || Err::<(), _>("down"))).unwrap_err(),
        ];
        for end in ends {
            assert_eq!((end.reason(), end.tries()), (StopReason::Cancelled, 1), "handle {which}");
        }
        assert_eq!(clock.waits().len(), 1);
    }
}

#[test]
fn each_of_two_handles_ends_a_blocking_wait() {
    for which in [0, 1] {
        let cancels = [Cancel::new(), Cancel::new()];
        let clock = TestClock::manual();
        let policy = Retry::constant(secs(3600)).jitter(Jitter::None).clock(&clock);
        let policy = policy.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
        thread::scope(|scope| {
            let run = scope.spawn(|| policy.explain().run(|| Err::<(), _>("down")).unwrap_err());
            cancel_in_the_wait(&clock, &cancels[which], 1);
            // Long before the other handle is cancelled, which ends a test that has failed.
            let began = Instant::now();
            while !run.is_finished() && began.elapsed() < secs(30) {
                thread::yield_now();
            }
            let is_cut_short = run.is_finished();
            cancels[1 - which].cancel();
            assert!(is_cut_short, "handle {which}");
            assert_eq!(run.join().unwrap().reason(), StopReason::Cancelled);
        });
    }
}

#[test]
fn one_handle_ends_the_blocking_waits_of_many_threads() {
    const THREADS: usize = 4;
    let (cancel, ended) = (Cancel::new(), AtomicUsize::new(0));
    let (sender, receiver) = mpsc::channel();
    // Long enough to differ from a wait that is cut short, and short enough to be slept in full if the test fails.
    let policy = Retry::constant(secs(20)).jitter(Jitter::None).cancelled_by(&cancel);
    let policy = policy.on_backoff(move |_| sender.send(()).unwrap());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                policy.run(|| Err::<(), _>("down")).unwrap_err();
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        for _ in 0..THREADS {
            receiver.recv().unwrap();
        }
        // There is no way to observe that a thread has gone to sleep.
        thread::sleep(Duration::from_millis(20));
        cancel.cancel();
        let began = Instant::now();
        while ended.load(Ordering::Relaxed) < THREADS && began.elapsed() < secs(10) {
            thread::yield_now();
        }
        assert_eq!(ended.load(Ordering::Relaxed), THREADS);
    });
}

#[test]
fn a_cancel_does_not_end_the_time_of_an_attempt() {
    let (clock, cancel) = (TestClock::manual(), Cancel::new());
    let policy = Retry::expo().max_tries(1).clock(&clock).cancelled_by(&cancel);
    let timed = policy.attempt_timeout(secs(5));
    let mut run = pin!(timed.run_async(std::future::pending::<Result<(), Fault>>));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    cancel.cancel();
    assert!(run.as_mut().poll(&mut context).is_pending());
    clock.advance(secs(5));
    assert_eq!(run.as_mut().poll(&mut context), Poll::Ready(Err(Fault::TooSlow)));
}

/// One thread cancels while another one begins one wait after the other.
#[test]
fn a_wait_that_begins_while_it_is_cancelled_is_always_woken() {
    let began = Instant::now();
    let (sender, receiver) = mpsc::sync_channel::<Cancel>(1);
    let (turn, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for (n, cancel) in receiver.into_iter().enumerate() {
                while turn.load(Ordering::Acquire) <= n {
                    std::hint::spin_loop();
                }
                cancel.cancel();
                done.store(n + 1, Ordering::Release);
            }
        });
        let sender = sender;
        let mut rounds = 0;
        while rounds < 5000 && began.elapsed() < Duration::from_millis(400) {
            let (clock, cancel) = (TestClock::manual(), Cancel::new());
            let policy = Retry::expo().clock(&clock).cancelled_by(&cancel);
            let attempts = policy.attempts_async::<(), ()>();
            let mut waits: [_; 32] = std::array::from_fn(|_| {
                let (woken, waker) = counting_waker();
                (Box::pin(attempts.timer(secs(1))), woken, waker)
            });
            sender.send(cancel.clone()).unwrap();
            turn.store(rounds + 1, Ordering::Release);
            let pending = waits.each_mut().map(|(wait, _, waker)| {
                wait.as_mut().poll(&mut Context::from_waker(waker)).is_pending()
            });
            while done.load(Ordering::Acquire) <= rounds {
                thread::yield_now();
            }
            for (is_pending, (_, woken, _)) in pending.into_iter().zip(&waits) {
                assert!(!is_pending || woken.count() > 0, "a wake-up was lost in round {rounds}");
            }
            rounds += 1;
        }
    });
}
