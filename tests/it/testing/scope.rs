//! Scopes in which nothing really waits.

use std::future::{Future, pending};
use std::ops::ControlFlow::Break;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use relent::wait::Constant;
use relent::{AsyncClock, BlockingClock, Cancel, Jitter, Retry, StopReason, TestClock};

use crate::support::{Fault, counting_waker, panic_of, secs, yields};

const HOUR: Duration = secs(3600);

/// A policy that is out of a test's reach, and waits for hours on the system's clock.
static DEEP: Retry<Constant> = Retry::constant(HOUR).jitter(Jitter::None).max_tries(5);

/// A policy's own clock that must not be asked.
struct Untouchable;

impl BlockingClock for Untouchable {
    fn now(&self) -> Duration {
        panic!("the policy's own clock was read")
    }

    fn sleep(&self, _: Duration) {
        panic!("the policy's own clock was waited on")
    }
}

impl AsyncClock for Untouchable {
    type Timer = std::future::Ready<()>;

    fn now(&self) -> Duration {
        panic!("the policy's own clock was read")
    }

    fn timer(&self, _: Duration) -> Self::Timer {
        panic!("the policy's own clock was waited on")
    }
}

#[test]
fn a_scope_moves_every_blocking_run_to_its_clock() {
    let clock = TestClock::new();
    let scope = clock.enter();
    DEEP.run(|| Err::<(), _>("down")).unwrap_err();
    DEEP.clock(Untouchable).max_time(2 * HOUR).run(|| Err::<(), _>("down")).unwrap_err();
    let mut attempts = DEEP.attempts().timed();
    while attempts.after(Err::<(), _>("down")).is_continue() {}
    assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (5, 4 * HOUR));
    drop(scope);
    assert_eq!(clock.waits(), [HOUR; 4 + 2 + 4]);
}

#[test]
fn a_scope_moves_every_async_run_to_its_clock_without_a_runtime() {
    let clock = TestClock::new();
    let deep = async {
        DEEP.run_async(async || Err::<(), _>("down")).await.unwrap_err();
        let policy = DEEP.clock(Untouchable).max_time(2 * HOUR);
        policy.run_async(async || Err::<(), _>("down")).await.unwrap_err();
        let mut attempts = DEEP.attempts_async();
        loop {
            yields(2).await;
            if let Break(end) = attempts.after(Err::<(), _>("down")).await {
                break end;
            }
        }
    };
    block_on(clock.scope(deep)).unwrap_err();
    assert_eq!(clock.waits(), [HOUR; 4 + 2 + 4]);
}

#[test]
fn a_scope_may_cap_the_tries_but_not_raise_them() {
    let clock = TestClock::new();
    let calls = |policy: Retry<Constant>| {
        let (mut calls, mut reason) = (0, None);
        let policy = policy.on_try(|_| calls += 1).on_giveup(|d| reason = d.reason);
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        drop(policy);
        (calls, reason)
    };
    let scope = clock.enter().max_tries(3);
    let max_tries = Some(StopReason::MaxTries);
    assert_eq!(calls(DEEP), (3, max_tries));
    assert_eq!(calls(DEEP.forever()), (3, max_tries));
    assert_eq!(calls(DEEP.max_tries(2)), (2, max_tries));
    assert_eq!(calls(DEEP.max_time(HOUR)), (2, Some(StopReason::MaxTime)));
    drop(scope);
    let run = async { DEEP.explain().run_async(async || Err::<(), _>("down")).await };
    let error = block_on(clock.scope(run).max_tries(3)).unwrap_err();
    assert_eq!((error.tries(), error.reason()), (3, StopReason::MaxTries));
}

#[test]
fn no_tries_at_all_are_refused_as_a_policy_refuses_them() {
    let refused = Retry::expo().try_max_tries(0).unwrap_err().to_string();
    assert_eq!(panic_of(|| TestClock::new().enter().max_tries(0)), refused);
    assert_eq!(panic_of(|| TestClock::new().scope(pending::<()>()).max_tries(0)), refused);
}

#[test]
fn the_innermost_scope_counts_and_the_outer_one_comes_back() {
    let [outer, inner] = [TestClock::new(), TestClock::new()];
    let outermost = outer.enter().max_tries(2);
    let innermost = inner.enter();
    DEEP.run(|| Err::<(), _>("down")).unwrap_err();
    drop(innermost);
    DEEP.run(|| Err::<(), _>("down")).unwrap_err();
    drop(outermost);
    assert_eq!((outer.waits().len(), inner.waits().len()), (1, 4));
}

#[test]
fn a_scope_ends_when_a_run_in_it_panics() {
    let clock = TestClock::new();
    let own = TestClock::new();
    panic_of(|| {
        let _scope = clock.enter();
        DEEP.run(|| -> Result<(), ()> { panic!("boom") })
    });
    panic_of(|| block_on(clock.scope(async { panic!("boom") })));
    DEEP.clock(&own).run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!((clock.waits().len(), own.waits().len()), (0, 4));
}

/// Retries until it gives up when it is dropped, as code that cleans up does.
struct CleansUp;

impl Drop for CleansUp {
    fn drop(&mut self) {
        DEEP.clock(Untouchable).run(|| Err::<(), _>("down")).unwrap_err();
    }
}

#[test]
fn what_runs_while_a_future_is_dropped_is_in_its_scope() {
    let cleans_up = || {
        let kept = CleansUp;
        async move {
            let _kept = kept;
            pending::<()>().await;
        }
    };
    for polls in [0, 1] {
        let clock = TestClock::new();
        let mut future = Box::pin(clock.scope(cleans_up()).max_tries(3));
        for _ in 0..polls {
            let mut context = Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut context).is_pending());
        }
        drop(future);
        assert_eq!(clock.waits(), [HOUR; 2]);
    }
    // The inner scope counts, and none is left behind.
    let [outer, inner, own] = [(); 3].map(|()| TestClock::new());
    drop(outer.scope(inner.scope(cleans_up())));
    DEEP.clock(&own).run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!([&outer, &inner, &own].map(|clock| clock.waits().len()), [0, 4, 4]);
}

#[test]
fn a_scope_ends_when_a_destructor_in_it_panics() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("boom")
        }
    }
    let [clock, own] = [(); 2].map(|()| TestClock::new());
    let kept = Panics;
    let future = clock.scope(async move { drop(kept) });
    panic_of(|| drop(future));
    DEEP.clock(&own).run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!((clock.waits().len(), own.waits().len()), (0, 4));
}

#[test]
fn a_future_in_a_scope_may_be_dropped_while_its_thread_exits() {
    thread_local! {
        static LATE: std::cell::RefCell<Option<relent::testing::InScope<std::future::Pending<()>>>> =
            const { std::cell::RefCell::new(None) };
    }
    let exits = thread::spawn(|| {
        // Registered first, so that it is dropped last.
        LATE.with_borrow_mut(|late| *late = Some(TestClock::new().scope(pending())));
        drop(TestClock::new().enter());
    });
    exits.join().unwrap();
}

#[test]
fn other_threads_are_not_in_the_scope() {
    let (clock, own) = (TestClock::new(), TestClock::new());
    let _scope = clock.enter();
    thread::scope(|scope| {
        scope.spawn(|| DEEP.clock(&own).run(|| Err::<(), _>("down")).unwrap_err());
    });
    assert_eq!((clock.waits().len(), own.waits().len()), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn other_tasks_of_the_thread_are_not_in_the_scope() {
    let (clock, own) = (TestClock::new(), TestClock::new());
    let others = own.clone();
    let inside = async {
        let other = tokio::spawn(async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
                DEEP.clock(&others).run(|| Err::<(), _>("down")).unwrap_err();
            }
        });
        for _ in 0..10 {
            tokio::task::yield_now().await;
            DEEP.run(|| Err::<(), _>("down")).unwrap_err();
        }
        other.await.unwrap();
    };
    clock.scope(inside).await;
    assert_eq!((clock.waits().len(), own.waits().len()), (40, 40));
}

#[test]
fn the_timers_of_attempts_are_the_scopes_and_no_waits() {
    let clock = TestClock::new();
    let timed = DEEP.attempt_timeout(secs(5));
    let run = timed.run_async(pending::<Result<(), Fault>>);
    let mut run = pin!(clock.scope(run).max_tries(2));
    let mut context = Context::from_waker(Waker::noop());
    let mut is_pending = || run.as_mut().poll(&mut context).is_pending();
    assert!(is_pending() && is_pending() && clock.waits().is_empty());
    clock.advance(secs(5));
    assert!(is_pending() && is_pending());
    assert_eq!(clock.waits(), [HOUR]);
    clock.advance(secs(5));
    assert!(!is_pending());
}

#[test]
fn in_a_scope_of_a_manual_clock_a_run_waits_until_it_is_advanced() {
    let clock = TestClock::manual();
    let (sender, receiver) = mpsc::channel();
    let inside = clock.clone();
    let run = thread::spawn(move || {
        let _scope = inside.enter().max_tries(2);
        let outcome = DEEP.run(|| {
            sender.send(()).unwrap();
            Err::<(), _>("down")
        });
        outcome.unwrap_err()
    });
    receiver.recv().unwrap();
    while clock.waits().is_empty() {
        thread::yield_now();
    }
    assert!(receiver.try_recv().is_err());
    clock.advance(HOUR);
    assert_eq!(run.join().unwrap(), "down");
}

#[test]
fn a_run_that_began_before_the_scope_ends_in_it_without_harm() {
    let own = TestClock::new();
    let policy = DEEP.clock(&own).max_time(3 * HOUR);
    let mut attempts = policy.attempts();
    assert!(attempts.after(Err::<(), _>("down")).is_continue());
    let clock = TestClock::new();
    let _scope = clock.enter();
    while attempts.after(Err("down")).is_continue() {}
    assert_eq!(own.waits().len(), 1);
}

/// How many calls a run makes that fails each time.
fn calls() -> u32 {
    let mut calls = 0;
    let outcome = DEEP.run(|| {
        calls += 1;
        Err::<(), _>("down")
    });
    outcome.unwrap_err();
    calls
}

#[test]
fn the_cap_of_a_scope_is_its_own_also_where_another_was_entered_meanwhile() {
    let [outer, inner] = [TestClock::new(), TestClock::new()];
    let outermost = outer.enter();
    let innermost = inner.enter();
    let outermost = outermost.max_tries(2);
    assert_eq!(calls(), 5);
    drop(innermost);
    assert_eq!(calls(), 2);
    drop(outermost);
}

#[test]
fn scopes_that_are_left_in_the_order_of_their_entry_leave_nothing_behind() {
    let clocks = [TestClock::new(), TestClock::new(), TestClock::new()];
    let [first, second, third] = clocks.each_ref().map(TestClock::enter);
    drop(first);
    drop(third);
    let waited = || clocks.each_ref().map(|clock| clock.waits().len());
    calls();
    assert_eq!(waited(), [0, 4, 0]);
    drop(second);
    let own = TestClock::new();
    DEEP.clock(&own).run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!((waited(), own.waits().len()), ([0, 4, 0], 4));
}

#[test]
fn a_wait_in_a_scope_can_be_cut_short_where_the_policys_own_could() {
    let cancels = [(); 2].map(|()| Cancel::new());
    for which in 0..2 {
        let (clock, cancels) = (TestClock::manual(), [(); 2].map(|()| Cancel::new()));
        let policy = DEEP.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
        thread::scope(|scope| {
            scope.spawn(|| {
                while clock.waits().is_empty() {
                    thread::yield_now();
                }
                cancels[which].cancel();
            });
            let _entered = clock.enter();
            assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
        });
        assert_eq!(clock.waits(), [HOUR]);
    }
    let clock = TestClock::manual();
    let policy = DEEP.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
    let (woken, waker) = counting_waker();
    let mut context = Context::from_waker(&waker);
    let mut run = pin!(clock.scope(policy.run_async(async || Err::<(), _>("down"))));
    assert!(run.as_mut().poll(&mut context).is_pending());
    cancels[1].cancel();
    assert_eq!(woken.count(), 1);
    assert_eq!(run.as_mut().poll(&mut context), Poll::Ready(Err("down")));
}

#[test]
fn a_run_in_a_scope_that_was_cancelled_waits_no_more() {
    for clock in [TestClock::new(), TestClock::manual()] {
        let cancel = Cancel::new();
        let policy = DEEP.cancelled_by(&cancel).on_backoff(|_| cancel.cancel());
        let entered = clock.enter();
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        drop(entered);
        block_on(clock.scope(policy.run_async(async || Err("down")))).unwrap_err();
        assert!(clock.waits().is_empty());
    }
}

#[test]
fn a_preview_that_has_ended_stays_so_when_the_scope_does() {
    let scope = TestClock::new().enter().max_tries(2);
    let mut waits = DEEP.waits();
    assert_eq!((waits.next(), waits.next()), (Some(HOUR), None));
    drop(scope);
    assert_eq!(waits.next(), None);
}

#[test]
fn an_attempt_knows_that_the_cap_of_its_scope_makes_it_the_last() {
    let clock = TestClock::new();
    let _scope = clock.enter().max_tries(3);
    let mut last = Vec::new();
    let outcome = DEEP.run_attempt(|attempt| {
        last.push(attempt.is_last);
        Err::<(), _>("down")
    });
    assert_eq!((outcome, last), (Err("down"), vec![false, false, true]));
}

#[test]
fn a_wait_by_hand_is_the_scopes() {
    let clock = TestClock::new();
    let _scope = clock.enter();
    let policy = DEEP.clock(Untouchable);
    policy.attempts::<(), ()>().sleep(HOUR);
    block_on(policy.attempts_async::<(), ()>().timer(HOUR));
    assert_eq!(clock.waits(), [HOUR; 2]);
}
