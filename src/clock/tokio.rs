//! Tokio's timer under the system's clock. The only file that knows of tokio.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::clock::{AsyncClock, SystemClock};

pin_project! {
    /// A wait on tokio's timer: what [`SystemClock`] sleeps in async code.
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

    // Outside of a runtime tokio itself panics here; to ask for one before each wait would cost more
    // than the wait.
    fn timer(&self, wait: Duration) -> SystemTimer {
        SystemTimer { sleep: tokio::time::sleep(wait) }
    }

    /// Panics outside of a tokio runtime, and in one without a timer.
    fn check(&self) {
        assert!(
            Handle::try_current().is_ok(),
            "relent: `run_async` waits on tokio's timer, and there is no tokio runtime here. Await it \
             inside of one, or give the policy the timer of the runtime in use: `.clock(..)`"
        );
        drop(tokio::time::sleep(Duration::ZERO));
    }
}
