//! The system clock's async side, on tokio's timer. The only file that uses tokio.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::clock::{AsyncClock, SystemClock};

pin_project! {
    /// The timer of [`SystemClock`] in async code: wraps tokio's [`Sleep`](tokio::time::Sleep).
    #[must_use = "futures do nothing unless they are awaited or polled"]
    #[derive(Debug)]
    pub struct SystemTimer {
        #[pin]
        sleep: tokio::time::Sleep,
    }
}

impl Future for SystemTimer {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(context)
    }
}

impl AsyncClock for SystemClock {
    type Timer = SystemTimer;

    fn now(&self) -> Duration {
        Self::since_origin(Instant::now().into_std())
    }

    /// Panics outside of a tokio runtime, and in a runtime without a timer.
    fn timer(&self, wait: Duration) -> SystemTimer {
        assert!(
            Handle::try_current().is_ok(),
            "relent: `run_async` uses tokio's timer, but there is no tokio runtime here. Await it in a \
             tokio runtime, or set a clock for the runtime in use: `.clock(..)`"
        );
        SystemTimer { sleep: tokio::time::sleep(wait) }
    }

    /// That of tokio's timer.
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }
}
