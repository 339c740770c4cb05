//! Clocks, which runs read and wait on.
//!
//! Blocking runs need a [`BlockingClock`], async runs an [`AsyncClock`]. The default, [`SystemClock`], implements both
//! (features `std` and `tokio`). Set another clock with [`Retry::clock`](crate::Retry::clock):
//!
//! | clock | feature | for |
//! |---|---|---|
//! | `FuturesTimer` | `futures-timer` | any async executor: a thread of its own keeps the time |
//! | `AsyncIo` | `async-io` | smol, and executors without a timer |
//! | `EmbassyClock` | `embassy-time` | Embassy, without `std` and without an allocator |
//! | `BrowserClock` | `wasm-bindgen` | browsers, Node.js and Deno |
//! | [`AsyncFnClock`], [`BlockingFnClock`] | | any other timer, as two functions |
//! | `TestClock` | `test-util` | tests |
//! | a type that implements [`AsyncClock`] or [`BlockingClock`] | | everything else |
//!
//! A feature adds a type and changes no other clock. With every feature on, [`SystemClock`] still uses tokio's timer.
//!
//! [`Cancel`] cancels runs: see [`Retry::cancelled_by`](crate::Retry::cancelled_by). The other items appear only in the
//! types of policies and timers.

#[cfg(all(feature = "async-io", not(all(target_family = "wasm", target_os = "unknown"))))]
mod async_io;
#[cfg(feature = "wasm-bindgen")]
mod browser;
#[cfg(feature = "std")]
pub(crate) mod cancel;
#[cfg(feature = "std")]
pub(crate) mod cancellable;
#[cfg(all(feature = "embassy-time", not(all(target_family = "wasm", target_os = "unknown"))))]
mod embassy;
pub(crate) mod entropy;
mod functions;
#[cfg(all(feature = "futures-timer", not(all(target_family = "wasm", target_os = "unknown"))))]
mod futures_timer;
pub(crate) mod punctual;
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
mod system;

#[cfg(all(feature = "tokio", not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) mod tokio;
#[cfg(feature = "std")]
pub(crate) mod wakers;

#[cfg(all(feature = "async-io", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use async_io::{AsyncIo, AsyncIoTimer};
#[cfg(feature = "wasm-bindgen")]
pub use browser::BrowserClock;
#[cfg(all(feature = "wasm-bindgen", target_family = "wasm", target_os = "unknown"))]
pub use browser::timer::BrowserTimer;
#[cfg(feature = "std")]
pub use cancel::Cancel;
#[cfg(feature = "std")]
pub use cancellable::{Cancellable, CancellableTimer};
#[cfg(all(feature = "embassy-time", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use embassy::{EmbassyClock, EmbassyTimer};
pub use entropy::{Entropy, EntropyIfNeeded};
pub use functions::{AsyncFnClock, BlockingFnClock};
#[cfg(all(
    feature = "futures-timer",
    not(all(target_family = "wasm", target_os = "unknown"))
))]
pub use futures_timer::{FuturesTimer, FuturesTimerDelay};
pub use punctual::{Punctual, PunctualTimer};
#[cfg(all(feature = "tokio", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use tokio::SystemTimer;

pub use crate::slot::{Empty, Full, Slot};

use core::future::Future;
use core::time::Duration;

use crate::sealed::Sealed;

/// A clock that blocks the thread to wait: used by [`Retry::run`](crate::Retry::run) and the other blocking forms.
///
/// ```
/// use std::cell::Cell;
/// use std::time::Duration;
/// use relent::{BlockingClock, Retry};
///
/// /// A virtual clock: a wait takes no real time.
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
///
/// Limits and waits use the same clock, so a virtual clock advances both together. [`now`](Self::now) and
/// [`sleep`](Self::sleep) are all that a clock must have.
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be used as the clock of a blocking run",
        label = "the policy's clock does not implement `BlockingClock`",
        note = "set a clock that can block the thread: `.clock(..)` takes any type that implements `relent::BlockingClock`",
        note = "the default clock, `SystemClock`, needs relent's feature `std`"
    )
)]
#[cfg_attr(
    all(target_family = "wasm", target_os = "unknown"),
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be used as the clock of a blocking run",
        label = "the policy's clock does not implement `BlockingClock`",
        note = "on wasm32-unknown-unknown the standard library has no time, no sleep and no randomness, so `SystemClock` does not work",
        note = "where there is JavaScript, nothing can block: use an async run, with relent's feature `wasm-bindgen` and `relent::clock::BrowserClock`",
        note = "elsewhere, implement `relent::BlockingClock` and `relent::clock::Entropy` for a clock of your own, and set it: `.clock(..)`"
    )
)]
pub trait BlockingClock: EntropyIfNeeded {
    /// Returns the time since an arbitrary fixed moment, less than 584 years ago.
    ///
    /// Must never go backwards. Only differences between two calls matter. A run calls this only if something needs the
    /// time: a limit, a strategy, a condition, an observer, the form of the run or, without the feature `std`, unseeded
    /// jitter.
    fn now(&self) -> Duration;

    /// Blocks the thread until `wait` has passed on this clock.
    ///
    /// Called once before each retry, after the `on_backoff` handlers. `wait` may be zero. Only a clock that
    /// [is cancellable](Self::is_cancellable) may return early, and only once it [is cancelled](Self::is_cancelled).
    fn sleep(&self, wait: Duration);

    /// Blocks the thread until `wait` has passed or `cancel` is cancelled, whichever comes first.
    ///
    /// Called instead of [`sleep`](Self::sleep) if the policy has a
    /// [`cancelled_by`](crate::Retry::cancelled_by) handle. By default, `sleep` is called for the whole wait, unless
    /// `cancel` is cancelled already. Override it if this clock can end a wait early.
    #[cfg(feature = "std")]
    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        if !cancel.is_cancelled() {
            self.sleep(wait);
        }
    }

    /// Returns the handles that cancel this clock, for a test scope that replaces its waits.
    #[cfg(feature = "test-util")]
    #[doc(hidden)]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        std::vec::Vec::new()
    }

    /// Returns whether a wait on this clock may end early, because it [is cancelled](Self::is_cancelled).
    ///
    /// Called before each wait. If `true`, the run keeps the outcome of the last attempt through the wait, in order to
    /// return it if the wait was cancelled. If `false`, which is the default, the outcome is dropped before the wait.
    fn is_cancellable(&self) -> bool {
        false
    }

    /// Returns whether this clock is cancelled.
    ///
    /// Called before each wait and, if the clock [is cancellable](Self::is_cancellable), after it. If `true`, the run
    /// gives up with [`StopReason::Cancelled`](crate::StopReason::Cancelled). `false` by default.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Returns how late a wait on this clock may end without fault, such as the granularity of its timer. Zero by
    /// default.
    ///
    /// A policy with [`no_attempt_after_deadline`](crate::Retry::no_attempt_after_deadline) or
    /// [`interrupt_at_deadline`](crate::Retry::interrupt_at_deadline) starts only waits that end this long before the
    /// deadline.
    fn resolution(&self) -> Duration {
        Duration::ZERO
    }
}

/// A clock whose waits are futures: used by [`Retry::run_async`](crate::Retry::run_async) and the other async forms.
///
/// ```
/// use std::time::Duration;
/// use relent::{AsyncClock, Retry};
///
/// /// A clock for a runtime of your own. In this example time stands still.
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
/// let run = Retry::expo().clock(MyRuntime).into_run_async(async || {
///     Err::<(), _>("down")
/// });
/// assert_eq!(futures::executor::block_on(run), Err("down"));
/// ```
///
/// Limits and waits use the same clock, so a virtual clock advances both together. [`Timer`](Self::Timer),
/// [`now`](Self::now) and [`timer`](Self::timer) are all that a clock must have.
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be used as the clock of an async run",
        label = "the policy's clock does not implement `AsyncClock`",
        note = "for tokio, enable relent's feature `tokio`: the default clock, `SystemClock`, needs it",
        note = "for another runtime, set a clock on its timer: `.clock(..)` takes those of relent's features, such as `futures-timer`, and any type that implements `relent::AsyncClock`"
    )
)]
#[cfg_attr(
    all(target_family = "wasm", target_os = "unknown"),
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be used as the clock of an async run",
        label = "the policy's clock does not implement `AsyncClock`",
        note = "on wasm32-unknown-unknown the standard library has no time, no sleep and no randomness, so `SystemClock` does not work",
        note = "where there is JavaScript, enable relent's feature `wasm-bindgen` and set its clock: `.clock(relent::clock::BrowserClock)`",
        note = "elsewhere, implement `relent::AsyncClock` and `relent::clock::Entropy` for a clock of your own, and set it: `.clock(..)`"
    )
)]
pub trait AsyncClock: EntropyIfNeeded {
    /// The future returned by [`timer`](Self::timer) and [`timeout`](Self::timeout).
    ///
    /// It must be ready when the time has passed, and not before. Its output is `()`, or [`Interruptible`] if it may
    /// be ready early because the clock [is cancelled](Self::is_cancelled). The run then keeps the outcome of the last
    /// attempt through each wait, in order to return it if the wait was cancelled.
    ///
    /// Generic code that spawns runs needs the bound `AsyncClock<Timer: Future<Output = ()> + Send>`.
    type Timer: Future<Output: TimerOutput>;

    /// Returns the time since an arbitrary fixed moment, less than 584 years ago.
    ///
    /// Must never go backwards. Only differences between two calls matter. A run calls this only if something needs the
    /// time: a limit, a strategy, a condition, an observer, the form of the run or, without the feature `std`, unseeded
    /// jitter.
    fn now(&self) -> Duration;

    /// Returns a future that is ready when `wait` has passed since this call.
    ///
    /// Called once before each retry, after the `on_backoff` handlers. `wait` may be zero.
    ///
    /// A timer that is ready when first polled does not yield to the runtime. If the operation does not yield either,
    /// a run with waits of zero keeps its task busy until the run ends.
    fn timer(&self, wait: Duration) -> Self::Timer;

    /// Returns the timer for one attempt: ready when `after` has passed since this call.
    ///
    /// Called once for each attempt of a policy with an [`attempt_timeout`](crate::Retry::attempt_timeout). The
    /// attempt fails with [`TimedOut`](crate::TimedOut) if this timer is ready first; its output is ignored.
    ///
    /// Same as [`timer`](Self::timer) by default. Override it if timers may be ready early because the clock
    /// [is cancelled](Self::is_cancelled): an attempt must not be interrupted by that.
    fn timeout(&self, after: Duration) -> Self::Timer {
        self.timer(after)
    }

    /// Returns the handles that cancel this clock, for a test scope that replaces its waits.
    #[cfg(feature = "test-util")]
    #[doc(hidden)]
    fn cancels(&self) -> std::vec::Vec<Cancel> {
        std::vec::Vec::new()
    }

    /// Returns whether runs on this clock must not wait any more.
    ///
    /// Called before each wait and, if the output of [`Timer`](Self::Timer) is [`Interruptible`], after it. If `true`,
    /// the run gives up with [`StopReason::Cancelled`](crate::StopReason::Cancelled). `false` by default.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Returns how late a wait on this clock may end without fault, such as the granularity of its timer. Zero by
    /// default.
    ///
    /// A policy with [`no_attempt_after_deadline`](crate::Retry::no_attempt_after_deadline) or
    /// [`interrupt_at_deadline`](crate::Retry::interrupt_at_deadline) starts only waits that end this long before the
    /// deadline.
    fn resolution(&self) -> Duration {
        Duration::ZERO
    }
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

            fn resolution(&self) -> Duration {
                (**self).resolution()
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

            fn resolution(&self) -> Duration {
                (**self).resolution()
            }
        }
    )* };
}

clock_by_reference! {
    &Z,
    #[cfg(feature = "std")] std::boxed::Box<Z>,
    #[cfg(feature = "std")] std::sync::Arc<Z>,
}

/// The output of an [`AsyncClock::Timer`]: `()` or [`Interruptible`]. Sealed.
pub trait TimerOutput: Sealed {
    /// Whether a run keeps the outcome of its last attempt through a wait.
    type Outcome: Slot;
}

/// For timers that are never ready early.
impl TimerOutput for () {
    type Outcome = Empty;
}

/// The output of a timer that may be ready early: see [`AsyncClock::is_cancelled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruptible;

impl TimerOutput for Interruptible {
    type Outcome = Full;
}

impl Sealed for Interruptible {}

/// The system clock: the default.
///
/// Blocking runs read [`std::time::Instant`] and wait with [`std::thread::sleep`] (feature `std`). Async runs use
/// tokio's clock for both (feature `tokio`), so tokio's paused time advances limits and waits together.
///
/// On `wasm32-unknown-unknown` it implements neither clock trait, since the standard library has no time there. Runs
/// need `BrowserClock` (feature `wasm-bindgen`) or a clock of your own, with [`Entropy`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that [`Retry::clock`](crate::Retry::clock) can replace by a `Y`. Sealed.
///
/// What wraps the clock stays: [`cancelled_by`](crate::Retry::cancelled_by) and
/// [`no_attempt_after_deadline`](crate::Retry::no_attempt_after_deadline) may be set before or after it.
#[diagnostic::on_unimplemented(
    message = "this policy has a clock of its own already: `{Self}`",
    label = "cannot replace this policy's clock",
    note = "`clock` replaces the system's clock; set any other clock once, on a policy without one"
)]
pub trait ReplaceClock<Y>: Sealed {
    /// The clock with `Y` in it.
    type Output;

    /// Replaces the clock.
    fn replace_clock(self, clock: Y) -> Self::Output;
}

impl Sealed for SystemClock {}

impl<Y> ReplaceClock<Y> for SystemClock {
    type Output = Y;

    fn replace_clock(self, clock: Y) -> Y {
        clock
    }
}

impl<Y, Z: ReplaceClock<Y> + Clone> ReplaceClock<Y> for &Z {
    type Output = Z::Output;

    fn replace_clock(self, clock: Y) -> Z::Output {
        self.clone().replace_clock(clock)
    }
}

impl<Z> Sealed for Punctual<Z> {}

impl<Y, Z: ReplaceClock<Y>> ReplaceClock<Y> for Punctual<Z> {
    type Output = Punctual<Z::Output>;

    fn replace_clock(self, clock: Y) -> Self::Output {
        Punctual { clock: self.clock.replace_clock(clock) }
    }
}

#[cfg(feature = "std")]
impl<Z> Sealed for Cancellable<Z> {}

#[cfg(feature = "std")]
impl<Y, Z: ReplaceClock<Y>> ReplaceClock<Y> for Cancellable<Z> {
    type Output = Cancellable<Z::Output>;

    fn replace_clock(self, clock: Y) -> Self::Output {
        Cancellable { clock: self.clock.replace_clock(clock), cancel: self.cancel }
    }
}
