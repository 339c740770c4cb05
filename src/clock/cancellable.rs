//! The clock whose waits a handle can end early.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::cancel::{Cancel, Place};
use crate::clock::{AsyncClock, BlockingClock, Entropy, Interruptible};

/// A clock whose waits end early when a [`Cancel`] is cancelled: wraps the policy's clock in
/// [`Retry::cancelled_by`](crate::Retry::cancelled_by).
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

    fn resolution(&self) -> Duration {
        self.clock.resolution()
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

    // An attempt is never interrupted, so its timeout ignores the handle.
    fn timeout(&self, after: Duration) -> Self::Timer {
        CancellableTimer { timer: Some(self.clock.timeout(after)), place: None }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.clock.is_cancelled()
    }

    fn resolution(&self) -> Duration {
        self.clock.resolution()
    }
}

impl<Z: Entropy> Entropy for Cancellable<Z> {
    fn entropy(&self) -> u64 {
        self.clock.entropy()
    }
}

pin_project! {
    /// The timer of a [`Cancellable`] clock: ready when the time has passed or the handle is cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct CancellableTimer<W> {
        #[pin]
        timer: Option<W>,
        place: Option<Place>,
    }
}

impl<W> CancellableTimer<W> {
    /// Creates a timer that `cancel` ends early. If it is cancelled already, `timer` is not called.
    pub(crate) fn new(cancel: &Cancel, timer: impl FnOnce() -> W) -> Self {
        let timer = (!cancel.is_cancelled()).then(timer);
        Self { timer, place: Some(cancel.place()) }
    }
}

impl<W: Future> Future for CancellableTimer<W> {
    type Output = Interruptible;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Interruptible> {
        let this = self.project();
        let is_cancelled = this.place.as_mut().is_some_and(|place| place.wait(context.waker()));
        let is_over = |timer: Pin<&mut W>| timer.poll(context).is_ready();
        if is_cancelled || this.timer.as_pin_mut().is_none_or(is_over) {
            return Poll::Ready(Interruptible);
        }
        Poll::Pending
    }
}
