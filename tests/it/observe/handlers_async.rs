//! Handlers that are awaited.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use futures::executor::block_on;
use relent::{Details, Jitter, Retry, TestClock};

use super::{Again, Log, Named, poll_once};
use crate::support::{letter, panic_of, secs, yields};

#[test]
fn async_handlers_take_their_turn_among_the_others() {
    let log = Log::default();
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = handlers_async!(policy, Named("a", &log));
    let policy = handlers_async!(policy, Named("b", &log));
    let policy = handlers!(policy, Named("c", &log));
    let policy = policy.observe(Named("d", &log));
    let policy = handlers_async!(policy, Named("e", &log));
    let policy = policy.observe(Named("f", &log));
    let policy = handlers!(policy, Named("g", &log));
    let policy = handlers_async!(policy, Named("h", &log));
    let policy = handlers_async!(policy, Named("i", &log));

    block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    let expected: Vec<_> = "TBTG"
        .chars()
        .flat_map(|event| "abcdefghi".chars().map(move |name| format!("{event}{name}")))
        .collect();
    assert_eq!(log.entries(), expected);

    log.0.lock().unwrap().clear();
    block_on(policy.run_async(async || Ok(()))).unwrap();
    assert_eq!(log.entries()[9..], ["Sa", "Sb", "Sc", "Sd", "Se", "Sf", "Sg", "Sh", "Si"]);
}

#[test]
fn async_handlers_finish_before_the_attempt_the_wait_and_the_result() {
    let log = Log::default();
    let clock = TestClock::new();
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let note = |d: &Details<'_, (), &str>| {
        let (kind, log, clock) = (letter(d.event), &log, &clock);
        async move {
            log.add(format!("{kind} begins, {} waits", clock.waits().len()));
            yields(5).await;
            log.add(format!("{kind} ends, {} waits", clock.waits().len()));
        }
    };
    let policy = policy.on_try_async(note).on_backoff_async(note).on_giveup_async(note);
    let outcome = block_on(policy.run_async(async || {
        log.add("attempt");
        Err("down")
    }));
    log.add("result");
    outcome.unwrap_err();
    assert_eq!(
        log.entries(),
        [
            "T begins, 0 waits",
            "T ends, 0 waits",
            "attempt",
            "B begins, 0 waits",
            "B ends, 0 waits",
            "T begins, 1 waits",
            "T ends, 1 waits",
            "attempt",
            "G begins, 1 waits",
            "G ends, 1 waits",
            "result",
        ]
    );
}

#[test]
fn the_wait_begins_after_slow_async_handlers_and_keeps_its_length() {
    let clock = TestClock::new();
    let mut told = Vec::new();
    let policy = Retry::constant(secs(5))
        .jitter(Jitter::None)
        .max_time(secs(6))
        .clock(&clock)
        .on_backoff(|d| told.push((d.elapsed, d.wait)))
        .on_backoff_async(|_| async { clock.advance(secs(100)) });
    block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    drop(policy);
    assert_eq!(told, [(secs(0), secs(5))]);
    assert_eq!((clock.waits(), clock.elapsed()), (vec![secs(5)], secs(105)));
}

#[test]
fn nothing_is_told_after_a_drop_in_a_handler() {
    let log = Log::default();
    let policy = Retry::expo().clock(TestClock::new());
    let policy = handlers_async!(policy, Named("a", &log));
    let policy = handlers!(policy, Named("b", &log));
    {
        let mut future = pin!(policy.run_async(async || Ok::<_, ()>(())));
        assert!(!poll_once(future.as_mut()));
    }
    assert_eq!(log.entries(), Vec::<String>::new());
    block_on(policy.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(log.entries(), ["Ta", "Tb", "Sa", "Sb"]);
}

#[test]
fn an_async_handler_that_panics_leaves_the_policy_usable() {
    let mut calls = 0;
    let policy = Retry::expo().max_tries(1).clock(TestClock::new()).on_giveup_async(|_| {
        calls += 1;
        let panics = calls == 1;
        async move {
            yields(1).await;
            assert!(!panics, "the handler's own panic");
        }
    });
    let run = || block_on(policy.run_async(async || Err::<(), _>("down")));
    assert_eq!(panic_of(run), "the handler's own panic");
    assert_eq!(run(), Err("down"));
}

#[test]
fn what_an_async_handler_awaits_may_run_its_own_policy() {
    let again = Again::default();
    let inner = Arc::clone(&again);
    let enters = Arc::new(AtomicU32::new(0));
    let entered = Arc::clone(&enters);
    let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_backoff_async(move |_| {
        let (entered, inner) = (Arc::clone(&entered), Arc::clone(&inner));
        async move {
            if entered.fetch_add(1, Ordering::Relaxed) == 0 {
                inner.get().expect("it was set")();
            }
        }
    });
    let policy = Arc::new(policy);
    let own = Arc::downgrade(&policy);
    let run = move || {
        // Polled by hand: `block_on` cannot be nested.
        let policy = own.upgrade().unwrap();
        let mut future = pin!(policy.run_async(async || Err::<(), _>("down")));
        while !poll_once(future.as_mut()) {}
    };
    assert!(again.set(Box::new(run)).is_ok());
    block_on(policy.run_async(async || Err("down"))).unwrap_err();
    assert_eq!(enters.load(Ordering::Relaxed), 2);
}

/// Counts how many of its kind are alive.
#[derive(Debug)]
struct Alive<'a>(&'a AtomicU32);

impl<'a> Alive<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ready at once, and panics when it is dropped.
struct Bomb;

impl Future for Bomb {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_handler_whose_future_panics_when_dropped_leaks_no_outcome() {
    let alive = AtomicU32::new(0);
    let policy = Retry::expo().clock(TestClock::new()).on_backoff_async(|_| Bomb);
    let panic = panic_of(|| {
        block_on(policy.run_async(async || Err::<Infallible, _>(Alive::new(&alive)))).is_err()
    });
    assert_eq!((panic.as_str(), alive.load(Ordering::Relaxed)), ("dropped", 0));
}
