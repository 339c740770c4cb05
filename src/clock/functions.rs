//! Clocks made from functions.

use core::fmt;
use core::future::Future;
use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock, EntropyIfNeeded};

/// An async clock that is made of two functions.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use relent::Retry;
/// use relent::clock::AsyncFnClock;
///
/// let start = tokio::time::Instant::now();
/// let clock = AsyncFnClock::new(move || start.elapsed(), tokio::time::sleep);
/// let outcome = Retry::expo().max_tries(3).clock(clock).run_async(async || Err::<(), _>("down")).await;
/// assert_eq!(outcome, Err("down"));
/// # }
/// ```
///
/// Use it for the timer of a runtime that relent has no feature for, such as compio, monoio or glommio. Runs are `Send` if
/// the functions are `Sync` and the timer's future is `Send`; the timers of these three are not, and need not be. On `wasm32-unknown-unknown` it does not implement [`AsyncClock`], since it has no
/// [`Entropy`](crate::clock::Entropy): implement both for a type of your own.
#[derive(Clone, Copy)]
pub struct AsyncFnClock<N, F> {
    now: N,
    timer: F,
}

impl<N, F> AsyncFnClock<N, F> {
    /// Creates a clock of a function that returns the time since any fixed moment, and a function that returns a timer.
    pub const fn new<W>(now: N, timer: F) -> Self
    where
        N: Fn() -> Duration,
        F: Fn(Duration) -> W,
        W: Future<Output = ()>,
    {
        Self { now, timer }
    }
}

impl<N, F, W> AsyncClock for AsyncFnClock<N, F>
where
    N: Fn() -> Duration,
    F: Fn(Duration) -> W,
    W: Future<Output = ()>,
    Self: EntropyIfNeeded,
{
    type Timer = W;

    fn now(&self) -> Duration {
        (self.now)()
    }

    fn timer(&self, wait: Duration) -> W {
        (self.timer)(wait)
    }
}

impl<N, F> fmt::Debug for AsyncFnClock<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFnClock").finish_non_exhaustive()
    }
}

/// A blocking clock that is made of two functions.
///
/// ```
/// use std::cell::Cell;
/// use std::time::Duration;
/// use relent::Retry;
/// use relent::clock::BlockingFnClock;
///
/// let time = Cell::new(Duration::ZERO);
/// let clock = BlockingFnClock::new(|| time.get(), |wait| time.set(time.get() + wait));
/// let policy = Retry::expo().max_time(Duration::from_secs(60)).clock(clock);
/// assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
/// assert_eq!(time.get(), Duration::from_secs(60));
/// ```
#[derive(Clone, Copy)]
pub struct BlockingFnClock<N, F> {
    now: N,
    sleep: F,
}

impl<N: Fn() -> Duration, F: Fn(Duration)> BlockingFnClock<N, F> {
    /// Creates a clock of a function that returns the time since any fixed moment, and a function that blocks the thread.
    pub const fn new(now: N, sleep: F) -> Self {
        Self { now, sleep }
    }
}

impl<N: Fn() -> Duration, F: Fn(Duration)> BlockingClock for BlockingFnClock<N, F>
where
    Self: EntropyIfNeeded,
{
    fn now(&self) -> Duration {
        (self.now)()
    }

    fn sleep(&self, wait: Duration) {
        (self.sleep)(wait);
    }
}

impl<N, F> fmt::Debug for BlockingFnClock<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingFnClock").finish_non_exhaustive()
    }
}
