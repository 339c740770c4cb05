//! Code that takes any policy: `RunBlocking`, `RunAsync`, `RunLocal` and `BoxedRetry`.

use std::cell::Cell;
use std::fmt::Display;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use relent::clock::{Cancellable, Punctual, SystemClock};
use relent::condition::{AnyError, Budgeted};
use relent::observe::{Handlers, HandlersAsync};
use relent::run::{AttemptFn, BoxedRetry, Decision, RunAsync, RunBlocking, RunLocal};
use relent::wait::{Decorrelated, Expo};
use relent::{Budget, Cancel, Condition, Details, Jitter, Observe, Retry, TestClock, Verdict};
use static_assertions::{assert_impl_all, assert_not_impl_any};

use crate::run::by_hand::{DOWN, Outcome, Story, UP};
use crate::support::{secs, yields};

type Error = &'static str;

/// Waits 1, 2, 4 ... seconds, and makes three attempts.
const POLICY: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

type Told = Retry<Expo, AnyError, Handlers<'static, u32, Error>>;
type Awaited = Retry<Expo, AnyError, HandlersAsync<'static, u32, Error>>;
type NotSend = Rc<u8>;

assert_impl_all!(Retry: RunBlocking<u8, u8>, RunAsync<u8, u8>, RunLocal<u8, u8>);
assert_impl_all!(Retry<Decorrelated>: RunBlocking<u8, u8>, RunAsync<u8, u8>);
assert_impl_all!(&'static Retry: RunBlocking<u8, u8>, RunAsync<u8, u8>, RunLocal<u8, u8>);
assert_impl_all!(Arc<Retry>: RunBlocking<u8, u8>, RunAsync<u8, u8>, RunLocal<u8, u8>);
assert_impl_all!(Box<Retry>: RunBlocking<u8, u8>, RunAsync<u8, u8>, RunLocal<u8, u8>);
assert_impl_all!(Arc<Box<&'static Retry>>: RunBlocking<u8, u8>, RunAsync<u8, u8>);
assert_impl_all!(BoxedRetry<u8, u8>: RunBlocking<u8, u8>, RunAsync<u8, u8>, Send, Sync);
assert_impl_all!(Told: RunBlocking<u32, Error>, RunAsync<u32, Error>);

// What has to be awaited cannot block, and one pair of types is not another.
assert_impl_all!(Awaited: RunAsync<u32, Error>, RunLocal<u32, Error>);
assert_not_impl_any!(Awaited: RunBlocking<u32, Error>);
assert_not_impl_any!(Told: RunBlocking<u8, Error>, RunAsync<u32, String>, RunLocal<u8, u8>);
assert_not_impl_any!(BoxedRetry<u8, u8>: RunBlocking<u8, u16>, RunLocal<u16, u8>);

// An outcome of one thread: where it is not kept, it need not be sent.
assert_impl_all!(Retry: RunAsync<NotSend, NotSend>);
assert_impl_all!(Retry<Expo, AnyError, (), Cancellable<SystemClock>>: RunAsync<u8, u8>, RunLocal<NotSend, u8>);
assert_not_impl_any!(Retry<Expo, AnyError, (), Cancellable<SystemClock>>: RunAsync<NotSend, u8>);
assert_not_impl_any!(Retry<Expo, AnyError, (), Punctual<SystemClock>>: RunAsync<u8, NotSend>);
assert_impl_all!(Retry<Expo, AnyError, (), Punctual<SystemClock>>: RunAsync<u8, u8>, RunLocal<u8, NotSend>);

// A policy of one thread.
assert_impl_all!(Retry<Expo, Budgeted<AnyError, Rc<Budget>>>: RunBlocking<u8, u8>, RunLocal<u8, u8>);
assert_not_impl_any!(Retry<Expo, Budgeted<AnyError, Rc<Budget>>>: RunAsync<u8, u8>);
assert_not_impl_any!(Rc<Retry>: RunAsync<u8, u8>);

/// Fails until it was called often enough.
fn fails(times: u32) -> impl Fn() -> Outcome {
    let calls = AtomicU32::new(0);
    move || {
        let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call > times { Ok(call) } else { DOWN }
    }
}

fn load(retry: &impl RunBlocking<u32, Error>) -> Outcome {
    retry.run(fails(2))
}

#[test]
fn a_function_takes_any_policy() {
    let (clock, cancel, budget) = (TestClock::new(), Cancel::new(), Budget::new());
    let policy = POLICY.clock(&clock);
    assert_eq!(load(&policy), Ok(3));
    assert_eq!(load(&&policy), Ok(3));
    assert_eq!(load(&Arc::new(policy)), Ok(3));
    assert_eq!(load(&Box::new(policy)), Ok(3));
    assert_eq!(load(&policy.on_backoff(|_| {})), Ok(3));
    assert_eq!(load(&policy.retry_if(|e: &Error| *e == "up")), DOWN);
    assert_eq!(load(&policy.budget(&budget)), Ok(3));
    assert_eq!(load(&policy.cancelled_by(&cancel)), Ok(3));
    assert_eq!(load(&policy.no_attempt_after_deadline()), Ok(3));
    assert_eq!(load(&policy.boxed::<u32, Error>()), Ok(3));
    assert_eq!(load(&policy.by_ref()), Ok(3));
    let dynamic: &(dyn Condition<u32, Error> + Sync) = &AnyError;
    assert_eq!(load(&policy.condition(dynamic)), Ok(3));
}

/// A client of any policy: of the default one, where none is named.
struct Client<P = Retry> {
    retry: P,
    calls: AtomicU32,
}

impl<P> Client<P> {
    fn new(retry: P) -> Arc<Self> {
        Arc::new(Self { retry, calls: AtomicU32::new(0) })
    }

    fn call(&self) -> Outcome {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call % 3 == 0 { Ok(call) } else { DOWN }
    }
}

impl<P: RunBlocking<u32, Error>> Client<P> {
    fn get(&self) -> Outcome {
        self.retry.run(|| self.call())
    }
}

impl<P: RunAsync<u32, Error>> Client<P> {
    async fn get_async(&self) -> Outcome {
        self.retry
            .run_async(|| async {
                yields(1).await;
                self.call()
            })
            .await
    }

    // Rust 1.85 takes the future of a generic policy for one of a single lifetime.
    #[rustversion::since(1.95)]
    fn spawn(self: &Arc<Self>) -> tokio::task::JoinHandle<Outcome>
    where
        P: Send + 'static,
    {
        let client = Arc::clone(self);
        tokio::spawn(async move { client.get_async().await })
    }
}

#[rustversion::since(1.95)]
#[tokio::test(start_paused = true)]
async fn a_struct_that_is_generic_over_its_policy_is_spawned() {
    let plain: Arc<Client> = Client::new(POLICY);
    assert_eq!(plain.spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(Arc::new(POLICY)).spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(POLICY.on_backoff(|_| {})).spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(POLICY.on_backoff_async(|_| yields(1))).spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(POLICY.cancelled_by(&Cancel::new())).spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(POLICY.no_attempt_after_deadline()).spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(POLICY.boxed()).spawn().await.unwrap(), Ok(3));
    let handlers = POLICY.on_backoff(|_| {}).share_observers();
    assert_eq!(Client::new(handlers.clone()).spawn().await.unwrap(), Ok(3));
    assert_eq!(Client::new(handlers).spawn().await.unwrap(), Ok(3));
}

#[test]
fn a_struct_that_is_generic_over_its_policy_may_block() {
    let clock = TestClock::new();
    assert_eq!(Client::new(POLICY.clock(&clock)).get(), Ok(3));
    assert_eq!(Client::new(POLICY.clock(clock.clone()).boxed()).get(), Ok(3));
    assert_eq!(clock.waits(), [1, 2, 1, 2].map(secs));
}

/// What a configuration says.
#[derive(Clone, Copy)]
enum Configured {
    Exponential,
    Constant { only: &'static str },
}

struct Service {
    retry: BoxedRetry<u32, Error, TestClock>,
}

impl Service {
    fn new(configured: Configured, clock: &TestClock, log: &Arc<Story>) -> Self {
        let clock = clock.clone();
        let retry = match configured {
            Configured::Exponential => POLICY.clock(clock).boxed(),
            Configured::Constant { only } => {
                let log = Arc::clone(log);
                let policy =
                    Retry::constant(secs(5)).jitter(Jitter::None).max_tries(3).clock(clock);
                let policy = policy.retry_if(move |e: &Error| *e == only);
                policy.on_backoff(move |d| log.add(d.event, d.tries)).boxed()
            }
        };
        Self { retry }
    }
}

#[test]
fn a_policy_is_chosen_at_run_time_and_keeps_every_form_of_a_run() {
    for (configured, waits, told) in [
        (Configured::Exponential, [1, 2], ""),
        (Configured::Constant { only: "down" }, [5, 5], "B1 B2"),
    ] {
        let (clock, log) = (TestClock::new(), Arc::new(Story::default()));
        let service = Service::new(configured, &clock, &log);
        let mut played = 0;
        let mut check = |outcome: Outcome| {
            assert_eq!(outcome, DOWN);
            assert_eq!(log.told(), told);
            assert_eq!(clock.waits()[played..], waits.map(secs));
            played += 2;
        };
        check(service.retry.run(|| DOWN));
        check(block_on(service.retry.run_async(async || DOWN)));
        check(service.retry.run_with("url", |_| DOWN));
        check(service.retry.explain().run(|| DOWN).unwrap_err().into_outcome());
        let mut attempts = service.retry.attempts();
        while attempts.after(DOWN).is_continue() {}
        check(DOWN);
        check(load_all(&service.retry));
        let decision = service.retry.decide(&mut relent::Progress::new(2), &DOWN);
        assert!(matches!(decision, Decision::GiveUp(_)));
    }
    let service = Service::new(
        Configured::Constant { only: "busy" },
        &TestClock::new(),
        &Arc::new(Story::default()),
    );
    let mut calls = 0;
    let outcome = service.retry.run(|| {
        calls += 1;
        DOWN
    });
    assert_eq!((outcome, calls), (DOWN, 1));
}

fn load_all(retry: &impl RunBlocking<u32, Error>) -> Outcome {
    retry.run(|| DOWN)
}

#[test]
fn a_boxed_policy_may_be_extended_and_boxed_again() {
    let (story, clock) = (Arc::new(Story::default()), TestClock::new());
    let (first, second) = (Arc::clone(&story), Arc::clone(&story));
    let boxed = POLICY.clock(clock).on_backoff(move |d| first.add(d.event, d.tries)).boxed();
    let again: BoxedRetry<u32, Error, TestClock> =
        boxed.on_giveup(move |d| second.add(d.event, d.tries)).max_tries(2).boxed();
    assert_eq!(again.run(|| DOWN), DOWN);
    assert_eq!(story.told(), "B1 G2");
}

#[test]
fn a_boxed_policy_tells_its_observers_in_order() {
    struct Named(&'static str, Arc<Mutex<String>>);
    impl<T, E> Observe<T, E> for Named {
        fn on_event(&self, _: &Details<'_, T, E>) {
            self.1.lock().unwrap().push_str(self.0);
        }
    }
    let log = Arc::new(Mutex::new(String::new()));
    let named = |name| Named(name, Arc::clone(&log));
    let boxed = POLICY.observe(named("a")).observe(named("b")).boxed::<u32, Error>();
    assert_eq!(boxed.observe(named("c")).run(|| UP), UP);
    assert_eq!(*log.lock().unwrap(), "abcabc");
}

/// A mock that tries twice and never waits.
struct Twice;

impl<T, E> RunBlocking<T, E> for Twice {
    fn run<F: FnMut() -> Result<T, E>>(&self, mut operation: F) -> Result<T, E> {
        operation().or_else(|_| operation())
    }
}

impl<T, E> RunLocal<T, E> for Twice {
    async fn run_local<F: AttemptFn<T, E>>(&self, mut operation: F) -> Result<T, E> {
        match operation().await {
            Ok(value) => Ok(value),
            Err(_) => operation().await,
        }
    }
}

impl<T: Send, E: Send> RunAsync<T, E> for Twice {
    async fn run_async<F>(&self, mut operation: F) -> Result<T, E>
    where
        F: AttemptFn<T, E, Attempt: Send> + Send,
    {
        match operation().await {
            Ok(value) => Ok(value),
            Err(_) => operation().await,
        }
    }
}

#[rustversion::since(1.95)]
#[tokio::test]
async fn a_mock_is_a_policy_too() {
    let client = Client::new(Twice);
    assert_eq!(client.get(), DOWN);
    assert_eq!(client.get_async().await, Ok(3));
    assert_eq!(client.spawn().await.unwrap(), DOWN);
    assert_eq!(Twice.run_with(7, Ok::<_, Error>), Ok(7));
    assert_eq!(RunAsync::run_with_async(&Twice, 7, async |n| Ok::<_, Error>(n)).await, Ok(7));
    assert_eq!(Twice.run_with_local(7, async |n| Ok::<_, Error>(n)).await, Ok(7));
}

#[test]
fn an_operation_of_one_thread_is_awaited_by_a_local_run() {
    async fn load(retry: &impl RunLocal<Rc<str>, Rc<str>>, calls: Rc<Cell<u32>>) -> Rc<str> {
        let run = retry.run_local(|| {
            let calls = Rc::clone(&calls);
            async move {
                yields(1).await;
                calls.set(calls.get() + 1);
                if calls.get() < 3 { Err(Rc::from("busy")) } else { Ok(Rc::from("value")) }
            }
        });
        run.await.unwrap()
    }
    let policy = POLICY.clock(TestClock::new());
    let calls = Rc::new(Cell::new(0));
    assert_eq!(&*block_on(load(&policy, Rc::clone(&calls))), "value");
    assert_eq!(calls.get(), 3);
    calls.set(0);
    let awaited = POLICY.clock(TestClock::new()).on_backoff_async(|_| yields(2));
    assert_eq!(&*block_on(load(&awaited, calls)), "value");
}

#[test]
fn two_bounds_on_one_policy_infer() {
    fn load<P>(retry: &P) -> (u32, String)
    where
        P: RunBlocking<u32, Error> + RunBlocking<String, std::num::ParseIntError>,
    {
        let number = retry.run(|| Ok::<u32, Error>(7)).unwrap();
        let text = retry.run(|| "7".parse::<u8>().map(|n| n.to_string())).unwrap();
        (number, text)
    }
    async fn load_async<P>(retry: &P) -> (u32, String)
    where
        P: RunAsync<u32, Error> + RunAsync<String, std::fmt::Error>,
    {
        let number = retry.run_async(|| async { Ok::<u32, Error>(7) }).await.unwrap();
        let text = retry.run_async(|| async { Ok(String::from("7")) }).await.unwrap();
        (number, text)
    }
    assert_eq!(load(&POLICY), (7, "7".into()));
    assert_eq!(block_on(load_async(&POLICY.clock(TestClock::new()))), (7, "7".into()));
}

#[test]
fn one_policy_may_block_and_be_awaited() {
    fn both<P: RunBlocking<u32, Error> + RunAsync<u32, Error>>(retry: &P) {
        assert_eq!(retry.run(fails(1)), Ok(2));
        let operation = fails(1);
        assert_eq!(block_on(retry.run_async(|| async { operation() })), Ok(2));
    }
    both(&POLICY.clock(TestClock::new()));
}

/// Notes the target of each run.
struct Targets<'a>(&'a Mutex<Vec<String>>);

impl<T, E> Observe<T, E> for Targets<'_> {
    fn on_success(&self, details: &Details<'_, T, E>) {
        self.0.lock().unwrap().push(details.target().to_string());
    }
}

#[test]
fn the_target_is_the_operation_where_it_is_called_by_a_bound() {
    fn by_bounds<P: RunBlocking<u32, Error> + RunAsync<u32, Error>>(retry: &P) {
        retry.run(|| UP).unwrap();
        retry.run_with(7, |n| if n > 0 { Ok(n) } else { DOWN }).unwrap();
        block_on(retry.run_async(|| async { UP })).unwrap();
        block_on(retry.run_local(|| async { UP })).unwrap();
    }
    let seen = Mutex::new(Vec::new());
    by_bounds(&POLICY.clock(TestClock::new()).observe(Targets(&seen)));
    let seen = seen.into_inner().unwrap();
    let module = concat!(module_path!(), "::the_target_is_the_operation");
    assert!(seen.iter().all(|target| target.starts_with(module)), "{seen:#?}");
}

#[test]
fn the_target_is_the_operation_where_it_is_called_with_arguments_by_a_bound() {
    fn with_arguments<P: RunAsync<u32, Error>>(retry: &P) {
        block_on(retry.run_with_async(7, |n| async move { Ok(n) })).unwrap();
        block_on(retry.run_with_local(7, |n| async move { Ok(n) })).unwrap();
    }
    let seen = Mutex::new(Vec::new());
    with_arguments(&POLICY.clock(TestClock::new()).observe(Targets(&seen)));
    let seen = seen.into_inner().unwrap();
    let module = concat!(module_path!(), "::the_target_is_the_operation");
    assert!(seen.iter().all(|target| target.starts_with(module)), "{seen:#?}");
}

#[test]
fn an_error_of_any_type_is_shown_by_a_generic_function() {
    fn lines<E: Display + Clone>(error: &E) -> Vec<String> {
        let mut lines = Vec::new();
        let policy = POLICY.target("load").clock(TestClock::new());
        let policy = policy.on_giveup(|d: &Details<'_, u32, E>| lines.push(d.to_string()));
        let _ = RunBlocking::run(&policy, || Err(error.clone()));
        drop(policy);
        lines
    }
    assert_eq!(lines(&"down"), ["Giving up load after 3 tries (down)"]);
    assert_eq!(lines(&7), ["Giving up load after 3 tries (7)"]);
}

#[test]
fn a_condition_of_ones_own_serves_a_bound() {
    #[derive(Clone, Copy)]
    struct Never;
    impl<T, E> Condition<T, E> for Never {
        fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
            if details.error().is_some() { Verdict::Stop } else { Verdict::Accept }
        }
    }
    assert_eq!(load(&POLICY.condition(Never)), DOWN);
}

// Extended and shared policies.

#[test]
fn a_borrowed_policy_is_extended_for_a_single_call() {
    let (always, once) = (Story::default(), Story::default());
    let policy = POLICY.clock(TestClock::new()).on_backoff(|d: &Details<'_, u32, Error>| {
        always.add(d.event, d.tries);
    });
    let extended = policy.by_ref().max_tries(2).on_giveup(|d| once.add(d.event, d.tries));
    assert_eq!(extended.run(|| DOWN), DOWN);
    assert_eq!((always.told().as_str(), once.told().as_str()), ("B1", "G2"));
    let refused = policy.by_ref().retry_if(|e: &Error| *e == "busy");
    assert_eq!(refused.run(|| DOWN), DOWN);
    assert_eq!(policy.run(|| DOWN), DOWN);
    assert_eq!((always.told().as_str(), once.told().as_str()), ("B1 B2", ""));
}

#[test]
fn a_borrowed_policy_may_get_a_clock_and_is_asked_for_one_wait() {
    let clock = TestClock::new();
    assert_eq!(POLICY.by_ref().clock(&clock).run(|| DOWN), DOWN);
    assert_eq!(clock.waits().len(), 2);
    assert_eq!(POLICY.by_ref().wait_after(2), POLICY.wait_after(2));
}

#[test]
fn a_borrowed_policy_may_be_awaited_and_have_async_handlers() {
    let story = Story::default();
    let policy = POLICY.clock(TestClock::new()).on_backoff_async(|d: &Details<'_, u32, Error>| {
        story.add(d.event, d.tries);
        yields(1)
    });
    let extended = policy.by_ref().on_giveup(|d| story.add(d.event, d.tries));
    assert_eq!(block_on(extended.run_async(async || DOWN)), DOWN);
    assert_eq!(story.told(), "B1 B2 G3");
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_policy_share_its_handlers() {
    let retries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&retries);
    let policy = POLICY
        .on_backoff(move |_: &Details<'_, u32, Error>| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .share_observers();
    let tasks: Vec<_> =
        (0..10).map(|_| tokio::spawn(policy.clone().into_run_async(async || DOWN))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), DOWN);
    }
    assert_eq!(retries.load(Ordering::Relaxed), 20);
    let mut more = 0;
    let extended = policy.clone().clock(TestClock::new()).on_backoff(|_| more += 1);
    assert_eq!(extended.run(|| DOWN), DOWN);
    drop(extended);
    assert_eq!((retries.load(Ordering::Relaxed), more), (22, 2));
}

#[test]
fn observers_are_replaced() {
    let (old, new) = (Story::default(), Story::default());
    let policy = POLICY.clock(TestClock::new()).observe(&old);
    assert_eq!(policy.clone().without_observers().observe(&new).run(|| UP), UP);
    assert_eq!((old.told().as_str(), new.told().as_str()), ("", "T1 S1"));
    // Those of other types, too.
    let policy = policy.on_try(|_: &Details<'_, String, String>| {});
    assert_eq!(policy.without_observers().run(|| UP), UP);
}

#[test]
fn a_shared_predicate_captures_has_a_name_and_is_one_of_several() {
    use relent::condition::{RetryIf, RetryIfShared, SharedPredicate};
    type Both = RetryIfShared<RetryIf<AnyError, fn(&u16) -> bool>, u16>;
    struct Client {
        retry: Retry<Expo, Both, (), TestClock>,
    }
    let retryable = [404, 429, 503];
    let predicate: SharedPredicate<u16> = Arc::new(move |status| retryable.contains(status));
    let is_server: fn(&u16) -> bool = |status| *status >= 429;
    let retry = POLICY.retry_if(is_server).retry_if_shared(predicate).clock(TestClock::new());
    let client = Client { retry: retry.clone() };
    for (status, calls) in [(404, 1), (429, 3), (500, 1), (503, 3)] {
        for policy in [&client.retry, &retry] {
            let mut called = 0;
            let outcome = policy.run(|| {
                called += 1;
                Err::<(), u16>(status)
            });
            assert_eq!((outcome, called), (Err(status), calls));
        }
    }
    assert_impl_all!(RetryIfShared<AnyError, NotSend>: Clone, Send, Sync);
}
