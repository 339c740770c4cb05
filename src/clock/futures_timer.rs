//! A clock for any executor, on the timer of the crate `futures-timer`. This is the only file that uses it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use futures_timer::Delay;

use crate::clock::{AsyncClock, SystemClock};

/// A clock for any async executor (feature `futures-timer`): waits on [`futures_timer::Delay`], which has a thread of its
/// own.
///
/// ```
/// use std::time::Duration;
/// use relent::Retry;
/// use relent::clock::FuturesTimer;
///
/// let policy = Retry::constant(Duration::from_millis(1)).max_tries(3).clock(FuturesTimer);
/// let run = policy.run_async(async || Err::<(), _>("down"));
/// assert_eq!(futures::executor::block_on(run), Err("down"));
/// ```
///
/// Use it where the runtime has no timer that relent knows, or in a library whose users choose the executor. The thread
/// is started by the first wait of the process, and runs are `Send`. Time is [`std::time::Instant`]'s.
///
/// On `wasm32-unknown-unknown` this type does not exist, since there is neither such a thread nor such a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct FuturesTimer;

/// The timer of [`FuturesTimer`]: wraps [`futures_timer::Delay`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct FuturesTimerDelay {
    // `None` is further away than an `Instant` can be.
    deadline: Option<Instant>,
    // Made when it is first polled: the timer of an attempt that is ready at once is never needed.
    delay: Option<Delay>,
}

impl FuturesTimerDelay {
    #[cold]
    fn start(deadline: Option<Instant>) -> Delay {
        let wait =
            deadline.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
        Delay::new(wait)
    }
}

impl Future for FuturesTimerDelay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let delay = self.delay.get_or_insert_with(|| Self::start(deadline));
        Pin::new(delay).poll(context)
    }
}

impl AsyncClock for FuturesTimer {
    type Timer = FuturesTimerDelay;

    fn now(&self) -> Duration {
        SystemClock::since_origin(Instant::now())
    }

    fn timer(&self, wait: Duration) -> FuturesTimerDelay {
        FuturesTimerDelay { deadline: Instant::now().checked_add(wait), delay: None }
    }

    /// Returns one millisecond: the operating system wakes the thread.
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }
}
