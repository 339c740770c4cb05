//! Runs that say how they ended.

use std::error::Error;
use std::io;
use std::time::Duration;

use futures::executor::block_on;
use relent::{
    Condition, Details, Jitter, Retry, RetryError, StopReason, Succeeded, TestClock, Verdict,
};

use crate::support::{secs, yields};

/// Succeeds at the given try.
fn at(tries: u32) -> impl FnMut() -> Result<u32, &'static str> {
    let mut calls = 0;
    move || {
        calls += 1;
        if calls < tries { Err("busy") } else { Ok(calls) }
    }
}

#[test]
fn a_success_says_how_often_it_tried_and_how_long_it_took() {
    let policy = Retry::expo().jitter(Jitter::None).clock(TestClock::new());
    let Succeeded { value, tries, elapsed, .. } = policy.explain().run(at(3)).unwrap();
    assert_eq!((value, tries, elapsed), (3, 3, secs(3)));

    let mut operation = at(3);
    let run = policy.explain().run_async(|| std::future::ready(operation()));
    let Succeeded { value, tries, elapsed, .. } = block_on(run).unwrap();
    assert_eq!((value, tries, elapsed), (3, 3, secs(3)));
}

#[test]
fn the_first_try_is_timed_too() {
    let clock = TestClock::new();
    let slow = || {
        clock.advance(secs(7));
        Ok::<_, ()>(())
    };
    let policy = Retry::expo().clock(&clock);
    assert_eq!(policy.explain().run(slow).unwrap().elapsed, secs(7));
    assert_eq!(block_on(policy.explain().run_async(async || slow())).unwrap().elapsed, secs(7));
}

#[test]
fn a_give_up_says_why_and_returns_the_last_error() {
    let policy = Retry::expo().max_tries(3).jitter(Jitter::None).clock(TestClock::new());
    let blocking = policy.explain().run(at(9)).unwrap_err();
    let mut operation = at(9);
    let run = policy.explain().run_async(async || {
        yields(1).await;
        Err::<u32, _>("busy")
    });
    let awaited = block_on(run).unwrap_err();
    for error in [blocking, awaited] {
        assert_eq!(
            (error.reason(), error.tries(), error.elapsed()),
            (StopReason::MaxTries, 3, secs(3)),
        );
        assert_eq!(error.into_outcome(), Err("busy"));
    }
    let narrow = policy.retry_if(|_: &&str| false);
    assert_eq!(
        narrow.explain().run(&mut operation).unwrap_err().reason(),
        StopReason::NotRetryable
    );
}

#[test]
fn a_value_that_was_never_accepted_is_an_error() {
    let policy = Retry::expo().max_tries(2).until(|n: &u32| *n > 9).clock(TestClock::new());
    let error = policy.explain().run(|| Ok::<_, io::Error>(7)).unwrap_err();
    assert!(error.to_string().ends_with("(max tries): value not accepted"), "{error}");
    assert!(error.source().is_none());
    assert_eq!(error.into_outcome().unwrap(), 7);
}

#[test]
fn the_message_reads_well_alone_and_in_a_chain() {
    let policy = Retry::constant(Duration::from_millis(2460)).max_tries(6);
    let policy = policy.jitter(Jitter::None).clock(TestClock::new());
    let refused = || Err::<(), _>(io::Error::other("connection refused"));
    let error = policy.explain().run(refused).unwrap_err();
    assert_eq!(error.to_string(), "gave up after 6 tries in 12.3s (max tries)");
    assert!(error.source().unwrap().downcast_ref::<io::Error>().is_some());
    let error = anyhow::Error::from(error);
    assert_eq!(
        format!("{error:#}"),
        "gave up after 6 tries in 12.3s (max tries): connection refused",
    );
    let once = policy.max_tries(1).explain().run(refused).unwrap_err();
    assert_eq!(once.to_string(), "gave up after 1 try in 0s (max tries)");
}

#[test]
fn neither_the_value_nor_the_operation_has_to_be_printable() {
    struct Opaque;

    let policy = Retry::expo().max_tries(1).until(|_: &Opaque| false).clock(TestClock::new());
    let error = policy.explain().run(|| Ok::<_, &str>(Opaque)).err().unwrap();
    assert!(format!("{error:?}").starts_with("NotAccepted { stats: RunStats { tries: 1"));
    let error: RetryError<Opaque, _> = policy.explain().run(|| Err("down")).err().unwrap();
    assert!(format!("{error:?}").starts_with(r#"Failed { error: "down", stats: "#), "{error:?}");
}

#[test]
fn an_error_that_is_not_one_to_the_compiler_can_be_taken_out() {
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let error = policy.explain().run(|| Err::<(), _>(anyhow::anyhow!("down"))).unwrap_err();
    assert_eq!(error.into_error().unwrap().to_string(), "down");
}

#[test]
fn an_accepted_error_is_still_an_error_but_nothing_that_was_retried() {
    struct AcceptAll;

    impl<T, E> Condition<T, E> for AcceptAll {
        fn judge(&self, _: &Details<'_, T, E>) -> Verdict {
            Verdict::Accept
        }
    }

    let policy = Retry::expo().condition(AcceptAll).clock(TestClock::new());
    let error = policy.explain().run(|| Err::<(), _>("fine")).unwrap_err();
    assert_eq!((error.reason(), error.tries()), (StopReason::NotRetryable, 1));
}

#[test]
fn arguments_can_be_given_to_runs_that_explain() {
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let blocking = policy.explain().run_with(7, |n| Ok::<_, ()>(n + 1)).unwrap();
    let run = policy.explain().run_with_async(7, |n| async move { Ok::<_, ()>(n + 1) });
    assert_eq!((blocking.value, block_on(run).unwrap().value), (8, 8));
}

#[test]
fn an_attempt_can_be_told_of_itself_in_runs_that_explain() {
    let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    let succeeded = policy
        .explain()
        .run_attempt(|attempt| if attempt.tries < 3 { Err("busy") } else { Ok(attempt.tries) });
    assert_eq!(succeeded.map(|s| (s.value, s.tries)).ok(), Some((3, 3)));
}
