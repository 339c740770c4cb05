//! Handlers and observers: in which order they are called, and what they may do.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::executor::block_on;
use relent::{Details, EventKind, Jitter, Observe, Retry, TestClock};

use super::{Again, Log, Named, poll_once};
use crate::support::{BUSY, Fault, Outcome, panic_of, secs};

#[test]
fn handlers_and_observers_are_called_in_the_order_in_which_they_were_added() {
    let log = Log::default();
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = handlers!(policy, Named("a", &log));
    let policy = policy.observe(Named("b", &log));
    let policy = handlers!(policy, Named("c", &log));
    let policy = handlers!(policy, Named("d", &log));
    let policy = policy.observe(Named("e", &log)).observe(Named("f", &log));
    let policy = handlers!(policy, Named("g", &log));

    policy.run(|| Err::<(), _>("down")).unwrap_err();
    let expected: Vec<_> = "TBTG"
        .chars()
        .flat_map(|event| "abcdefg".chars().map(move |name| format!("{event}{name}")))
        .collect();
    assert_eq!(log.entries(), expected);

    log.0.lock().unwrap().clear();
    block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    assert_eq!(log.entries(), expected);

    log.0.lock().unwrap().clear();
    policy.run(|| Ok(())).unwrap();
    assert_eq!(log.entries()[7..], ["Sa", "Sb", "Sc", "Sd", "Se", "Sf", "Sg"]);
}

#[test]
fn nothing_is_told_after_a_drop_in_the_wait() {
    let log = Log::default();
    let clock = TestClock::manual();
    let policy = handlers!(Retry::expo().clock(&clock), Named("", &log));
    let calls = Cell::new(0);
    {
        let mut future = pin!(policy.run_async(async || {
            calls.set(calls.get() + 1);
            Err::<(), _>("down")
        }));
        assert!(!poll_once(future.as_mut()));
        assert_eq!(clock.waits().len(), 1);
    }
    clock.advance(secs(100));
    assert_eq!((log.entries(), calls.get()), (vec!["T".into(), "B".into()], 1));
}

#[test]
fn nothing_is_told_after_a_drop_in_an_attempt() {
    let log = Log::default();
    let policy = handlers!(Retry::expo().clock(TestClock::new()), Named("", &log));
    {
        let mut future = pin!(policy.run_async(std::future::pending::<Result<(), ()>>));
        assert!(!poll_once(future.as_mut()));
    }
    assert_eq!(log.entries(), ["T"]);
}

#[test]
fn a_panic_in_an_attempt_tells_nothing_more() {
    let log = Log::default();
    let policy = handlers!(Retry::expo().clock(TestClock::new()), Named("", &log));
    assert_eq!(panic_of(|| policy.run(|| -> Result<(), ()> { panic!("boom") })), "boom");
    assert_eq!(log.entries(), ["T"]);
    let run = async || -> Result<(), ()> { panic!("boom") };
    assert_eq!(panic_of(|| block_on(policy.run_async(run))), "boom");
    assert_eq!(log.entries(), ["T", "T"]);
}

#[test]
fn a_handler_that_panics_leaves_the_policy_usable() {
    // One call of the handler in each run, every other of which panics.
    macro_rules! check {
        ($($on:ident of $outcome:expr),* $(,)?) => { $({
            const PANIC: &str = "the handler's own panic";
            let mut calls = 0;
            let policy = Retry::expo().max_tries(2).clock(TestClock::new()).$on(|_| {
                calls += 1;
                assert!(calls % 2 == 0, "{PANIC}");
            });
            let outcome: Outcome = $outcome;
            assert_eq!(panic_of(|| policy.run(|| outcome)), PANIC);
            assert_eq!(policy.run(|| outcome), outcome);
            assert_eq!(panic_of(|| block_on(policy.run_async(async || outcome))), PANIC);
            assert_eq!(block_on(policy.run_async(async || outcome)), outcome);
            drop(policy);
            assert_eq!(calls, 4, stringify!($on));
        })* };
    }
    check!(
        on_try of Ok(1),
        on_success of Ok(1),
        on_backoff of Err(Fault::Busy),
        on_giveup of Err(Fault::Busy),
    );
}

#[test]
fn a_handler_that_runs_its_own_policy_panics_with_advice() {
    let again = Again::default();
    let inner = Arc::clone(&again);
    let enters = Arc::new(AtomicU32::new(0));
    let entered = Arc::clone(&enters);
    let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_backoff(move |_| {
        if entered.fetch_add(1, Ordering::Relaxed) == 0 {
            inner.get().expect("it was set")();
        }
    });
    let policy = Arc::new(policy);
    let own = Arc::downgrade(&policy);
    let run = move || {
        let _ = own.upgrade().unwrap().run(|| Err::<(), _>("down"));
    };
    assert!(again.set(Box::new(run)).is_ok());

    let message = panic_of(|| policy.run(|| Err("down")));
    assert!(message.contains("a handler has run the policy that it belongs to"), "{message}");
    assert!(message.contains("give the handler a policy of its own"), "{message}");
    assert_eq!(policy.run(|| Err("down")), Err("down"));
    assert_eq!(enters.load(Ordering::Relaxed), 2);
}

#[test]
fn a_handler_may_run_its_own_policy_where_no_handlers_are_called() {
    let again = Again::default();
    let inner = Arc::clone(&again);
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = Arc::new(policy.on_backoff(move |_| inner.get().expect("it was set")()));
    let own = Arc::downgrade(&policy);
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let run = move || {
        own.upgrade().unwrap().run(|| Ok::<_, &str>(())).unwrap();
        counted.fetch_add(1, Ordering::Relaxed);
    };
    assert!(again.set(Box::new(run)).is_ok());
    policy.run(|| Err("down")).unwrap_err();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_handler_may_run_another_policy() {
    let log = Log::default();
    let other = handlers!(Retry::expo().max_tries(2).clock(TestClock::new()), Named("other", &log));
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = policy.on_backoff(|_| other.run(|| Ok::<_, ()>(())).unwrap());
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!(log.entries(), ["Tother", "Sother"]);
}

#[test]
fn an_observer_is_told_only_what_it_wants() {
    struct Ends<'a>(&'a Log);
    impl<T, E> Observe<T, E> for Ends<'_> {
        fn on_try(&self, _: &Details<'_, T, E>) {
            self.0.add("try");
        }

        fn on_giveup(&self, _: &Details<'_, T, E>) {
            self.0.add("giveup");
        }

        fn wants(&self, event: EventKind) -> bool {
            event == EventKind::GiveUp
        }
    }
    let log = Log::default();
    let policy = Retry::expo().max_tries(2).clock(TestClock::new()).observe(Ends(&log));
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!(log.entries(), ["giveup"]);
    // Also where somebody else in the chain wants the event.
    let policy = policy.on_try(|_| log.add("other"));
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!(log.entries(), ["giveup", "other", "other", "giveup"]);
}

#[test]
fn a_run_without_handlers_is_told_to_nobody_and_works() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_tries(3).jitter(Jitter::None).clock(&clock);
    assert_eq!(policy.run(|| Err::<(), _>(BUSY.len())), Err(1));
    assert_eq!(clock.waits(), [1, 2].map(secs));
}

/// Wants nothing.
struct Deaf;

impl<T, E> Observe<T, E> for Deaf {
    fn wants(&self, _: EventKind) -> bool {
        false
    }
}

#[test]
fn an_observer_that_wants_nothing_keeps_nothing_from_the_others() {
    let log = Log::default();
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = handlers!(policy.observe(Named("a", &log)).observe(Deaf), Named("b", &log));
    let policy = policy.observe(Deaf);
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    policy.run(|| Ok(())).unwrap();
    let events = "TBTGTBTGTS".chars();
    let expected: Vec<_> =
        events.flat_map(|event| [format!("{event}a"), format!("{event}b")]).collect();
    assert_eq!(log.entries(), expected);
}

/// The owner of the lock is one of these threads almost always, and each of them meets one that is another's.
#[test]
fn threads_that_share_handlers_are_not_taken_for_one_another() {
    let called = AtomicU32::new(0);
    let policy = Retry::expo().on_try(|_: &Details<'_, (), ()>| {
        called.fetch_add(1, Ordering::Relaxed);
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    policy.run(|| Ok(())).unwrap();
                }
            });
        }
    });
    drop(policy);
    assert_eq!(called.into_inner(), 40_000);
}
