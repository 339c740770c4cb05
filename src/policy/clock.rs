//! Setters of the clock and of cancellation.

use crate::clock::ReplaceClock;
#[cfg(feature = "std")]
use crate::clock::cancel::Cancel;
#[cfg(feature = "std")]
use crate::clock::cancellable::Cancellable;
use crate::policy::Retry;

/// # Clock
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Sets the clock that runs read and wait on, instead of the system's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::expo().max_tries(3).jitter(Jitter::None).clock(&clock);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(clock.waits(), [1, 2].map(Duration::from_secs));
    /// ```
    ///
    /// Pass it by value or by reference. [`run`](Self::run) needs a [`BlockingClock`](crate::BlockingClock),
    /// [`run_async`](Self::run_async) an [`AsyncClock`](crate::AsyncClock).
    ///
    /// [`AsyncFnClock`](crate::clock::AsyncFnClock) and [`BlockingFnClock`](crate::clock::BlockingFnClock) make clocks
    /// from functions.
    ///
    /// You can set a clock once: the compiler refuses to replace a clock that is not the system's.
    //
    // `O` is a parameter since with `Z::Output` the compiler reports "private field, not a method" for a second clock.
    #[doc(alias("sleep", "timer"))]
    pub fn clock<Y, O>(self, clock: Y) -> Retry<S, C, H, O>
    where
        Z: ReplaceClock<Y, Output = O>,
    {
        self.map_clock(|previous| previous.replace_clock(clock))
    }
}

/// # Cancellation
#[cfg(feature = "std")]
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Stops retrying once this handle is cancelled, and ends a wait that is in progress.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use relent::{Cancel, Retry};
    ///
    /// let shutdown = Cancel::new();
    /// let policy = Retry::constant(Duration::from_secs(3600)).cancelled_by(&shutdown);
    /// let task = tokio::spawn(policy.into_run_async(async || Err::<(), _>("down")));
    /// tokio::task::yield_now().await;
    /// shutdown.cancel();
    /// assert_eq!(task.await.unwrap(), Err("down"));
    /// # }
    /// ```
    ///
    /// The run gives up with [`StopReason::Cancelled`](crate::StopReason::Cancelled) and returns its last outcome. It
    /// keeps that outcome during its waits. To spawn such a run, its value and its error must be `Send`.
    ///
    /// Cancelling does not interrupt an attempt, and does not prevent one after `on_try` was called. The first attempt
    /// is always made, since a run has to return something. An accepted outcome is a success, even if the run was
    /// cancelled.
    ///
    /// If you set several handles, any of them cancels. You may call this before or after [`clock`](Self::clock).
    pub fn cancelled_by(self, cancel: &Cancel) -> Retry<S, C, H, Cancellable<Z>> {
        self.map_clock(|clock| Cancellable { clock, cancel: cancel.clone() })
    }
}
