//! What clock? The two traits, one for each driver, and the system's own.

#[cfg(feature = "std")]
pub(crate) mod cancel;
#[cfg(feature = "std")]
pub(crate) mod cancellable;

#[cfg(feature = "tokio")]
pub(crate) mod tokio;
#[cfg(feature = "std")]
pub(crate) mod wakers;

#[cfg(feature = "std")]
pub use cancel::Cancel;
#[cfg(feature = "std")]
pub use cancellable::{Cancellable, CancellableTimer};
#[cfg(feature = "tokio")]
pub use tokio::SystemTimer;

pub use crate::slot::{Empty, Full, Slot};

use core::future::Future;
use core::time::Duration;

use crate::sealed::Sealed;

/// A clock that blocks the thread for a while: what [`Retry::run`](crate::Retry::run) waits on.
///
/// Limits and waits go by the same clock, so that a virtual one moves both together.
///
/// ```
/// use std::cell::Cell;
/// use std::time::Duration;
/// use relent::{Retry, BlockingClock};
///
/// /// Waiting costs no time.
/// #[derive(Debug, Default)]
/// struct Hurry(Cell<Duration>);
///
/// impl BlockingClock for Hurry {
///     fn now(&self) -> Duration {
///         self.0.get()
///     }
///
///     fn sleep(&self, wait: Duration) {
///         self.0.set(self.0.get() + wait);
///     }
/// }
///
/// let clock = Hurry::default();
/// let policy = Retry::expo().max_time(Duration::from_secs(3600)).clock(&clock);
/// policy.run(|| Err::<(), _>("down")).unwrap_err();
/// assert_eq!(clock.now(), Duration::from_secs(3600));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock that `run` can wait on",
    label = "this policy's clock cannot block the thread",
    note = "give the policy a clock that implements `relent::BlockingClock` by `.clock(..)`, or enable relent's feature `std` for the system's"
)]
pub trait BlockingClock {
    /// The time since any fixed moment that is less than 584 years ago. It must not go backwards.
    fn now(&self) -> Duration;

    /// Returns when `wait` has passed.
    fn sleep(&self, wait: Duration);

    /// Returns when `wait` has passed or `cancel` was called, whichever comes first: what
    /// [`Retry::cancelled_by`](crate::Retry::cancelled_by) waits by.
    ///
    /// A clock that does not say how else sleeps the whole wait, unless it was cancelled before.
    #[cfg(feature = "std")]
    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        if !cancel.is_cancelled() {
            self.sleep(wait);
        }
    }

    /// The handles that cut this clock's waits short, for a scope that waits in its stead.
    #[cfg(feature = "test-util")]
    #[doc(hidden)]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        std::vec::Vec::new()
    }

    /// Whether a wait on this clock may end early. The outcome of the last attempt is then kept while it lasts.
    fn is_cancellable(&self) -> bool {
        false
    }

    /// Whether runs on this clock wait no more: one that finds so after a wait gives up, if this clock
    /// [is cancellable](Self::is_cancellable).
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A clock whose waits are futures: what [`Retry::run_async`](crate::Retry::run_async) waits on.
///
/// ```
/// use std::time::Duration;
/// use relent::{AsyncClock, Retry};
///
/// /// The timer of the runtime in use, here one for which time stands still.
/// struct MyRuntime;
///
/// impl AsyncClock for MyRuntime {
///     type Timer = std::future::Ready<()>;
///
///     fn now(&self) -> Duration {
///         Duration::ZERO
///     }
///
///     fn timer(&self, _wait: Duration) -> Self::Timer {
///         std::future::ready(())
///     }
/// }
///
/// let mut tries = 0;
/// let patient = Retry::expo().clock(MyRuntime).into_run_async(async || {
///     Err::<(), _>("down")
/// });
/// assert_eq!(futures::executor::block_on(patient), Err("down"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock that `run_async` can wait on",
    label = "this policy's clock has no async timer",
    note = "enable relent's feature `tokio`, or give the policy your runtime's timer, which implements `relent::AsyncClock`, by `.clock(..)`"
)]
pub trait AsyncClock {
    /// The future of a wait. It must be ready when the time has passed, and not before.
    ///
    /// Its output is `()`, or [`Interruptible`] for a wait that is ready early where
    /// [`is_cancelled`](Self::is_cancelled). Code that is generic over a clock and spawns its runs asks
    /// for `AsyncClock<Timer: Future<Output = ()> + Send>`.
    type Timer: Future<Output: TimerOutput>;

    /// The time since any fixed moment that is less than 584 years ago. It must not go backwards.
    fn now(&self) -> Duration;

    /// A future that is ready when `wait` has passed since this call.
    ///
    /// Where it is ready at once, as it may be for no wait at all, nothing but the operation itself
    /// ever yields to the runtime.
    fn timer(&self, wait: Duration) -> Self::Timer;

    /// The timer of an attempt's timeout: by default a [`timer`](Self::timer), though it is no wait
    /// between attempts. What it returns when it is ready does not matter.
    fn timeout(&self, after: Duration) -> Self::Timer {
        self.timer(after)
    }

    /// The handles that cut this clock's waits short, for a scope that waits in its stead.
    #[cfg(feature = "test-util")]
    #[doc(hidden)]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        std::vec::Vec::new()
    }

    /// Whether runs on this clock are to wait no more, as [`Retry::cancelled_by`](crate::Retry::cancelled_by) makes it. A run
    /// that finds so after a wait gives up, where its waits are [`Interruptible`].
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Panics with advice where `sleep` could not work, as outside of the timer's runtime.
    ///
    /// It is called when a run is first polled, in builds with debug assertions only, so that the
    /// mistake shows at once, and not when an attempt first fails.
    fn check(&self) {}
}

macro_rules! clock_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<Z: BlockingClock + ?Sized> BlockingClock for $pointer {
            fn now(&self) -> Duration {
                (**self).now()
            }

            fn sleep(&self, wait: Duration) {
                (**self).sleep(wait);
            }

            #[cfg(feature = "std")]
            fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
                (**self).sleep_unless(wait, cancel);
            }

            #[cfg(feature = "test-util")]
            fn cancels(&self) -> std::vec::Vec<Cancel> {
                (**self).cancels()
            }

            fn is_cancellable(&self) -> bool {
                (**self).is_cancellable()
            }

            fn is_cancelled(&self) -> bool {
                (**self).is_cancelled()
            }
        }

        $(#[$cfg])?
        impl<Z: AsyncClock + ?Sized> AsyncClock for $pointer {
            type Timer = Z::Timer;

            fn now(&self) -> Duration {
                (**self).now()
            }

            fn timer(&self, wait: Duration) -> Self::Timer {
                (**self).timer(wait)
            }

            fn timeout(&self, after: Duration) -> Self::Timer {
                (**self).timeout(after)
            }

            #[cfg(feature = "test-util")]
            fn cancels(&self) -> std::vec::Vec<Cancel> {
                (**self).cancels()
            }

            fn is_cancelled(&self) -> bool {
                (**self).is_cancelled()
            }

            fn check(&self) {
                (**self).check();
            }
        }
    )* };
}

clock_by_reference! {
    &Z,
    #[cfg(feature = "std")] std::boxed::Box<Z>,
    #[cfg(feature = "std")] std::sync::Arc<Z>,
}

/// What the future of a wait returns: `()`, or [`Interruptible`]. Sealed.
pub trait TimerOutput: Sealed {
    /// Whether the outcome of the last attempt is kept through the wait.
    type Outcome: Slot;
}

/// The wait is over.
impl TimerOutput for () {
    type Outcome = Empty;
}

/// What a wait returns that may be cut short: see [`AsyncClock::is_cancelled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruptible;

impl TimerOutput for Interruptible {
    type Outcome = Full;
}

impl Sealed for Interruptible {}

/// The system's clock: the default.
///
/// `run` reads [`std::time::Instant`] and waits by [`std::thread::sleep`]; `run_async` reads and
/// waits on tokio's clock, so that tokio's paused time moves its limits and its waits together.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(feature = "std")]
impl SystemClock {
    /// How long after a fixed moment this instant is.
    pub(crate) fn since_origin(instant: std::time::Instant) -> Duration {
        use std::sync::LazyLock;
        use std::time::Instant;

        static FIRST_READ: LazyLock<Instant> = LazyLock::new(Instant::now);
        // A paused runtime's clock may stand at a time before this one was first read.
        const BEFORE: Duration = Duration::from_secs(1 << 32);

        match instant.checked_duration_since(*FIRST_READ) {
            Some(after) => BEFORE.saturating_add(after),
            None => BEFORE.saturating_sub(FIRST_READ.duration_since(instant)),
        }
    }
}

#[cfg(feature = "std")]
impl BlockingClock for SystemClock {
    fn now(&self) -> Duration {
        Self::since_origin(std::time::Instant::now())
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }

    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        cancel.block_for(wait);
    }
}
