//! `.clock(..)`: timers of one's own, whatever they do.

use std::cell::Cell;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::executor::block_on;
use relent::condition::AnyError;
use relent::wait::Expo;
use relent::{AsyncClock, Jitter, Retry, TestClock};

use crate::support::secs;

/// The timer of a runtime of one's own, whose time passes by being polled.
#[derive(Debug, Default)]
struct Ticks(Cell<u64>);

struct TicksSleep<'a>(&'a Ticks, u64);

impl Future for TicksSleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self(Ticks(now), end) = &*self;
        if now.get() >= *end {
            return Poll::Ready(());
        }
        now.set(now.get() + 1);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<'a> AsyncClock for &'a Ticks {
    type Timer = TicksSleep<'a>;

    fn now(&self) -> Duration {
        secs(self.0.get())
    }

    fn timer(&self, wait: Duration) -> TicksSleep<'a> {
        TicksSleep(self, self.0.get() + wait.as_secs())
    }
}

#[test]
fn the_timer_of_any_runtime_will_do() {
    let ticks = Ticks::default();
    let policy = Retry::expo().jitter(Jitter::None).max_time(secs(10)).clock(&ticks);
    let mut elapsed = Vec::new();
    let told = policy.on_try(|d| elapsed.push(d.elapsed));
    block_on(told.run_async(async || Err::<(), _>("down"))).unwrap_err();
    drop(told);
    assert_eq!(elapsed, [0, 1, 3, 7, 10].map(secs));
}

/// A client that leaves its clock open, and whose runs can be spawned.
struct Generic<Z> {
    retry: Retry<Expo, AnyError, (), Z>,
}

impl<Z> Generic<Z>
where
    Z: AsyncClock<Timer: Future<Output = ()> + Send> + Send + Sync + 'static,
{
    /// Boxed as for another thread, which the compiler has to see for every `Z`.
    fn load(self) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send>> {
        Box::pin(async move { self.retry.run_async(async || Ok(7)).await })
    }
}

#[test]
fn a_run_of_a_client_that_is_generic_over_its_clock_can_be_sent() {
    let client = Generic { retry: Retry::expo().clock(TestClock::new()) };
    assert_eq!(block_on(client.load()), Ok(7));
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

impl relent::BlockingClock for Unruly {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, _: Duration) {
        self.jump();
    }
}

impl AsyncClock for Unruly {
    type Timer = Ready<()>;

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn timer(&self, _: Duration) -> Self::Timer {
        self.jump();
        ready(())
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
