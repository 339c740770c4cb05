//! The clock whose waits a handle cuts short.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::cancel::{Cancel, Place};
use crate::clock::{AsyncClock, BlockingClock, Interruptible};

/// A clock whose waits may be cut short: what [`Retry::cancelled_by`](crate::Retry::cancelled_by) makes of a policy's clock.
#[derive(Clone, Debug)]
pub struct Cancellable<Z> {
    pub(crate) clock: Z,
    pub(crate) cancel: Cancel,
}

impl<Z: BlockingClock> BlockingClock for Cancellable<Z> {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, wait: Duration) {
        self.clock.sleep_unless(wait, &self.cancel);
    }

    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        let (either, _places) = Cancel::any_of([&self.cancel, cancel]);
        self.clock.sleep_unless(wait, &either);
    }

    #[cfg(feature = "test-util")]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        let mut cancels = self.clock.cancels();
        cancels.push(self.cancel.clone());
        cancels
    }

    fn is_cancellable(&self) -> bool {
        true
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.clock.is_cancelled()
    }
}

impl<Z: AsyncClock> AsyncClock for Cancellable<Z> {
    type Timer = CancellableTimer<Z::Timer>;

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn timer(&self, wait: Duration) -> Self::Timer {
        CancellableTimer::new(&self.cancel, || self.clock.timer(wait))
    }

    #[cfg(feature = "test-util")]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        let mut cancels = self.clock.cancels();
        cancels.push(self.cancel.clone());
        cancels
    }

    /// An attempt is not cancelled.
    fn timeout(&self, after: Duration) -> Self::Timer {
        CancellableTimer { sleep: Some(self.clock.timeout(after)), place: None }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.clock.is_cancelled()
    }

    fn check(&self) {
        self.clock.check();
    }
}

pin_project! {
    /// A wait that may be cut short: that of [`Cancellable`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct CancellableTimer<W> {
        #[pin]
        sleep: Option<W>,
        place: Option<Place>,
    }
}

impl<W> CancellableTimer<W> {
    /// A wait that this handle cuts short, and that is not begun where it has done so already.
    pub(crate) fn new(cancel: &Cancel, sleep: impl FnOnce() -> W) -> Self {
        let sleep = (!cancel.is_cancelled()).then(sleep);
        Self { sleep, place: Some(cancel.place()) }
    }
}

impl<W: Future> Future for CancellableTimer<W> {
    type Output = Interruptible;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Interruptible> {
        let this = self.project();
        let is_cancelled = this.place.as_mut().is_some_and(|place| place.wait(context.waker()));
        let slept = |sleep: Pin<&mut W>| sleep.poll(context).is_ready();
        if is_cancelled || this.sleep.as_pin_mut().is_none_or(slept) {
            return Poll::Ready(Interruptible);
        }
        Poll::Pending
    }
}
