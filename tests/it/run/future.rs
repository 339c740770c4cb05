//! The futures themselves: when they run, what becomes of them when dropped, what they need.

use std::cell::{Cell, RefCell};
use std::future::{Future, Ready, pending, ready};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::condition::AnyError;
use relent::wait::Expo;
use relent::{AsyncClock, Condition, Details, Jitter, Retry, TestClock, Verdict};

use crate::support::{counting_waker, panic_of, secs, yields};

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Whether a value can be sent to another thread, as a value and not as a demand.
struct Probe<'a, T>(PhantomData<&'a T>);

/// Of a value.
fn probe<T>(_: &T) -> Probe<'_, T> {
    Probe(PhantomData)
}

impl<T: Send> Probe<'_, T> {
    #[expect(clippy::unused_self, reason = "what is found depends on the type of self")]
    fn is_send(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<'_, T> {}

#[test]
fn nothing_runs_before_the_first_poll() {
    let clock = TestClock::new();
    let (calls, told) = (Cell::new(0), AtomicU32::new(0));
    let policy = Retry::expo().clock(&clock).on_try(|_| {
        told.fetch_add(1, Ordering::Relaxed);
    });
    let future = policy.run_async(async || {
        calls.set(calls.get() + 1);
        Ok::<_, ()>(())
    });
    assert_eq!((calls.get(), told.load(Ordering::Relaxed)), (0, 0));
    block_on(future).unwrap();
    assert_eq!((calls.get(), told.load(Ordering::Relaxed)), (1, 1));
}

#[test]
fn time_counts_from_the_first_poll() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(1)).max_time(secs(2)).jitter(Jitter::None).clock(&clock);
    let future = policy.run_async(async || Err::<(), _>("down"));
    clock.advance(secs(100));
    block_on(future).unwrap_err();
    assert_eq!(clock.waits(), [secs(1), secs(1)]);
}

/// Notes when it is dropped.
struct Dropped<'a>(&'a RefCell<Vec<&'static str>>, &'static str);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

#[test]
fn a_future_dropped_in_any_state_drops_what_it_holds_and_does_no_more() {
    let clock = TestClock::manual();
    for (polls, expected) in [(0, ["operation"].as_slice()), (1, &["operation", "attempt"])] {
        let dropped = RefCell::new(Vec::new());
        let held = Dropped(&dropped, "operation");
        let policy = Retry::expo().clock(&clock);
        let mut future = Box::pin(policy.run_async(|| {
            let _held = &held;
            let attempt = Dropped(&dropped, "attempt");
            async move {
                let _attempt = attempt;
                pending::<Result<(), ()>>().await
            }
        }));
        for _ in 0..polls {
            assert!(poll(future.as_mut()).is_pending());
        }
        drop(future);
        drop(held);
        let mut dropped = dropped.into_inner();
        dropped.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(dropped, expected);
    }
    assert!(clock.waits().is_empty());
}

#[test]
fn an_attempt_that_ended_is_dropped_before_the_wait() {
    let clock = TestClock::manual();
    let dropped = RefCell::new(Vec::new());
    let policy = Retry::expo().jitter(Jitter::None).clock(&clock);
    let mut future = Box::pin(policy.run_async(|| {
        let attempt = Dropped(&dropped, "attempt");
        std::future::poll_fn(move |_| {
            let _held = &attempt;
            Poll::Ready(Err::<(), _>("down"))
        })
    }));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(*dropped.borrow(), ["attempt"]);
    drop(future);
    clock.advance(secs(10));
    assert_eq!(*dropped.borrow(), ["attempt"]);
}

#[test]
fn a_future_that_is_polled_after_its_end_says_so() {
    let policy = Retry::expo().clock(TestClock::new());
    let mut future = pin!(policy.run_async(async || Ok::<_, ()>(())));
    assert!(poll(future.as_mut()).is_ready());
    let message = panic_of(|| poll(future.as_mut()));
    assert_eq!(message, "relent: a `Retrying` was polled after it had ended");
}

#[test]
fn a_future_that_is_polled_after_a_handler_panicked_says_so() {
    let policy = Retry::expo().clock(TestClock::new()).on_success(|_| panic!("boom"));
    let mut future = pin!(policy.run_async(async || Ok::<_, ()>(())));
    assert_eq!(panic_of(|| poll(future.as_mut())), "boom");
    assert!(panic_of(|| poll(future.as_mut())).contains("polled after it had ended"));
}

#[tokio::test(start_paused = true)]
async fn a_future_that_owns_its_policy_can_be_spawned() {
    async fn fetch() -> Result<u8, &'static str> {
        yields(1).await;
        Err("down")
    }
    fn returned() -> impl Future<Output = Result<u8, &'static str>> + Send + 'static {
        Retry::expo().max_tries(2).into_run_async(fetch)
    }
    assert_eq!(tokio::spawn(Retry::expo().into_run_async(fetch)).await.unwrap(), Err("down"));
    assert_eq!(tokio::spawn(returned()).await.unwrap(), Err("down"));
    let told = Retry::expo().max_tries(2).on_backoff(|_| {}).on_giveup_async(|_| async {});
    assert_eq!(tokio::spawn(told.into_run_async(fetch)).await.unwrap(), Err("down"));
}

#[test]
fn a_future_is_send_where_its_parts_are() {
    let policy = Retry::expo();
    let (text, number) = (String::from("url"), AtomicU32::new(0));
    assert!(probe(&policy.run_async(|| ready(Ok::<_, ()>(())))).is_send());
    assert!(
        probe(&policy.run_async(|| {
            number.fetch_add(1, Ordering::Relaxed);
            async { Ok::<_, ()>(text.as_str()) }
        }))
        .is_send()
    );
    assert!(probe(&policy.run_async(async || Ok::<_, ()>(text.len()))).is_send());
    assert!(probe(&policy.on_try(|_| {}).into_run_async(|| ready(Ok::<_, ()>(())))).is_send());
    let awaited = policy.on_try_async(|_| async {});
    assert!(probe(&awaited.run_async(|| ready(Ok::<_, String>(1)))).is_send());
}

// The compiler says what is not `Send` only of types that are complete, as those that another
// function returns.

#[test]
fn a_future_is_not_send_where_the_operation_is_not() {
    fn captures(shared: Rc<u8>) -> impl Future {
        Retry::expo().into_run_async(move || ready(Ok::<_, ()>(*shared)))
    }
    fn holds() -> impl Future {
        Retry::expo().into_run_async(async || {
            let shared = Rc::new(1_u8);
            yields(1).await;
            Ok::<_, ()>(*shared)
        })
    }
    assert!(!probe(&captures(Rc::new(1))).is_send());
    assert!(!probe(&holds()).is_send());
}

#[test]
fn an_outcome_that_is_not_send_stays_out_of_the_future() {
    async fn fetch() -> Result<Rc<u8>, Rc<u8>> {
        Ok(Rc::new(1))
    }
    fn plain() -> impl Future {
        Retry::expo().into_run_async(fetch)
    }
    fn told() -> impl Future {
        Retry::expo().on_backoff(|_| {}).into_run_async(fetch)
    }
    fn awaited() -> impl Future {
        Retry::expo().on_backoff_async(|_| async {}).into_run_async(fetch)
    }
    assert!(probe(&plain()).is_send());
    assert!(probe(&told()).is_send());
    // While a handler is awaited the outcome has to be kept.
    assert!(!probe(&awaited()).is_send());
}

#[test]
fn a_borrowing_future_is_not_send_where_the_policy_is_not_sync() {
    /// A timer that may be sent but not shared.
    struct NotSync(Cell<u64>);

    impl AsyncClock for NotSync {
        type Timer = Ready<()>;

        fn now(&self) -> Duration {
            secs(self.0.get())
        }

        fn timer(&self, wait: Duration) -> Ready<()> {
            self.0.set(self.0.get() + wait.as_secs());
            ready(())
        }
    }

    type Policy = Retry<Expo, AnyError, (), NotSync>;
    fn borrowed(policy: &Policy) -> impl Future {
        policy.run_async(|| ready(Ok::<_, ()>(())))
    }
    fn owned(policy: Policy) -> impl Future {
        policy.into_run_async(|| ready(Ok::<_, ()>(())))
    }
    let policy = Retry::expo().clock(NotSync(Cell::new(0)));
    assert!(!probe(&borrowed(&policy)).is_send());
    assert!(probe(&owned(policy)).is_send());
}

#[test]
fn needless_wakes_change_nothing() {
    let clock = TestClock::manual();
    let calls = Cell::new(0);
    let policy = Retry::constant(secs(3)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let mut future = pin!(policy.run_async(async || {
        yields(2).await;
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    }));
    for _ in 0..10 {
        assert!(poll(future.as_mut()).is_pending());
    }
    assert_eq!((calls.get(), clock.waits()), (1, vec![secs(3)]));
    clock.advance(Duration::from_nanos(2_999_999_999));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(calls.get(), 1);
    clock.advance(Duration::from_nanos(1));
    assert!(poll(future.as_mut()).is_pending());
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(poll(future.as_mut()), Poll::Ready(Err("down")));
    assert_eq!((calls.get(), clock.waits()), (2, vec![secs(3)]));
}

#[test]
fn a_wait_that_ends_wakes_the_task() {
    let (woken, waker) = counting_waker();
    let clock = TestClock::manual();
    let policy = Retry::expo().jitter(Jitter::None).clock(&clock);
    let mut future = pin!(policy.run_async(async || Err::<(), _>("down")));
    let mut context = Context::from_waker(&waker);
    assert!(future.as_mut().poll(&mut context).is_pending());
    assert_eq!(woken.count(), 0);
    clock.advance(secs(1));
    assert_eq!(woken.count(), 1);
}

#[test]
fn waits_run_side_by_side() {
    let clock = TestClock::manual();
    let policy = Retry::constant(secs(3)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let mut futures: Vec<_> =
        (0..5).map(|n| Box::pin(policy.run_async(move || ready(Err::<(), _>(n))))).collect();
    assert!(futures.iter_mut().all(|future| poll(future.as_mut()).is_pending()));
    clock.advance(secs(3));
    for (n, future) in futures.iter_mut().enumerate() {
        assert_eq!(poll(future.as_mut()), Poll::Ready(Err(n)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_can_be_given_a_deadline_from_outside() {
    let began = tokio::time::Instant::now();
    let run = Retry::constant(secs(60)).jitter(Jitter::None);
    let run = run.into_run_async(async || Err::<(), _>("down"));
    assert!(tokio::time::timeout(secs(5), run).await.is_err());
    assert!(began.elapsed() < secs(6));
}

#[test]
fn a_future_is_small() {
    let operation = || ready(Ok::<(), ()>(()));
    let borrowed = size_of_val(&Retry::expo().run_async(operation));
    assert!(borrowed <= 144, "{borrowed}");
    let policy = Retry::expo();
    let owned = size_of_val(&policy.into_run_async(operation));
    assert!(owned <= 144 + size_of_val(&policy), "{owned}");
    // Handlers that are not awaited take no room, but for what they see of the run: its identity, and when the
    // attempt began.
    let observed = policy.on_try(|_| {}).on_giveup(|_| {});
    assert_eq!(size_of_val(&observed.run_async(operation)), borrowed + 24);
}

#[test]
fn a_large_operation_fits_on_the_stack_of_a_thread() {
    /// As large as what it holds.
    #[expect(clippy::large_stack_arrays, reason = "it is in the future, which is in a box")]
    async fn large() -> Result<(), u8> {
        let state = std::hint::black_box([1; 64 << 10]);
        yields(1).await;
        Err(state[0])
    }

    #[expect(clippy::large_stack_arrays, reason = "as large as what tests may return")]
    async fn large_error() -> Result<(), [u8; 32 << 10]> {
        yields(1).await;
        Err([1; 32 << 10])
    }

    // What std gives to the thread of a test. An overflow ends the whole program.
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let ran = thread.spawn(|| {
        let policy = Retry::expo().max_tries(3).clock(TestClock::new());
        assert_eq!(block_on(Box::pin(policy.run_async(large))), Err(1));
        assert_eq!(block_on(Box::pin(policy.run_async(|| policy.run_async(large)))), Err(1));
        assert!(block_on(Box::pin(policy.run_async(large_error))).is_err());
        let policy = policy.on_try_async(|_| ready(()));
        assert_eq!(block_on(Box::pin(policy.run_async(large))), Err(1));
    });
    ran.unwrap().join().unwrap();
}

struct Indignant;

impl<T, E> Condition<T, E> for Indignant {
    fn judge(&self, _: &Details<'_, T, E>) -> Verdict {
        panic!("the question is an insult")
    }
}

#[test]
fn a_future_whose_condition_panicked_is_done() {
    let policy = Retry::expo().condition(Indignant).clock(TestClock::new());
    let mut future = pin!(policy.run_async(async || Ok::<(), ()>(())));
    let mut poll = || {
        let mut context = Context::from_waker(Waker::noop());
        let future = AssertUnwindSafe(future.as_mut());
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let AssertUnwindSafe(future) = future;
            future.poll(&mut context).is_ready()
        }));
        *polled.unwrap_err().downcast::<&str>().expect("a literal")
    };
    assert_eq!(poll(), "the question is an insult");
    assert_eq!(poll(), "relent: a `Retrying` was polled after it had ended");
}

#[test]
fn a_running_future_shows_how_far_it_is() {
    let policy = Retry::expo().target("fetch").clock(TestClock::new());
    let future = policy.run_async(async || Err::<(), _>("down"));
    let shown = format!("{future:?}");
    assert!(shown.starts_with("Retrying { "), "{shown}");
    assert!(shown.contains("tries: 0"), "{shown}");
}

#[test]
fn a_future_is_shown_under_the_name_that_was_given_to_it() {
    let policy = Retry::expo().target("fetch").clock(TestClock::new());
    let shown = format!("{:?}", policy.run_async(async || Err::<(), _>("down")));
    assert!(shown.contains("target: \"fetch\""), "{shown}");
}
