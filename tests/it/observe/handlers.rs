//! Who is told what, when, how often and in which order.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::{Details, EventKind, GiveUp, Jitter, Observe, Retry, TestClock};

use crate::support::{
    BUSY, Fault, Outcome, Step, Told, at_once, letter, panic_of, play, secs, yields,
};

/// What happened, in order.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Logs its name at every event.
#[derive(Clone, Copy, Debug)]
struct Named<'a>(&'static str, &'a Log);

impl Named<'_> {
    fn note<T, E>(self, details: &Details<'_, T, E>) {
        self.1.add(format!("{}{}", letter(details.event), self.0));
    }
}

impl Named<'_> {
    async fn note_later(self, event: char) {
        yields(3).await;
        self.1.add(format!("{event}{}", self.0));
    }
}

impl<T, E> Observe<T, E> for Named<'_> {
    fn on_try(&self, details: &Details<'_, T, E>) {
        self.note(details);
    }

    fn on_success(&self, details: &Details<'_, T, E>) {
        self.note(details);
    }

    fn on_backoff(&self, details: &Details<'_, T, E>) {
        self.note(details);
    }

    fn on_giveup(&self, details: &Details<'_, T, E>) {
        self.note(details);
    }
}

/// Logs its name at every event, as a handler for each.
macro_rules! handlers {
    ($policy:expr, $named:expr) => {{
        let named: Named<'_> = $named;
        $policy
            .on_giveup(move |d| named.note(d))
            .on_backoff(move |d| named.note(d))
            .on_success(move |d| named.note(d))
            .on_try(move |d| named.note(d))
    }};
}

/// The same by handlers that are awaited, which note only at the end.
macro_rules! handlers_async {
    ($policy:expr, $named:expr) => {{
        let named: Named<'_> = $named;
        $policy
            .on_giveup_async(move |d| named.note_later(letter(d.event)))
            .on_backoff_async(move |d| named.note_later(letter(d.event)))
            .on_success_async(move |d| named.note_later(letter(d.event)))
            .on_try_async(move |d| named.note_later(letter(d.event)))
    }};
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_run_tells_tries_and_backoffs_in_turn_and_then_one_end() {
    type Limit = fn(Retry) -> Retry;
    const WANTED: u32 = 9;
    let unlimited: Limit = |policy| policy;
    let table: [(&str, Limit, &[Outcome], &str, Outcome); 11] = [
        ("accepted at once", unlimited, &[Ok(WANTED)], "TS", Ok(WANTED)),
        ("fails once", unlimited, &[Err(Fault::Busy), Ok(WANTED)], "TBTS", Ok(WANTED)),
        ("not there yet", unlimited, &[Ok(1), Ok(2), Ok(WANTED)], "TBTBTS", Ok(WANTED)),
        ("value and error", unlimited, &[Ok(1), Err(Fault::Busy), Ok(9)], "TBTBTS", Ok(9)),
        ("fatal at once", unlimited, &[Err(Fault::Fatal)], "TG", Err(Fault::Fatal)),
        ("fatal later", unlimited, &[Ok(1), Err(Fault::Fatal)], "TBTG", Err(Fault::Fatal)),
        ("one try", |p| p.max_tries(1), &[Err(Fault::Busy)], "TG", Err(Fault::Busy)),
        ("tries", |p| p.max_tries(3), &[Err(Fault::Busy)], "TBTBTG", Err(Fault::Busy)),
        ("never there", |p| p.max_tries(2), &[Ok(1), Ok(2)], "TBTG", Ok(2)),
        ("last is good", |p| p.max_tries(2), &[Ok(1), Ok(9)], "TBTS", Ok(9)),
        ("no time", |p| p.max_time(Duration::ZERO), &[Ok(1)], "TG", Ok(1)),
    ];
    for (name, limit, outcomes, kinds, result) in table {
        let script: Vec<_> = outcomes.iter().copied().map(at_once).collect();
        let policy = limit(Retry::expo()).seed(1);
        let policy = policy.until(|n: &u32| *n == WANTED).retry_if(Fault::is_transient);
        let story = play(policy, &script);
        assert_eq!((story.kinds().as_str(), story.result), (kinds, result), "{name}");
    }
}

#[test]
fn every_event_says_all_that_is_known() {
    let script = [
        Step { outcome: Err(Fault::Busy), takes: secs(2) },
        Step { outcome: Ok(1), takes: secs(3) },
        Step { outcome: Err(Fault::Busy), takes: secs(5) },
    ];
    let policy = Retry::fibo().first_wait(secs(10)).jitter(Jitter::None).max_tries(3);
    let told = play(policy.until(|n: &u32| *n > 1), &script).told;
    let expected = |event, tries, elapsed, wait, last_wait, reason, outcome| Told {
        event,
        target: String::from("scripted"),
        tries,
        elapsed: secs(elapsed),
        wait: secs(wait),
        last_wait: secs(last_wait),
        reason,
        outcome,
    };
    let (busy, early) = (Some(Err(Fault::Busy)), Some(Ok(1)));
    assert_eq!(
        told,
        [
            expected(EventKind::Try, 1, 0, 0, 0, None, None),
            expected(EventKind::Backoff, 1, 2, 10, 0, None, busy),
            expected(EventKind::Try, 2, 12, 0, 10, None, None),
            expected(EventKind::Backoff, 2, 15, 10, 10, None, early),
            expected(EventKind::Try, 3, 25, 0, 10, None, None),
            expected(EventKind::GiveUp, 3, 30, 0, 10, Some(GiveUp::MaxTries), busy),
        ]
    );
}

#[test]
fn the_first_attempt_begins_when_the_run_does_though_the_clock_ticks() {
    /// A second passes each time that somebody looks.
    #[derive(Default)]
    struct Ticking(Cell<u64>);
    impl relent::Sleep for Ticking {
        fn now(&self) -> Duration {
            self.0.set(self.0.get() + 1);
            secs(self.0.get())
        }

        fn sleep(&self, _: Duration) {}
    }
    let mut elapsed = Vec::new();
    let policy = Retry::expo().max_tries(2).clock(Ticking::default());
    let policy = policy.on_try(|d| elapsed.push(d.elapsed)).on_backoff(|_| {});
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    drop(policy);
    assert_eq!(elapsed, [secs(0), secs(2)]);
}

#[test]
fn a_success_at_the_first_try_is_told() {
    let story = play(Retry::expo(), &[Step { outcome: Ok(7), takes: secs(4) }]);
    let end = story.end();
    assert_eq!((end.event, end.tries, end.elapsed), (EventKind::Success, 1, secs(4)));
    assert_eq!((end.outcome, end.reason, end.wait), (Some(Ok(7)), None, Duration::ZERO));
}

#[test]
fn time_that_a_handler_takes_counts_in_elapsed() {
    let clock = TestClock::new();
    let mut elapsed = Vec::new();
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let policy =
        policy.on_backoff(|_| clock.advance(secs(100))).on_try(|d| elapsed.push(d.elapsed));
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    drop(policy);
    assert_eq!(elapsed, [secs(0), secs(101)]);
}

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

type Again = Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>;

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

/// Counts how often it is read.
#[derive(Default)]
struct Reads(Cell<u32>);

impl relent::Sleep for Reads {
    fn now(&self) -> Duration {
        self.0.set(self.0.get() + 1);
        secs(1)
    }

    fn sleep(&self, _: Duration) {}
}

impl relent::AsyncSleep for Reads {
    type Sleep = std::future::Ready<()>;

    fn now(&self) -> Duration {
        self.0.set(self.0.get() + 1);
        secs(1)
    }

    fn sleep(&self, _: Duration) -> Self::Sleep {
        std::future::ready(())
    }
}

#[test]
fn a_success_of_which_nobody_is_told_is_not_timed() {
    let clock = Reads::default();
    let policy = Retry::expo().clock(&clock);
    policy.run(|| Ok::<_, ()>(())).unwrap();
    block_on(policy.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(clock.0.take(), 0);
    // Whoever wants to be told of something else has the run timed from its beginning, and no more.
    let told = policy.on_backoff(|_| {});
    told.run(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(clock.0.take(), 1);
    let told = policy.on_backoff_async(|_| async {});
    block_on(told.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(clock.0.take(), 1);
    let told = policy.on_success(|_| {}).on_backoff_async(|_| async {});
    block_on(told.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(clock.0.take(), 2);
}

#[test]
fn no_strategy_that_comes_with_the_crate_reads_a_clock() {
    fn reads<S: relent::Wait<(), &'static str>>(policy: Retry<S>) -> u32 {
        let clock = Reads::default();
        policy.max_tries(4).clock(&clock).run(|| Err("down")).unwrap_err();
        clock.0.take()
    }
    let reads = [
        reads(Retry::expo()),
        reads(Retry::fibo()),
        reads(Retry::constant(secs(1))),
        reads(Retry::linear(secs(1))),
        reads(Retry::decay()),
        reads(Retry::sequence([secs(1); 3])),
        reads(Retry::new(relent::Schedule::from(relent::Linear::new(secs(1), secs(1))))),
        // What a function computes may go by the time.
        reads(Retry::runtime(|_: &Details<'_, (), &str>| secs(1))).min(1),
    ];
    assert_eq!(reads, [0, 0, 0, 0, 0, 0, 0, 1]);
}
