//! A clock for smol and other executors, on the timer of the crate `async-io`. This is the only file that uses it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use async_io::Timer;

use crate::clock::{AsyncClock, SystemClock};

/// A clock for `smol` and other executors (feature `async-io`): waits on [`async_io::Timer`].
///
/// ```
/// use std::time::Duration;
/// use relent::Retry;
/// use relent::clock::AsyncIo;
///
/// let policy = Retry::constant(Duration::from_millis(1)).max_tries(3).clock(AsyncIo);
/// let run = policy.run_async(async || Err::<(), _>("down"));
/// assert_eq!(futures::executor::block_on(run), Err("down"));
/// ```
///
/// A program that uses `smol` has this timer already: `smol::Timer` is the same type. On other executors `async-io` waits
/// on a thread of its own, which the first wait of the process starts. Runs are `Send`. Time is [`std::time::Instant`]'s.
///
/// On `wasm32-unknown-unknown` this type does not exist, since `async-io` does not support that target.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncIo;

/// The timer of [`AsyncIo`]: wraps [`async_io::Timer`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct AsyncIoTimer(Timer);

impl Future for AsyncIoTimer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context).map(drop)
    }
}

impl AsyncClock for AsyncIo {
    type Timer = AsyncIoTimer;

    fn now(&self) -> Duration {
        SystemClock::since_origin(Instant::now())
    }

    fn timer(&self, wait: Duration) -> AsyncIoTimer {
        // It is registered when it is first polled, so the timer of an attempt that is ready at once costs nothing.
        AsyncIoTimer(Timer::after(wait))
    }

    /// Returns one millisecond: on some operating systems the reactor waits in whole milliseconds.
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }
}
