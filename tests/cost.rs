//! What a run must not cost: no allocation but those of async handlers and cancel handles, and no more room than the bars
//! here allow.
//!
//! In a binary of its own, since an allocator belongs to a whole program. What a run costs in
//! instructions and in time is measured by `benches/peers`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::{self, Write};
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::ops::ControlFlow::Break;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use relent::run::{Decision, RunAsync, TimedOut};
use relent::{
    AsyncClock, BlockingClock, Budget, Cancel, Details, Jitter, Observe, Progress, Retry,
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How often this thread allocates in the second of two calls: what is made once for a thread, as its
/// generator of chance, is not a part of a run.
fn allocations<R>(mut run: impl FnMut() -> R) -> usize {
    black_box(run());
    let before = ALLOCATIONS.get();
    black_box(run());
    ALLOCATIONS.get() - before
}

/// Waiting costs no time on this clock, but the clock goes on.
#[derive(Clone, Copy, Debug)]
struct Free;

impl BlockingClock for Free {
    fn now(&self) -> Duration {
        thread_local!(static NOW: Cell<u64> = const { Cell::new(0) });
        NOW.set(NOW.get() + 1);
        Duration::from_micros(NOW.get())
    }

    fn sleep(&self, _: Duration) {}
}

impl AsyncClock for Free {
    type Timer = Ready<()>;

    fn now(&self) -> Duration {
        BlockingClock::now(self)
    }

    fn timer(&self, _: Duration) -> Ready<()> {
        ready(())
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// An operation that fails so many times.
fn failing(failures: u32) -> impl FnMut() -> Result<u32, u32> {
    let mut calls = 0;
    move || {
        calls += 1;
        if calls <= failures { Err(calls) } else { Ok(calls) }
    }
}

fn failing_async(failures: u32) -> impl FnMut() -> Ready<Result<u32, u32>> {
    let mut operation = failing(failures);
    move || ready(operation())
}

const EXPO: Retry = Retry::expo().max_tries(5);

/// Runs a policy through every driver, with every end.
macro_rules! assert_no_allocation {
    ($policy:expr) => {{
        let policy = $policy;
        for failures in [0, 3, 1_000] {
            let run = || policy.run(failing(failures));
            assert_eq!(allocations(run), 0, "run, {failures} failures");
            let run = || block_on(policy.run_async(failing_async(failures)));
            assert_eq!(allocations(run), 0, "run_async, {failures} failures");
            let run = || {
                let mut operation = failing(failures);
                let mut attempts = policy.attempts();
                loop {
                    if let Break(end) = attempts.after(operation()) {
                        break end;
                    }
                }
            };
            assert_eq!(allocations(run), 0, "after, {failures} failures");
            let run = || {
                block_on(async {
                    let mut operation = failing(failures);
                    let mut attempts = policy.attempts_async();
                    loop {
                        if let Break(end) = attempts.after(operation()).await {
                            break end;
                        }
                    }
                })
            };
            assert_eq!(allocations(run), 0, "after_async, {failures} failures");
        }
    }};
}

#[test]
fn a_line_allocates_nothing_however_long_the_error_is() {
    struct Nothing;
    impl Write for Nothing {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Ok(())
        }
    }
    let outcome: Result<(), _> = Err("down\n".repeat(2_000_000));
    let details = Details::new("fetch", 1).with_outcome(&outcome).with_wait(Duration::from_secs(1));
    assert_eq!(allocations(|| write!(Nothing, "{details}")), 0);
    assert_eq!(allocations(|| write!(Nothing, "{}", details.by_debug())), 0);
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| vec![black_box(1), 2]), 1);
}

#[test]
fn no_strategy_allocates() {
    assert_no_allocation!(EXPO.clock(Free));
    assert_no_allocation!(EXPO.factor(3.0).clock(Free));
    assert_no_allocation!(Retry::fibo().clock(Free));
    assert_no_allocation!(Retry::constant(Duration::from_secs(1)).clock(Free));
    assert_no_allocation!(Retry::linear(Duration::from_secs(1)).clock(Free));
    assert_no_allocation!(Retry::decay().clock(Free));
    assert_no_allocation!(Retry::sequence(vec![Duration::from_secs(1); 4]).clock(Free));
    assert_no_allocation!(
        Retry::runtime(|d: &Details<'_, u32, u32>| Duration::from_secs(d.tries.into())).clock(Free)
    );
}

#[test]
fn no_setting_allocates() {
    assert_no_allocation!(EXPO.max_wait(Duration::from_secs(2)).clock(Free));
    assert_no_allocation!(EXPO.max_time(Duration::from_secs(2)).clock(Free));
    assert_no_allocation!(Retry::expo().max_time(Duration::from_millis(1)).clock(Free));
    assert_no_allocation!(EXPO.jitter(Jitter::None).clock(Free));
    assert_no_allocation!(EXPO.jitter(Jitter::Additive(Duration::from_secs(1))).clock(Free));
    assert_no_allocation!(EXPO.seed(42).target("a name").clock(Free));
}

#[test]
fn no_condition_allocates() {
    assert_no_allocation!(EXPO.retry_if(|e: &u32| *e < 3).clock(Free));
    assert_no_allocation!(EXPO.until(|value: &u32| *value > 2).clock(Free));
    assert_no_allocation!(EXPO.retry_after(|_: &u32| Some(Duration::from_secs(1))).clock(Free));
}

#[test]
fn no_control_allocates_where_no_wait_lasts() {
    let budget = Budget::new().capacity(1_000_000);
    assert_no_allocation!(EXPO.budget(&budget).clock(Free));
    let empty = Budget::new().capacity(0);
    assert_no_allocation!(EXPO.budget(&empty).clock(Free));
    assert_no_allocation!(EXPO.clock(Free).cancelled_by(&Cancel::new()));
}

#[test]
fn handlers_that_allocate_nothing_are_told_without_an_allocation() {
    #[derive(Debug)]
    struct Nobody;
    impl<T, E> Observe<T, E> for Nobody {}

    let count = |d: &Details<'_, u32, u32>| {
        black_box(d.elapsed);
    };
    assert_no_allocation!(
        EXPO.clock(Free).on_try(count).on_success(count).on_backoff(count).on_giveup(count)
    );
    assert_no_allocation!(EXPO.clock(Free).observe(Nobody));
}

#[test]
fn an_async_handler_is_boxed_once_for_each_event_and_nothing_else_is() {
    let policy = EXPO.clock(Free).on_backoff_async(|_: &Details<'_, u32, u32>| ready(()));
    for (failures, backoffs) in [(0, 0), (3, 3), (1_000, 4)] {
        let run = || block_on(policy.run_async(failing_async(failures)));
        assert_eq!(allocations(run), backoffs, "{failures} failures");
    }
}

#[test]
fn the_other_forms_of_a_run_do_not_allocate() {
    let policy = EXPO.clock(Free);
    let polling = policy.until(|value: &u32| *value > 3);
    for (failures, wanted) in [(0, 1), (3, 4), (1_000, 5)] {
        let operation = |calls: &mut u32| {
            *calls += 1;
            if *calls <= failures { Err(*calls) } else { Ok(*calls) }
        };
        let run = || {
            let mut calls = 0;
            policy.explain().run(|| operation(&mut calls)).map_err(|stats| stats.tries())
        };
        assert_eq!(allocations(run), 0, "explain, {failures} failures");
        let run = || {
            let calls = Cell::new(0);
            let count = |calls: &Cell<u32>| {
                let mut called = calls.get();
                let outcome = operation(&mut called);
                calls.set(called);
                outcome
            };
            let _ = policy.run_with(&calls, count);
            assert_eq!(calls.get(), wanted);
        };
        assert_eq!(allocations(run), 0, "run_with, {failures} failures");
    }
    let run = || {
        let mut value = 0;
        polling.poll(|| {
            value += 1;
            value
        })
    };
    assert_eq!(allocations(run), 0, "poll");
}

#[test]
fn no_option_of_a_run_allocates() {
    let policy = EXPO.max_time(Duration::from_secs(60)).clock(Free);
    let minute = Duration::from_secs(60);
    for failures in [0, 3, 1_000] {
        let fail = |_: TimedOut| 0;
        let run = || {
            let mut operation = failing(failures);
            policy.run_attempt(|attempt| {
                black_box(attempt.timeout(minute));
                operation()
            })
        };
        assert_eq!(allocations(run), 0, "run_attempt, {failures} failures");
        let run = || {
            block_on(policy.attempt_timeout_with(minute, fail).run_async(failing_async(failures)))
        };
        assert_eq!(allocations(run), 0, "attempt_timeout, {failures} failures");
        let run =
            || block_on(policy.interrupt_at_deadline(fail).run_async(failing_async(failures)));
        assert_eq!(allocations(run), 0, "interrupt_at_deadline, {failures} failures");
        let run = || {
            let mut operation = failing(failures);
            policy.show_args().run_with(7_u32, |_| operation())
        };
        assert_eq!(allocations(run), 0, "show_args, {failures} failures");
        let run = || {
            let explained = policy.explain().run_async(failing_async(failures));
            block_on(explained).map_err(|error| error.tries())
        };
        assert_eq!(allocations(run), 0, "explain, {failures} failures");
        let run = || block_on(RunAsync::run_async(&policy, failing_async(failures)));
        assert_eq!(allocations(run), 0, "RunAsync, {failures} failures");
        let boxed = policy.boxed::<u32, u32>();
        let run = || boxed.run(failing(failures));
        assert_eq!(allocations(run), 0, "a boxed policy, {failures} failures");
    }
}

#[test]
fn a_run_by_hand_does_not_allocate() {
    let budget = Budget::new().capacity(1_000_000);
    let policy = EXPO.budget(&budget).cancelled_by(&Cancel::new()).clock(Free);
    for failures in [0, 3, 1_000] {
        let run = || {
            let mut operation = failing(failures);
            let mut attempts = policy.attempts();
            while let Decision::Backoff(wait) = attempts.decide(&operation()) {
                black_box(wait);
                let _ = attempts.next_try();
            }
            attempts.reset();
        };
        assert_eq!(allocations(run), 0, "Attempts::decide, {failures} failures");
        let run = || {
            let mut operation = failing(failures);
            let mut progress = Progress::default();
            while let Decision::Backoff(wait) = policy.decide(&mut progress, &operation()) {
                black_box(wait);
            }
        };
        assert_eq!(allocations(run), 0, "decide, {failures} failures");
    }
    assert_eq!(allocations(|| EXPO.backoff().sum::<Duration>()), 0, "backoff");
    assert_eq!(allocations(|| EXPO.waits().sum::<Duration>()), 0, "waits");
    assert_eq!(allocations(|| EXPO.wait_after(3)), 0, "wait_after");
}

#[test]
fn a_cancelled_run_does_not_allocate() {
    let cancel = Cancel::new();
    cancel.cancel();
    assert_no_allocation!(EXPO.clock(Free).cancelled_by(&cancel));
    assert_no_allocation!(
        EXPO.max_time(Duration::from_secs(60)).no_attempt_after_deadline().clock(Free)
    );
}

#[test]
fn waiting_on_tokio_does_not_allocate() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    for failures in [0, 3, 1_000] {
        // A task of its own allocates; what it awaits does not.
        let allocated = runtime.block_on(async {
            let _ = EXPO.run_async(failing_async(failures)).await;
            let before = ALLOCATIONS.get();
            let _ = EXPO.run_async(failing_async(failures)).await;
            let timed = EXPO.attempt_timeout_with(Duration::from_secs(60), |_| 0);
            let _ = timed.run_async(failing_async(failures)).await;
            ALLOCATIONS.get() - before
        });
        assert_eq!(allocated, 0, "{failures} failures");
    }
}

#[test]
fn a_cancel_handle_allocates_room_for_waits_and_keeps_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    for (failures, room) in [(0, 0), (3, 1), (1_000, 1)] {
        let (first, second) = runtime.block_on(async {
            // The thread's generator of chance is made before.
            let _ = EXPO.run_async(failing_async(failures)).await;
            let policy = EXPO.cancelled_by(&Cancel::new());
            let before = ALLOCATIONS.get();
            let _ = policy.run_async(failing_async(failures)).await;
            let between = ALLOCATIONS.get();
            let _ = policy.run_async(failing_async(failures)).await;
            (between - before, ALLOCATIONS.get() - between)
        });
        assert_eq!((first, second), (room, 0), "{failures} failures");
    }
    let blocking = EXPO.first_wait(Duration::from_micros(1)).cancelled_by(&Cancel::new());
    assert_eq!(allocations(|| blocking.run(failing(3))), 0);
}

/// A future with so many bytes of state.
struct StateOf<const N: usize>([u8; N]);

impl<const N: usize> Future for StateOf<N> {
    type Output = Result<u32, u32>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(u32::from(self.0.iter().any(|byte| *byte > 0))))
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_run_s_future_takes_no_more_room_than_one_written_by_hand() {
    // How many tasks fit into memory, and how fast they are, follows from these: see the page
    // `performance` of the guide.
    let without_state = EXPO.run_async(|| StateOf([]));
    assert!(size_of_val(&without_state) <= 144, "{} bytes", size_of_val(&without_state));
    let with_state = EXPO.run_async(|| StateOf([0; 256]));
    assert!(size_of_val(&with_state) <= 296, "{} bytes", size_of_val(&with_state));
    // It owns the policy, and is larger by it.
    let owned = EXPO.into_run_async(|| StateOf([]));
    let policy = size_of_val(&EXPO) - size_of::<&Retry>();
    assert!(size_of_val(&owned) <= 144 + policy, "{} bytes", size_of_val(&owned));
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_policy_takes_little_room() {
    assert!(size_of::<Retry>() <= 120, "{} bytes", size_of::<Retry>());
}
