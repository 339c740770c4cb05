//! The clock of a policy that makes no attempt after its deadline.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

#[cfg(feature = "std")]
use crate::clock::cancel::Cancel;
use crate::clock::{AsyncClock, BlockingClock, Entropy, Interruptible};

/// A clock for runs that keep their last outcome through each wait, since they may give up after it: what
/// [`Retry::no_attempt_after_deadline`](crate::Retry::no_attempt_after_deadline) makes of a policy's clock.
#[derive(Clone, Copy, Debug)]
pub struct Punctual<Z> {
    pub(crate) clock: Z,
}

impl<Z: BlockingClock> BlockingClock for Punctual<Z> {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, wait: Duration) {
        self.clock.sleep(wait);
    }

    #[cfg(feature = "std")]
    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        self.clock.sleep_unless(wait, cancel);
    }

    #[cfg(feature = "test-util")]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        self.clock.cancels()
    }

    fn is_cancellable(&self) -> bool {
        true
    }

    fn is_cancelled(&self) -> bool {
        self.clock.is_cancelled()
    }

    fn resolution(&self) -> Duration {
        self.clock.resolution()
    }
}

impl<Z: AsyncClock> AsyncClock for Punctual<Z> {
    type Timer = PunctualTimer<Z::Timer>;

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn timer(&self, wait: Duration) -> Self::Timer {
        PunctualTimer { timer: self.clock.timer(wait) }
    }

    fn timeout(&self, after: Duration) -> Self::Timer {
        PunctualTimer { timer: self.clock.timeout(after) }
    }

    #[cfg(feature = "test-util")]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        self.clock.cancels()
    }

    fn is_cancelled(&self) -> bool {
        self.clock.is_cancelled()
    }

    fn resolution(&self) -> Duration {
        self.clock.resolution()
    }
}

impl<Z: Entropy> Entropy for Punctual<Z> {
    fn entropy(&self) -> u64 {
        self.clock.entropy()
    }
}

pin_project! {
    /// A wait on a [`Punctual`] clock.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct PunctualTimer<W> {
        #[pin]
        timer: W,
    }
}

impl<W: Future> Future for PunctualTimer<W> {
    type Output = Interruptible;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Interruptible> {
        self.project().timer.poll(context).map(|_| Interruptible)
    }
}
