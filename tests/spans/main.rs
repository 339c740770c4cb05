//! The spans of `traced()`, as a subscriber sees them.

mod capture;

use std::future::{pending, ready};
use std::ops::ControlFlow::Break;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use futures::FutureExt as _;
use futures::executor::block_on;
use futures::future::BoxFuture;
use relent::condition::AnyError;
use relent::run::{RunAsync, RunBlocking, Runner};
use relent::service::RetryLayer;
use relent::wait::Expo;
use relent::{Cancel, Decision, Jitter, Nested, Retry, TestClock, TimedOut, Tracing};
use tower::{Layer, ServiceExt, service_fn};
use tracing::{info, info_span};

use crate::capture::{tree, tree_without};

const SECOND: Duration = Duration::from_secs(1);

/// Two waits of 1 s and 2 s, then the end.
fn policy() -> Retry<Expo, AnyError, (), TestClock> {
    Retry::expo().max_tries(3).jitter(Jitter::None).target("fetch").clock(TestClock::new())
}

#[derive(Debug, PartialEq)]
enum Fault {
    Busy,
    TimedOut,
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

/// Records an event, fails this often, then returns the number of calls.
fn failing(times: u32) -> impl FnMut() -> Result<u32, Fault> + Send {
    let mut calls = 0;
    move || {
        calls += 1;
        info!("call {calls}");
        if calls <= times { Err(Fault::Busy) } else { Ok(calls) }
    }
}

/// The same as a future, which records another event when it is polled again.
fn failing_async(times: u32) -> impl FnMut() -> BoxFuture<'static, Result<u32, Fault>> {
    let mut operation = failing(times);
    move || {
        let outcome = operation();
        Box::pin(async {
            yields().await;
            info!("resumed");
            outcome
        })
    }
}

/// Is pending once.
async fn yields() {
    let mut was_polled = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        let ready = std::mem::replace(&mut was_polled, true);
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// A run that is saved by its third attempt.
const SAVED: &str = "\
retry operation=fetch tries=3 otel.status_code=OK
    attempt attempt=1 outcome=failure otel.status_code=ERROR
        - call 1
    attempt attempt=2 resend_count=1 wait_ms=1000 outcome=failure otel.status_code=ERROR
        - call 2
    attempt attempt=3 resend_count=2 wait_ms=2000 outcome=success
        - call 3
";

/// The same, of futures.
fn saved_async() -> String {
    let lines = SAVED.lines().map(|line| match line.split_once("- call") {
        Some((indent, _)) => format!("{line}\n{indent}- resumed\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn every_blocking_form_of_a_run_has_a_span_with_a_child_for_each_attempt() {
    let policy = policy();
    let traced = policy.traced();
    assert_eq!(tree(|| assert_eq!(traced.run(failing(2)), Ok(3))), SAVED);
    let with = || {
        let mut operation = failing(2);
        assert_eq!(traced.run_with((), |()| operation()), Ok(3));
    };
    assert_eq!(tree(with), SAVED);
    let attempt = || {
        let mut operation = failing(2);
        let outcome = traced.run_attempt(|attempt| {
            assert_eq!(attempt.is_last, attempt.tries == 3);
            operation()
        });
        assert_eq!(outcome, Ok(3));
    };
    assert_eq!(tree(attempt), SAVED);
    let shown = || {
        let mut operation = failing(2);
        assert_eq!(policy.show_args().traced().run_with(7, |_| operation()), Ok(3));
    };
    assert_eq!(tree(shown), SAVED);
    let any = |retry: &dyn Fn()| tree(retry);
    assert_eq!(any(&|| assert_eq!(RunBlocking::run(&traced, failing(2)), Ok(3))), SAVED);
    let explained = || assert_eq!(policy.traced().explain().run(failing(2)).unwrap().tries, 3);
    assert_eq!(tree(explained), SAVED);
    let owned = Runner::new(Arc::new(policy)).traced();
    assert_eq!(tree(|| assert_eq!(owned.by_ref().run(failing(2)), Ok(3))), SAVED);
}

#[test]
fn every_future_of_a_run_has_a_span_with_a_child_for_each_attempt() {
    let policy = policy();
    let traced = policy.traced();
    let saved = saved_async();
    let run = || assert_eq!(block_on(traced.run_async(failing_async(2))), Ok(3));
    assert_eq!(tree(run), saved);
    let with = || {
        let mut operation = failing_async(2);
        assert_eq!(block_on(traced.run_with_async((), |()| operation())), Ok(3));
    };
    assert_eq!(tree(with), saved);
    let attempt = || {
        let mut operation = failing_async(2);
        assert_eq!(block_on(traced.run_attempt_async(|_| operation())), Ok(3));
    };
    assert_eq!(tree(attempt), saved);
    let any = || assert_eq!(block_on(RunAsync::run_async(&traced, failing_async(2))), Ok(3));
    assert_eq!(tree(any), saved);
    let timed = policy.attempt_timeout(SECOND);
    for timed in [timed.traced(), traced.attempt_timeout(SECOND)] {
        assert_eq!(tree(|| assert_eq!(block_on(timed.run_async(failing_async(2))), Ok(3))), saved);
        let deadline = timed.interrupt_at_deadline(|_| Fault::TimedOut);
        let run = || assert_eq!(block_on(deadline.run_async(failing_async(2))), Ok(3));
        assert_eq!(tree(run), saved);
        let any = || assert_eq!(block_on(RunAsync::run_async(&timed, failing_async(2))), Ok(3));
        assert_eq!(tree(any), saved);
    }
    let deadline = traced.interrupt_at_deadline(|_| Fault::TimedOut);
    assert_eq!(tree(|| assert_eq!(block_on(deadline.run_async(failing_async(2))), Ok(3))), saved);
    let by = traced.attempt_timeout_with(SECOND, |_| Fault::TimedOut);
    assert_eq!(tree(|| assert_eq!(block_on(by.run_async(failing_async(2))), Ok(3))), saved);
}

#[test]
fn a_run_in_line_has_the_same_spans() {
    let policy = policy();
    let blocking = || {
        let mut operation = failing(2);
        let mut attempts = policy.attempts().traced();
        let end = loop {
            let outcome = attempts.attempt(&mut operation);
            if let Break(end) = attempts.after(outcome) {
                break end;
            }
        };
        assert_eq!(end, Ok(3));
    };
    assert_eq!(tree(blocking), SAVED);
    let deciding = || {
        let mut operation = failing(2);
        let mut attempts = policy.attempts().traced();
        while let Decision::Backoff(_) = {
            let outcome = attempts.attempt(&mut operation);
            attempts.decide(&outcome)
        } {}
    };
    assert_eq!(tree(deciding), SAVED);
    for limit in [None, Some(SECOND)] {
        let awaited = || {
            block_on(async {
                let mut operation = failing_async(2);
                let mut attempts = policy.attempts_async().traced();
                let end = loop {
                    // Not called before the attempt has begun.
                    let attempt = attempts.attempt(async { operation().await });
                    let outcome = match limit {
                        Some(limit) => attempt.within(limit).await,
                        None => attempt.await,
                    };
                    if let Break(end) = attempts.after(outcome).await {
                        break end;
                    }
                };
                assert_eq!(end, Ok(3));
            });
        };
        assert_eq!(tree(awaited), saved_async());
    }
}

#[test]
fn a_request_of_a_service_has_the_same_spans() {
    let users = || {
        let operation = Arc::new(Mutex::new(failing_async(2)));
        service_fn(move |()| operation.lock().unwrap()())
    };
    let policy = policy();
    let layer = RetryLayer::new(&policy);
    let plain = || {
        assert_eq!(block_on(layer.traced().layer(users()).oneshot(())), Ok(3));
    };
    assert_eq!(tree(plain), saved_async());
    let timed = || {
        let layer = layer.attempt_timeout(SECOND).interrupt_at_deadline(|_| Fault::TimedOut);
        assert_eq!(block_on(layer.traced().layer(users()).oneshot(())), Ok(3));
    };
    assert_eq!(tree(timed), saved_async());
}

#[test]
fn a_retried_function_has_the_same_spans() {
    use relent::retry;

    #[retry(policy(), traced)]
    fn load(operation: &mut dyn FnMut() -> Result<u32, Fault>) -> Result<u32, Fault> {
        operation()
    }

    #[retry(policy(), traced, attempt_timeout = "1s", show(name), attempt = attempt)]
    async fn load_async(
        name: &str,
        operation: &mut (dyn FnMut() -> BoxFuture<'static, Result<u32, Fault>> + Send),
    ) -> Result<u32, Fault> {
        assert_eq!((name, attempt.is_last), ("a name", attempt.tries == 3));
        operation().await
    }

    assert_eq!(tree(|| assert_eq!(load(&mut failing(2)), Ok(3))), SAVED);
    let awaited = || assert_eq!(block_on(load_async("a name", &mut failing_async(2))), Ok(3));
    assert_eq!(tree(awaited), saved_async());

    let dropped = || {
        let mut operation = failing_async(0);
        let mut run = Box::pin(load_async("a name", &mut operation));
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    let expected = "\
retry operation=fetch tries=1 reason=dropped
    attempt attempt=1 outcome=dropped
        - call 1
";
    assert_eq!(tree(dropped), expected);
}

#[test]
fn a_run_that_gives_up_shows_why() {
    let policy = policy();
    let text = tree(|| assert_eq!(policy.traced().run(failing(9)).unwrap_err(), Fault::Busy));
    assert_eq!(
        text.lines().next().unwrap(),
        "retry operation=fetch tries=3 reason=max_tries otel.status_code=ERROR"
    );
    assert_eq!(text.matches("outcome=failure").count(), 3);

    let fatal = policy.retry_if(|_: &Fault| false);
    let expected = "\
retry operation=fetch tries=1 reason=not_retryable otel.status_code=ERROR
    attempt attempt=1 outcome=failure otel.status_code=ERROR
        - call 1
";
    assert_eq!(
        tree(|| assert_eq!(fatal.traced().run(failing(9)).unwrap_err(), Fault::Busy)),
        expected
    );
}

#[test]
fn a_wait_that_is_cut_short_ends_the_run_and_no_attempt() {
    let expected = "\
retry operation=fetch tries=1 reason=cancelled otel.status_code=ERROR
    attempt attempt=1 outcome=failure otel.status_code=ERROR
        - call 1
";
    let cancel = Cancel::new();
    let policy = policy().cancelled_by(&cancel);
    // Cancelled in the wait: the handler runs right before it.
    let policy = policy.on_backoff(|_| cancel.cancel());
    assert_eq!(
        tree(|| assert_eq!(policy.traced().run(failing(9)).unwrap_err(), Fault::Busy)),
        expected
    );
}

#[test]
fn an_attempt_that_times_out_has_failed() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_tries(1).target("fetch").clock(&clock);
    let act = || {
        let timed = policy.attempt_timeout(SECOND).traced();
        let mut run = Box::pin(timed.run_async(pending::<Result<(), Fault>>));
        let mut context = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut context).is_pending());
        clock.advance(SECOND);
        assert_eq!(run.now_or_never(), Some(Err(Fault::TimedOut)));
    };
    let expected = "\
retry operation=fetch tries=1 reason=max_tries otel.status_code=ERROR
    attempt attempt=1 outcome=failure otel.status_code=ERROR
";
    assert_eq!(tree(act), expected);
    let in_line = || {
        let mut attempts = policy.attempts_async().traced();
        let outcome = {
            let mut attempt = Box::pin(attempts.attempt(pending::<Result<(), _>>()).within(SECOND));
            let mut context = Context::from_waker(Waker::noop());
            assert!(attempt.as_mut().poll(&mut context).is_pending());
            clock.advance(SECOND);
            attempt.now_or_never().unwrap()
        };
        let end = attempts.after(outcome).now_or_never().unwrap();
        assert_eq!(end, Break(Err(Fault::TimedOut)));
    };
    assert_eq!(tree(in_line), expected);
}

#[test]
fn handlers_and_observers_are_called_in_the_span_of_the_run() {
    let policy =
        policy().max_tries(2).observe(Tracing::new().by_debug()).on_giveup_async(|_| async {
            yields().await;
            info!("saved the report");
        });
    let expected = "\
retry operation=fetch tries=2 reason=max_tries otel.status_code=ERROR
    - trying
    attempt attempt=1 outcome=failure otel.status_code=ERROR
        - call 1
        - resumed
    - backing off
    - trying
    attempt attempt=2 resend_count=1 wait_ms=1000 outcome=failure otel.status_code=ERROR
        - call 2
        - resumed
    - giving up
    - saved the report
";
    assert_eq!(
        tree(|| assert!(block_on(policy.traced().run_async(failing_async(9))).is_err())),
        expected
    );
}

#[test]
fn the_span_of_a_run_is_a_child_of_the_current_one() {
    let policy = policy().max_tries(1).nested(Nested::Once);
    let expected = "\
request
    retry operation=fetch tries=1 otel.status_code=OK
        attempt attempt=1 outcome=success
            retry operation=fetch depth=1 tries=1 reason=nested otel.status_code=ERROR
                attempt attempt=1 outcome=failure otel.status_code=ERROR
                    - call 1
";
    let act = || {
        let _request = info_span!("request").entered();
        let outer = policy.traced();
        outer.run(|| Ok::<_, ()>(outer.run(failing(1)).unwrap_err())).unwrap();
    };
    assert_eq!(tree(act), expected);
}

#[test]
fn runs_that_interleave_keep_their_spans_apart() {
    let policy = policy().max_tries(2);
    let traced = policy.traced();
    let act = || {
        let mut context = Context::from_waker(Waker::noop());
        let run = |name: &'static str| {
            Box::pin(traced.run_async(move || async move {
                info!("{name} begins");
                yields().await;
                info!("{name} ends");
                Ok::<_, ()>(())
            }))
        };
        let (mut one, mut other) = (run("one"), run("other"));
        assert!(one.as_mut().poll(&mut context).is_pending());
        assert!(other.as_mut().poll(&mut context).is_pending());
        info!("between");
        assert!(one.as_mut().poll(&mut context).is_ready());
        assert!(other.as_mut().poll(&mut context).is_ready());
    };
    let expected = "\
retry operation=fetch tries=1 otel.status_code=OK
    attempt attempt=1 outcome=success
        - one begins
        - one ends
retry operation=fetch tries=1 otel.status_code=OK
    attempt attempt=1 outcome=success
        - other begins
        - other ends
- between
";
    assert_eq!(tree(act), expected);
}

#[test]
fn a_run_that_is_dropped_says_so() {
    let policy = policy();
    let attempting = || {
        let mut run = Box::pin(policy.traced().run_async(pending::<Result<(), ()>>));
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    let expected = "\
retry operation=fetch tries=1 reason=dropped
    attempt attempt=1 outcome=dropped
";
    assert_eq!(tree(attempting), expected);

    let waiting = || {
        let mut run = Box::pin(policy.traced().run_async(|| ready(Err::<(), _>(()))));
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    let expected = "\
retry operation=fetch tries=1 reason=dropped
    attempt attempt=1 outcome=failure otel.status_code=ERROR
";
    assert_eq!(tree(waiting), expected);

    let never_polled = || drop(policy.traced().run_async(pending::<Result<(), ()>>));
    assert_eq!(tree(never_polled), "");
}

#[test]
fn an_attempt_in_line_that_is_dropped_says_so_and_the_run_goes_on() {
    let policy = policy();
    let act = || {
        let mut attempts = policy.attempts_async::<(), ()>().traced();
        let dropped = attempts.attempt(pending()).now_or_never();
        assert_eq!(dropped, None);
        assert!(attempts.attempt(ready(Ok(()))).now_or_never().is_some());
        assert!(attempts.after(Ok(())).now_or_never().unwrap().is_break());
    };
    let expected = "\
retry operation=fetch tries=1 otel.status_code=OK
    attempt attempt=1 outcome=dropped
    attempt attempt=1 outcome=success
";
    assert_eq!(tree(act), expected);
}

#[test]
fn an_attempt_that_panics_ends_both_spans() {
    fn panics() -> Result<(), ()> {
        panic!("expected")
    }
    let expected = "\
retry operation=fetch tries=1 reason=panicked otel.status_code=ERROR
    attempt attempt=1 outcome=panicked otel.status_code=ERROR
";
    let policy = policy();
    let caught = |act: &dyn Fn()| tree(|| drop(catch_unwind(AssertUnwindSafe(act)).unwrap_err()));
    assert_eq!(caught(&|| policy.traced().run(panics).unwrap()), expected);
    assert_eq!(
        caught(&|| block_on(policy.traced().run_async(async || panics())).unwrap()),
        expected
    );
    assert_eq!(caught(&|| policy.attempts().traced().attempt(panics).unwrap()), expected);
    let in_line = || {
        let mut attempts = policy.attempts_async().traced();
        attempts.attempt(async { panics() }).now_or_never();
    };
    assert_eq!(caught(&in_line), expected);

    // The panic is caught inside, and the future dropped later, as tokio does it.
    let dropped_later = || {
        let mut run = Box::pin(policy.traced().run_async(async || panics()));
        let mut context = Context::from_waker(Waker::noop());
        catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(&mut context))).unwrap_err();
    };
    assert_eq!(tree(dropped_later), expected);
}

#[test]
fn a_handler_that_panics_ends_the_span_of_the_run() {
    let policy = policy().on_backoff(|_| panic!("expected"));
    let expected = "\
retry operation=fetch tries=1 reason=panicked otel.status_code=ERROR
    attempt attempt=1 outcome=failure otel.status_code=ERROR
        - call 1
";
    let run = AssertUnwindSafe(|| policy.traced().run(failing(9)));
    assert_eq!(tree(|| drop(catch_unwind(run).unwrap_err())), expected);
}

#[test]
fn a_run_in_line_that_starts_anew_has_a_new_span() {
    let policy = policy();
    let act = || {
        let mut attempts = policy.attempts::<(), ()>().traced();
        attempts.after(Err(())).continue_value().unwrap();
        attempts.reset();
        assert!(attempts.after(Ok(())).is_break());
        info!("between");
        // After a success the next outcome is that of a new run.
        assert!(attempts.after(Ok(())).is_break());
        attempts.attempt(|| Ok(())).unwrap();
        attempts.reset();
        assert!(attempts.after(Ok(())).is_break());
    };
    let expected = "\
retry operation=fetch tries=1 reason=reset
retry operation=fetch tries=1 otel.status_code=OK
- between
retry operation=fetch tries=1 otel.status_code=OK
retry operation=fetch tries=1 reason=reset
    attempt attempt=1 outcome=reset
retry operation=fetch tries=1 otel.status_code=OK
";
    assert_eq!(tree(act), expected);
}

#[test]
fn a_filter_that_hides_the_run_leaves_its_attempts_where_they_are() {
    let policy = policy();
    let act = || {
        let _request = info_span!("request").entered();
        policy.traced().run(failing(0)).unwrap();
    };
    let expected = "\
request
    attempt attempt=1 outcome=success
        - call 1
";
    assert_eq!(tree_without("retry", act), expected);
}

#[test]
fn without_a_subscriber_a_traced_run_is_like_any_other() {
    let policy = policy();
    assert_eq!(policy.traced().run(failing(2)), Ok(3));
    assert_eq!(block_on(policy.traced().run_async(failing_async(2))), Ok(3));
}
