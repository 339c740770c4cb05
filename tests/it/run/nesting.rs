//! Runs inside of attempts of other runs: their depth, and policies that then make one attempt.

use std::cell::RefCell;
use std::future::{pending, ready};
use std::ops::ControlFlow::{Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::thread;

use futures::FutureExt as _;
use futures::executor::block_on;
use relent::{
    Attempt, Budget, Condition, Decision, Details, EventKind, Jitter, MaxTries, Nested, Observe,
    Progress, Retry, StopReason, TestClock, TimedOut, Verdict,
};

use crate::support::secs;

use EventKind::{Backoff, GiveUp, Success, Try};

const POLICY: Retry = Retry::expo().max_tries(2).jitter(Jitter::None);
const DOWN: Result<(), &str> = Err("down");
const UP: Result<(), &str> = Ok(());

/// Collects the depth of each event.
#[derive(Default)]
struct Depths(Mutex<Vec<(EventKind, u32)>>);

impl Depths {
    /// The depth of all events so far, which all have the same.
    fn take(&self) -> u32 {
        let seen = std::mem::take(&mut *self.0.lock().unwrap());
        let depth = seen.first().expect("no event").1;
        assert!(seen.iter().all(|(_, seen)| *seen == depth), "{seen:?}");
        depth
    }
}

impl<T, E> Observe<T, E> for Depths {
    fn on_event(&self, d: &Details<'_, T, E>) {
        self.0.lock().unwrap().push((d.event, d.depth));
    }
}

/// The depth that a run sees which is made here.
fn depth_here() -> u32 {
    let depths = Depths::default();
    POLICY.observe(&depths).clock(TestClock::new()).run(|| DOWN).unwrap_err();
    depths.take()
}

/// The same of a future.
async fn depth_in_future() -> u32 {
    let depths = Depths::default();
    POLICY.max_tries(1).observe(&depths).run_async(async || DOWN).await.unwrap_err();
    depths.take()
}

#[test]
fn a_run_on_its_own_has_the_depth_zero() {
    assert_eq!((depth_here(), block_on(depth_in_future())), (0, 0));
}

#[test]
fn each_form_of_a_run_counts_its_attempts() {
    let policy = POLICY.clock(TestClock::new());
    let here = || Ok::<_, &str>(depth_here());
    assert_eq!(policy.run(here), Ok(1));
    assert_eq!(policy.run_with((), |()| here()), Ok(1));
    assert_eq!(policy.run_attempt(|_| here()), Ok(1));
    assert_eq!(policy.poll(depth_here), 1);
    assert_eq!(policy.show_args().run_with((), |()| here()), Ok(1));
    #[cfg(feature = "explain")]
    assert_eq!(policy.explain().run(here).unwrap().value, 1);
    block_on(async {
        let there = async || Ok::<_, TimedOut>(depth_in_future().await);
        assert_eq!(policy.run_async(there).await, Ok(1));
        assert_eq!(policy.run_with_async((), |()| there()).await, Ok(1));
        assert_eq!(policy.run_attempt_async(|_| there()).await, Ok(1));
        assert_eq!(policy.poll_async(depth_in_future).await, 1);
        assert_eq!(policy.attempt_timeout(secs(1)).run_async(there).await, Ok(1));
        // What is called to make the future is not part of the attempt.
        assert_eq!(policy.run_async(|| ready(Ok::<_, ()>(depth_here()))).await, Ok(0));
    });
}

#[test]
fn the_body_of_a_retried_function_is_an_attempt() {
    use relent::retry;

    #[retry(max_tries = 2)]
    fn blocking() -> Result<u32, ()> {
        Ok(depth_here())
    }

    #[retry(max_tries = 2)]
    async fn awaited() -> Result<u32, ()> {
        Ok(depth_in_future().await)
    }

    #[retry(max_tries = 2, attempt_timeout = "1s")]
    async fn timed() -> Result<u32, TimedOut> {
        Ok(depth_in_future().await)
    }

    #[retry(max_tries = 5, nested = Nested::Once, attempt = attempt)]
    fn once(calls: &mut Vec<bool>) -> Result<(), ()> {
        calls.push(attempt.is_last);
        Err(())
    }

    assert_eq!((blocking(), block_on(awaited()), block_on(timed())), (Ok(1), Ok(1), Ok(1)));
    let clock = TestClock::new();
    let _scope = clock.enter();
    let mut calls = Vec::new();
    POLICY.max_tries(1).run(|| once(&mut calls)).unwrap_err();
    assert_eq!(calls, [true]);
    once(&mut calls).unwrap_err();
    assert_eq!(calls, [true, false, false, false, false, true]);
}

#[test]
fn an_attempt_in_line_counts_if_the_run_makes_it() {
    let policy = POLICY.clock(TestClock::new());
    let mut attempts = policy.attempts::<_, &str>();
    assert_eq!(attempts.attempt(|| Ok(depth_here())), Ok(1));
    assert!(matches!(attempts.after(Ok(depth_here())), Break(Ok(0))));
    block_on(async {
        let mut attempts = policy.attempts_async::<_, TimedOut>();
        let there = async || Ok(depth_in_future().await);
        assert_eq!(attempts.attempt(there()).await, Ok(1));
        assert_eq!(attempts.attempt(there()).within(secs(1)).await, Ok(1));
        assert_eq!(attempts.attempt(there()).within_with(secs(1), |error| error).await, Ok(1));
        assert_eq!(there().await, Ok(0));
    });
}

#[test]
fn a_connection_of_a_stream_and_a_request_of_a_service_are_attempts() {
    use futures::StreamExt as _;
    use tower::{Service as _, ServiceBuilder, service_fn};

    let policy = POLICY.clock(TestClock::new());
    let connect = async |_: Option<()>| {
        let depth = depth_in_future().await;
        Ok::<_, ()>(futures::stream::iter([Ok(depth)]))
    };
    assert_eq!(block_on(policy.stream(connect).collect::<Vec<_>>()), [Ok(1)]);

    let service = service_fn(async |()| Ok::<_, ()>(depth_in_future().await));
    let mut service = ServiceBuilder::new().layer(POLICY.into_layer()).service(service);
    assert_eq!(block_on(service.call(())), Ok(1));
}

#[test]
fn depths_add_up() {
    let policy = POLICY.clock(TestClock::new());
    let deepest = policy.run(|| {
        block_on(policy.run_async(async || {
            policy.attempts().attempt(|| Ok::<_, ()>((depth_here(), depth_in_future().await_now())))
        }))
    });
    assert_eq!(deepest, Ok((3, 3)));
}

/// Ends a future that is ready at once.
trait AwaitNow: Future + Sized {
    fn await_now(self) -> Self::Output {
        self.now_or_never().expect("it is ready at once")
    }
}

impl<F: Future> AwaitNow for F {}

#[test]
fn all_events_and_the_condition_see_the_depth() {
    struct Looks<'a>(&'a RefCell<Vec<u32>>);

    impl<T, E> Condition<T, E> for Looks<'_> {
        fn judge(&self, d: &Details<'_, T, E>) -> Verdict {
            self.0.borrow_mut().push(d.depth);
            if d.error().is_some() { Verdict::Retry } else { Verdict::Accept }
        }
    }

    let seen = RefCell::new(Vec::new());
    let depths = Depths::default();
    let inner = POLICY.condition(Looks(&seen)).observe(&depths).clock(TestClock::new());
    let _: Result<(), ()> = POLICY.run(|| {
        inner.run(|| DOWN).unwrap_err();
        inner.run(|| UP).unwrap();
        Ok(())
    });
    assert_eq!(seen.into_inner(), [1, 1, 1]);
    let events = depths.0.into_inner().unwrap();
    let expected = [Try, Backoff, Try, GiveUp, Try, Success].map(|event| (event, 1));
    assert_eq!(events, expected);
}

#[test]
fn handlers_waits_and_clocks_are_not_attempts() {
    let seen = Mutex::new(Vec::new());
    let see = |_: &Details<'_, (), &str>| seen.lock().unwrap().push(depth_here());
    let policy = POLICY.on_try(see).on_backoff(see).on_giveup(see).clock(TestClock::new());
    policy.run(|| DOWN).unwrap_err();
    block_on(policy.run_async(async || DOWN)).unwrap_err();
    drop(policy);
    assert_eq!(seen.into_inner().unwrap(), [0; 8]);
}

#[test]
fn a_panic_in_an_attempt_leaves_it() {
    let policy = POLICY.clock(TestClock::new());
    catch_unwind(|| POLICY.run(|| -> Result<(), ()> { panic!("expected") })).unwrap_err();
    catch_unwind(AssertUnwindSafe(|| {
        block_on(policy.run_async(async || -> Result<(), ()> { panic!("expected") }))
    }))
    .unwrap_err();
    catch_unwind(AssertUnwindSafe(|| {
        policy.attempts().attempt(|| -> Result<(), ()> { panic!("expected") })
    }))
    .unwrap_err();
    catch_unwind(AssertUnwindSafe(|| {
        let mut attempts = policy.attempts_async::<(), ()>();
        attempts.attempt(async { panic!("expected") }).now_or_never()
    }))
    .unwrap_err();
    assert_eq!(depth_here(), 0);
}

#[test]
fn a_future_is_inside_only_while_it_is_polled() {
    let policy = POLICY.clock(TestClock::new());
    let mut context = Context::from_waker(Waker::noop());
    let mut outer = Box::pin(policy.run_async(async || {
        let first = depth_in_future().await;
        yield_now().await;
        Ok::<_, ()>((first, depth_in_future().await))
    }));
    let mut other = Box::pin(policy.run_async(async || {
        yield_now().await;
        Ok::<_, ()>(depth_in_future().await)
    }));
    assert!(outer.as_mut().poll(&mut context).is_pending());
    assert!(other.as_mut().poll(&mut context).is_pending());
    assert_eq!(depth_here(), 0);
    assert_eq!(outer.await_now(), Ok((1, 1)));
    assert_eq!(other.await_now(), Ok(1));

    // Dropped in the middle of an attempt.
    let mut dropped = Box::pin(policy.run_async(pending::<Result<(), ()>>));
    assert!(dropped.as_mut().poll(&mut context).is_pending());
    drop(dropped);
    assert_eq!(depth_here(), 0);
}

/// Is pending once.
async fn yield_now() {
    let mut was_polled = false;
    std::future::poll_fn(|_| {
        let ready = std::mem::replace(&mut was_polled, true);
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

#[test]
fn threads_and_decisions_begin_at_the_outermost_level() {
    let policy = POLICY.clock(TestClock::new());
    assert_eq!(policy.run(|| thread::spawn(depth_here).join()).unwrap(), 0);

    let depths = Depths::default();
    let decides = POLICY.nested(Nested::Once).observe(&depths);
    let outcome = policy.run(|| Ok::<_, ()>(decides.decide(&mut Progress::default(), &DOWN)));
    assert_eq!((outcome, depths.take()), (Ok(Decision::Backoff(secs(1))), 0));
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_begins_at_the_outermost_level() {
    let spawned = POLICY.run_async(async || tokio::spawn(depth_in_future()).await).await;
    assert_eq!(spawned.unwrap(), 0);
}

#[test]
fn a_task_that_an_attempt_drives_is_inside_of_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let driven = POLICY.poll(|| runtime.block_on(async { tokio::spawn(depth_in_future()).await }));
    assert_eq!(driven.unwrap(), 1);
}

const ONCE: Retry = Retry::expo().max_tries(5).jitter(Jitter::None).nested(Nested::Once);

/// Runs a policy inside of another run's only attempt.
fn inside<R>(run: impl Fn() -> R) -> R {
    POLICY.poll(run)
}

#[test]
fn under_once_a_run_inside_of_another_makes_one_attempt() {
    let clock = TestClock::new();
    let reasons = Mutex::new(Vec::new());
    let calls = Mutex::new(0);
    let policy =
        ONCE.clock(&clock).on_giveup(|d| reasons.lock().unwrap().push((d.reason, d.tries)));
    let fails = || {
        *calls.lock().unwrap() += 1;
        DOWN
    };
    inside(|| policy.run(fails)).unwrap_err();
    inside(|| policy.run_with((), |()| fails())).unwrap_err();
    inside(|| policy.run_attempt(|_| fails())).unwrap_err();
    inside(|| block_on(policy.run_async(|| ready(fails())))).unwrap_err();
    inside(|| {
        let mut attempts = policy.attempts();
        let outcome = attempts.attempt(fails);
        assert!(matches!(attempts.after(outcome), Break(Err(_))));
        assert_eq!(attempts.stopped(), Some(StopReason::Nested));
    });
    inside(|| {
        block_on(async {
            let mut attempts = policy.attempts_async();
            let outcome = attempts.attempt(ready(fails())).await;
            assert!(matches!(attempts.after(outcome).await, Break(Err(_))));
            assert_eq!(attempts.stopped(), Some(StopReason::Nested));
        });
    });
    drop(policy);
    assert_eq!(reasons.into_inner().unwrap(), [(Some(StopReason::Nested), 1); 6]);
    assert_eq!((calls.into_inner().unwrap(), clock.waits()), (6, vec![]));
}

#[test]
fn under_once_a_run_on_its_own_retries() {
    let clock = TestClock::new();
    ONCE.clock(&clock).run(|| DOWN).unwrap_err();
    block_on(ONCE.clock(&clock).run_async(async || DOWN)).unwrap_err();
    assert_eq!(clock.waits().len(), 8);
    let policy = ONCE.clock(&clock);
    let mut attempts = policy.attempts();
    assert!(matches!(attempts.after(DOWN), Continue(())));
}

#[test]
fn a_nested_run_succeeds_and_stops_as_any_other_does() {
    let reason = Mutex::new(None);
    let policy =
        ONCE.retry_if(|e: &&str| *e == "busy").on_giveup(|d| *reason.lock().unwrap() = d.reason);
    assert_eq!(inside(|| policy.run(|| UP)), UP);
    inside(|| policy.run(|| Err("gone"))).unwrap_err();
    assert_eq!(reason.lock().unwrap().take(), Some(StopReason::NotRetryable));
    inside(|| policy.run(|| Err("busy"))).unwrap_err();
    assert_eq!(reason.lock().unwrap().take(), Some(StopReason::Nested));
    drop(policy);
    // Of two reasons, the one that no setting of the limits changes.
    let policy = ONCE.max_tries(1).on_giveup(|d| *reason.lock().unwrap() = d.reason);
    inside(|| policy.run(|| DOWN)).unwrap_err();
    drop(policy);
    assert_eq!(reason.into_inner().unwrap(), Some(StopReason::Nested));
}

#[test]
fn a_nested_run_is_charged_for_no_retry() {
    let budget = Budget::new();
    let full = budget.available();
    let policy = ONCE.budget(&budget).clock(TestClock::new());
    inside(|| policy.run(|| DOWN)).unwrap_err();
    assert_eq!(budget.available(), full);
    policy.run(|| DOWN).unwrap_err();
    assert!(budget.available() < full);
}

#[test]
fn the_only_attempt_of_a_nested_run_is_its_last() {
    let is_last = |attempt: Attempt| Ok::<_, ()>(attempt.is_last);
    assert_eq!(ONCE.run_attempt(is_last), Ok(false));
    assert_eq!(inside(|| ONCE.run_attempt(is_last)), Ok(true));
    assert_eq!(inside(|| Retry::expo().run_attempt(is_last)), Ok(false));
    assert_eq!(block_on(ONCE.run_attempt_async(async |attempt| is_last(attempt))), Ok(false));
    let nested = || block_on(ONCE.run_attempt_async(async |attempt| is_last(attempt)));
    assert_eq!(inside(nested), Ok(true));
}

#[test]
fn a_run_that_waits_inside_of_another_ends_there() {
    // A run that began on its own, and whose later attempts are made inside of another run.
    let clock = TestClock::new();
    let policy = ONCE.clock(&clock);
    let mut attempts = policy.attempts();
    assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
    assert_eq!(inside_mut(|| attempts.decide(&DOWN)), Decision::GiveUp(StopReason::Nested));
}

fn inside_mut<R>(run: impl FnMut() -> R) -> R {
    POLICY.poll(run)
}

#[test]
fn the_waits_of_a_policy_do_not_depend_on_where_they_are_looked_at() {
    let waits = || ONCE.waits().collect::<Vec<_>>();
    assert_eq!(inside(waits), waits());
    assert_eq!(waits(), [1, 2, 4, 8].map(secs));
    assert_eq!(inside(|| ONCE.backoff().next()), Some(secs(1)));
    assert_eq!(inside(|| ONCE.get_max_tries()), MaxTries::AtMost(5));
}

#[test]
fn a_snapshot_has_the_depth() {
    let depth = Mutex::new(None);
    let see = |d: &Details<'_, (), &str>| *depth.lock().unwrap() = Some(d.snapshot().depth);
    let policy = POLICY.clock(TestClock::new()).on_giveup(see);
    inside(|| policy.run(|| DOWN)).unwrap_err();
    drop(policy);
    assert_eq!(depth.into_inner().unwrap(), Some(1));
}
