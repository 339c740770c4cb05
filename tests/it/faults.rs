//! What must not go wrong when other things do.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::executor::block_on;
use relent::{Ask, Condition, Details, Retry, TestClock};

use crate::support::{panic_of, secs};

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

struct Indignant;

impl<T, E> Condition<T, E> for Indignant {
    fn ask(&self, _: &Details<'_, T, E>) -> Ask {
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
fn a_virtual_clock_that_nothing_moves_says_so_instead_of_hanging() {
    let policy = Retry::constant(Duration::ZERO).max_time(secs(1)).clock(TestClock::new());
    let panic = panic_of(|| policy.run(|| Err::<(), _>("down")));
    assert!(panic.contains("a million waits in a row"), "{panic}");
}

#[test]
fn a_virtual_clock_that_moves_may_be_waited_on_a_million_times() {
    let clock = TestClock::new();
    for _ in 0..=1_000_000 {
        relent::Sleep::sleep(&clock, Duration::from_nanos(1));
    }
    assert_eq!(clock.elapsed(), Duration::from_nanos(1_000_001));
}

#[tokio::test]
async fn a_loop_without_waits_on_a_virtual_clock_lets_other_tasks_run() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let other = tokio::spawn(async { DONE.store(true, Ordering::Relaxed) });
    let policy = Retry::constant(Duration::ZERO).forever().clock(TestClock::new());
    let outcome = policy
        .run_async(async || if DONE.load(Ordering::Relaxed) { Ok(()) } else { Err("not yet") })
        .await;
    assert_eq!(outcome, Ok(()));
    other.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_waits_on_tokio_lets_other_tasks_run() {
    let done = Rc::new(Cell::new(false));
    let inner = Rc::clone(&done);
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async move { inner.set(true) });
    let policy = Retry::constant(Duration::ZERO).forever();
    let run = policy.run_async(async || if done.get() { Ok(()) } else { Err("not yet") });
    assert_eq!(local.run_until(run).await, Ok(()));
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "checked where debug assertions are on")]
fn a_runtime_without_a_timer_is_noticed_before_anything_fails() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let policy = Retry::expo();
    let panic = panic_of(|| runtime.block_on(policy.run_async(async || Ok::<_, ()>(()))));
    assert!(panic.contains("timers are disabled"), "{panic}");
}

#[test]
fn a_target_is_equal_to_what_it_is_shown_as_and_to_nothing_else() {
    let policy = Retry::expo().clock(TestClock::new());
    let seen = std::sync::Mutex::new(None);
    let policy = policy.on_success(|d| *seen.lock().unwrap() = Some(d.target()));
    let (line, mut attempts) = (line!(), policy.attempts());
    assert!(attempts.after(Ok::<_, ()>(())).is_break());
    let target = seen.lock().unwrap().expect("it was told");
    assert_eq!(target, format!("{}:{line}", file!()).as_str());
    for other in [file!(), &format!("{}:{}", file!(), line + 1), &format!("{}{line}", file!()), ""]
    {
        assert!(target != *other, "{other}");
    }
    let hash = |target: &relent::Target| {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        target.hash(&mut hasher);
        hasher.finish()
    };
    let other = Details::<'_, (), ()>::new("load", 1).target();
    let named = Details::<'_, (), ()>::new("fetch", 1).target();
    assert_ne!(named, other);
    assert_ne!(hash(&named), hash(&other));
    assert!(named == "fetch" && named != "fetch:1" && named != "fetc" && named != "fetch_user");
}

#[test]
fn targets_that_read_alike_are_equal() {
    use std::collections::HashSet;

    let targets = ["app::fetch", "app::fetch::{{closure}}", "app::fetch::{{closure}}::{{closure}}"];
    let targets: HashSet<_> =
        targets.map(|name| Details::<'_, (), ()>::new(name, 1).target()).into_iter().collect();
    assert_eq!(targets.len(), 1, "{targets:?}");
}

#[test]
fn a_clock_keeps_no_waker_of_a_wait_that_is_gone() {
    struct Noted;
    impl std::task::Wake for Noted {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    let (clock, noted) = (TestClock::manual(), std::sync::Arc::new(Noted));
    let policy = Retry::expo().clock(&clock);
    for _ in 0..10 {
        let waker = Waker::from(std::sync::Arc::clone(&noted));
        let mut context = Context::from_waker(&waker);
        let mut wait = pin!(policy.run_async(async || Err::<(), _>("down")));
        assert!(wait.as_mut().poll(&mut context).is_pending());
        let timed = policy.attempt_timeout(secs(5));
        let mut hangs = pin!(timed.run_async(std::future::pending::<std::io::Result<()>>));
        assert!(hangs.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(std::sync::Arc::strong_count(&noted), 1);
}

/// A clock on which sleeping takes what the list says, whatever was asked for, and which may stand
/// still or go backwards.
struct Unruly {
    now: Cell<Duration>,
    jumps: [i64; 4],
    sleeps: Cell<usize>,
}

impl Unruly {
    fn new(jumps: [i64; 4]) -> Self {
        Self { now: Cell::new(secs(1000)), jumps, sleeps: Cell::new(0) }
    }

    fn jump(&self) {
        let sleep = self.sleeps.replace(self.sleeps.get() + 1);
        let now = self.now.get();
        let jump = self.jumps[sleep % self.jumps.len()];
        let by = Duration::from_secs(jump.unsigned_abs());
        self.now.set(if jump < 0 { now.saturating_sub(by) } else { now.saturating_add(by) });
    }
}

impl relent::Sleep for Unruly {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, _: Duration) {
        self.jump();
    }
}

impl relent::AsyncSleep for Unruly {
    type Sleep = std::future::Ready<()>;

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, _: Duration) -> Self::Sleep {
        self.jump();
        std::future::ready(())
    }
}

#[test]
fn a_clock_that_stands_still_goes_back_or_wakes_early_makes_no_limit_wrong() {
    // Standing still, going backwards, waking early, leaping ahead.
    let unruly = [[0; 4], [-5; 4], [0, 1, 0, 1], [1_000_000_000; 4], [-1000, 2, -2000, 4]];
    for jumps in unruly {
        let by_tries = Retry::expo().max_tries(20);
        let by_time = by_tries.max_time(secs(10));
        for policy in [by_tries, by_time] {
            let mut elapsed = Vec::new();
            let clock = Unruly::new(jumps);
            let told = policy.clock(&clock).on_backoff(|d| elapsed.push((d.elapsed, d.wait)));
            told.run(|| Err::<(), _>("down")).unwrap_err();
            drop(told);
            let sync = elapsed.clone();
            // Each run draws its own jitter; how long it took is the clock's word.
            let mut elapsed = Vec::new();
            let clock = Unruly::new(jumps);
            let told = policy.clock(&clock).on_backoff(|d| elapsed.push((d.elapsed, d.wait)));
            block_on(told.run_async(async || Err::<(), _>("down"))).unwrap_err();
            drop(told);
            let times =
                |of: &[(Duration, Duration)]| of.iter().map(|(e, _)| *e).collect::<Vec<_>>();
            assert_eq!(times(&sync), times(&elapsed), "{jumps:?}");
            assert!(sync.len() < 20);
            if policy.get_max_time().is_some() {
                assert!(sync.iter().all(|(elapsed, wait)| *elapsed + *wait <= secs(10)));
            }
        }
    }
}

#[test]
fn a_failing_loop_without_waits_lets_other_tasks_of_a_running_runtime_run() {
    use std::time::Instant;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let turns = Rc::new(Cell::new(0));
    let (count, began) = (Rc::clone(&turns), Instant::now());
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async move {
        loop {
            count.set(count.get() + 1);
            tokio::task::yield_now().await;
        }
    });
    let policy = Retry::constant(Duration::ZERO).forever();
    let run = policy.run_async(async || if turns.get() >= 10 { Ok(()) } else { Err("not yet") });
    assert_eq!(runtime.block_on(local.run_until(run)), Ok(()));
    assert!(began.elapsed() < secs(1), "{:?}", began.elapsed());
}
