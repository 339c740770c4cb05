//! The options of a run: that its arguments are shown, and how options combine.

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::sync::Mutex;

use futures::executor::block_on;
use relent::{Details, Retry, StopReason, TestClock};

use crate::support::{Fault, secs};

/// The arguments that each event shows.
fn shown(log: &Mutex<Vec<Option<String>>>) -> impl FnMut(&Details<'_, (), &'static str>) + Send {
    |details| log.lock().unwrap().push(details.args().map(|args| format!("{args:?}")))
}

#[test]
fn arguments_are_hidden_unless_they_are_asked_for() {
    let log = Mutex::new(Vec::new());
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = policy.on_try(shown(&log)).on_backoff(shown(&log)).on_giveup(shown(&log));
    policy.run_with("secret", |_| Err("down")).unwrap_err();
    block_on(policy.run_with_async("secret", |_| async { Err("down") })).unwrap_err();
    policy.show_args().run_with(7, |_| Err("down")).unwrap_err();
    block_on(policy.show_args().run_with_async(8, |_| async { Err("down") })).unwrap_err();
    let seven = Some(String::from("7"));
    let eight = Some(String::from("8"));
    let told = log.lock().unwrap();
    assert_eq!(told[..8], [const { None }; 8]);
    assert_eq!(told[8..], [seven, eight].map(|args| vec![args; 4]).concat());
}

#[tokio::test(start_paused = true)]
async fn it_combines_with_the_other_last_steps_in_any_order() {
    let policy = Retry::expo().max_tries(2);
    let one = policy.explain().attempt_timeout(secs(5)).run_async(pending::<Result<(), Fault>>);
    let other = policy.attempt_timeout(secs(5)).explain().run_async(pending::<Result<(), Fault>>);
    for error in [one.await.unwrap_err(), other.await.unwrap_err()] {
        assert_eq!((error.reason(), error.tries()), (StopReason::MaxTries, 2));
        assert_eq!(error.into_error(), Some(Fault::TooSlow));
    }
    let shown = RefCell::new(Vec::new());
    let timed = policy.attempt_timeout(secs(5)).show_args();
    let run = timed.run_with_async(7, |n| {
        shown.borrow_mut().push(n);
        pending::<Result<(), Fault>>()
    });
    assert_eq!((run.await, shown.into_inner()), (Err(Fault::TooSlow), vec![7, 7]));
}

#[tokio::test(start_paused = true)]
async fn a_timed_operation_keeps_its_name_and_its_arguments() {
    async fn fetch(_: u32) -> Result<(), io::Error> {
        pending().await
    }
    let lines = Mutex::new(Vec::new());
    let policy = Retry::expo().max_tries(1).on_giveup(|d| {
        lines.lock().unwrap().push(format!("{d} {:?}", d.args().unwrap()));
    });
    let run = policy.attempt_timeout(secs(5)).show_args().run_with_async(7, fetch);
    assert_eq!(run.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    let lines = lines.lock().unwrap();
    let expected = "::fetch after 1 try (the attempt took longer than 5s) 7";
    assert!(lines[0].starts_with("Giving up ") && lines[0].ends_with(expected), "{lines:?}");
}
