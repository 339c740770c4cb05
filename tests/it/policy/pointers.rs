//! What a policy is made of, behind a reference, a `Box` and an `Arc`: nothing gets lost on the way.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use relent::clock::Interruptible;
use relent::{
    AsyncClock, BlockingClock, Cancel, Condition, Details, EventKind, Jitter, Observe, Retry,
    StopReason, Verdict, Wait,
};

use crate::support::secs;

/// A clock that notes what it is asked, and says that it was cancelled after so many waits.
#[derive(Debug, Default)]
struct Noted {
    log: Mutex<Vec<&'static str>>,
    waits: AtomicU32,
}

impl Noted {
    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        self.waits.store(0, Relaxed);
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn is_over(&self) -> bool {
        self.waits.load(Relaxed) >= 2
    }
}

impl BlockingClock for Noted {
    fn now(&self) -> Duration {
        self.note("now");
        secs(1)
    }

    fn sleep(&self, _: Duration) {
        self.note("sleep");
        self.waits.fetch_add(1, Relaxed);
    }

    fn sleep_unless(&self, _: Duration, _: &Cancel) {
        self.note("sleep_unless");
        self.waits.fetch_add(1, Relaxed);
    }

    fn is_cancellable(&self) -> bool {
        true
    }

    fn is_cancelled(&self) -> bool {
        self.is_over()
    }
}

/// A wait that is over at once and may have been cut short.
#[derive(Debug)]
struct AtOnce;

impl Future for AtOnce {
    type Output = Interruptible;

    fn poll(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Interruptible> {
        std::task::Poll::Ready(Interruptible)
    }
}

impl AsyncClock for Noted {
    type Timer = AtOnce;

    fn now(&self) -> Duration {
        self.note("now");
        secs(1)
    }

    fn timer(&self, _: Duration) -> AtOnce {
        self.note("sleep");
        self.waits.fetch_add(1, Relaxed);
        AtOnce
    }

    fn timeout(&self, _: Duration) -> AtOnce {
        self.note("timer");
        AtOnce
    }

    fn is_cancelled(&self) -> bool {
        self.is_over()
    }
}

fn reasons_of<Z: BlockingClock + AsyncClock>(clock: &Z, noted: &Noted) -> [Option<StopReason>; 3] {
    let reason = Mutex::new(None);
    let note = |d: &Details<'_, (), std::io::Error>| *reason.lock().unwrap() = d.reason;
    let policy = Retry::expo().on_giveup(note).clock(clock);
    let down = || Err::<(), _>(std::io::Error::other("down"));
    policy.run(down).unwrap_err();
    let blocking = reason.lock().unwrap().take();
    noted.waits.store(0, Relaxed);
    let never = Cancel::new();
    let policy = Retry::expo().on_giveup(note).clock(clock).cancelled_by(&never);
    policy.run(down).unwrap_err();
    let wrapped = reason.lock().unwrap().take();
    noted.waits.store(0, Relaxed);
    let policy = Retry::expo().on_giveup(note).clock(clock);
    let timed = policy.attempt_timeout(secs(5));
    block_on(timed.run_async(async || down())).unwrap_err();
    [blocking, wrapped, reason.lock().unwrap().take()]
}

#[test]
fn a_clock_behind_a_pointer_is_asked_all_that_it_can_say() {
    let plain = Noted::default();
    let told = reasons_of(&plain, &plain);
    assert_eq!(told, [Some(StopReason::Cancelled); 3]);
    let expected = plain.take();
    for what in ["now", "sleep", "sleep_unless", "timer"] {
        assert!(expected.contains(&what), "{what}: {expected:?}");
    }
    let boxed = Box::new(Noted::default());
    let shared = Arc::new(Noted::default());
    assert_eq!((reasons_of(&&plain, &plain), plain.take()), (told, expected.clone()));
    assert_eq!((reasons_of(&boxed, &boxed), boxed.take()), (told, expected.clone()));
    assert_eq!((reasons_of(&shared, &shared), shared.take()), (told, expected));
}

/// A clock that must not be read.
struct Unread;

impl BlockingClock for Unread {
    fn now(&self) -> Duration {
        panic!("the clock was read")
    }

    fn sleep(&self, _: Duration) {}
}

/// Neither its waits nor its answers go by the time.
struct Timeless;

impl<T, E> Wait<T, E> for Timeless {
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        (details.tries < 3).then_some(secs(1))
    }

    fn needs_elapsed(&self) -> bool {
        false
    }

    fn ends(&self) -> bool {
        true
    }
}

impl<T, E> Condition<T, E> for Timeless {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        if details.error().is_some() { Verdict::Retry } else { Verdict::Accept }
    }

    fn requested_wait(&self, _: &Details<'_, T, E>) -> Option<Duration> {
        Some(secs(9))
    }

    fn needs_elapsed(&self) -> bool {
        false
    }
}

impl<T, E> Observe<T, E> for Timeless {
    fn wants(&self, _: EventKind) -> bool {
        false
    }
}

#[test]
fn what_reads_no_clock_reads_none_behind_a_pointer() {
    fn runs<S, C, H>(policy: Retry<S, C, H>)
    where
        S: Wait<(), &'static str>,
        C: Condition<(), &'static str>,
        Retry<S, C, H, Unread>: Runs,
    {
        policy.clock(Unread).runs();
    }
    trait Runs {
        fn runs(self);
    }
    impl<S, C, O> Runs for Retry<S, C, relent::observe::Observed<(), O>, Unread>
    where
        S: Wait<(), &'static str>,
        C: Condition<(), &'static str>,
        O: Observe<(), &'static str>,
    {
        fn runs(self) {
            let mut calls = 0;
            let outcome = self.run(|| {
                calls += 1;
                Err("down")
            });
            assert_eq!((outcome, calls), (Err("down"), 3));
        }
    }
    runs(Retry::new(Timeless).condition(Timeless).observe(Timeless));
    runs(Retry::new(&Timeless).condition(&Timeless).observe(&Timeless));
    runs(Retry::new(Box::new(Timeless)).condition(Box::new(Timeless)).observe(Box::new(Timeless)));
    let shared = Arc::new(Timeless);
    runs(Retry::new(Arc::clone(&shared)).condition(Arc::clone(&shared)).observe(shared));
}

#[test]
fn a_condition_behind_a_pointer_asks_for_its_wait() {
    fn waits<C: Condition<(), &'static str>>(condition: C) -> Vec<Duration> {
        let clock = relent::TestClock::new();
        let policy = Retry::expo().jitter(Jitter::None).max_tries(2).clock(&clock);
        policy.condition(condition).run(|| Err("down")).unwrap_err();
        clock.waits()
    }
    let waits =
        [waits(Timeless), waits(&Timeless), waits(Box::new(Timeless)), waits(Arc::new(Timeless))];
    assert_eq!(waits, [const { secs(9) }; 4].map(|wait| vec![wait]));
}

/// Notes each event by the method that was called for it.
#[derive(Default)]
struct Methods(Mutex<Vec<&'static str>>);

impl<T, E> Observe<T, E> for Methods {
    fn on_try(&self, _: &Details<'_, T, E>) {
        self.0.lock().unwrap().push("try");
    }

    fn on_success(&self, _: &Details<'_, T, E>) {
        self.0.lock().unwrap().push("success");
    }

    fn on_backoff(&self, _: &Details<'_, T, E>) {
        self.0.lock().unwrap().push("backoff");
    }

    fn on_giveup(&self, _: &Details<'_, T, E>) {
        self.0.lock().unwrap().push("giveup");
    }
}

#[test]
fn an_observer_behind_a_pointer_is_told_each_event_as_such() {
    fn told<O: Observe<(), &'static str>>(observer: O) {
        let policy = Retry::expo().max_tries(2).clock(relent::TestClock::new()).observe(observer);
        policy.run(|| Err("down")).unwrap_err();
        policy.run(|| Ok(())).unwrap();
    }
    let expected = ["try", "backoff", "try", "giveup", "try", "success"];
    let plain = Methods::default();
    told(&plain);
    told(Box::new(&plain));
    let shared = Arc::new(Methods::default());
    told(Arc::clone(&shared));
    told(Box::new(Arc::clone(&shared)));
    for log in [&plain.0, &shared.0] {
        assert_eq!(*log.lock().unwrap(), [expected, expected].concat());
    }
}

#[test]
fn parts_that_are_made_by_default_are_those_that_are_made_by_name() {
    assert_eq!(relent::Budget::default().available(), relent::Budget::new().available());
    let attempt = relent::Attempt::new(3);
    assert_eq!((attempt.tries, attempt.elapsed, attempt.remaining), (3, Duration::ZERO, None));
    assert!(!attempt.is_last);
    let name: Details<'_, (), ()> = Details::new("fetch", 1);
    assert_eq!(name.target().as_str(), Some("fetch"));
}
