//! What clock?

#[cfg(feature = "std")]
use crate::clock::cancel::Cancel;
#[cfg(feature = "std")]
use crate::clock::cancellable::Cancellable;
use crate::policy::Retry;

/// # What clock
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Reads and waits on this clock instead of the system's.
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
    /// By value or by reference: see [`BlockingClock`](crate::BlockingClock) for `run`, [`AsyncClock`](crate::AsyncClock) for `run_async`. Say it before
    /// [`cancelled_by`](Self::cancelled_by), which wraps the clock.
    pub fn clock<Y>(self, clock: Y) -> Retry<S, C, H, Y> {
        self.map_clock(|_| clock)
    }
}

/// # What clock: waits that others end
#[cfg(feature = "std")]
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Gives up as soon as this handle says so, in the middle of a wait too.
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
    /// The run tells [`StopReason::Cancelled`](crate::StopReason::Cancelled) and returns its last outcome,
    /// which is kept through the waits: to be spawned, a run needs a value and an error that are
    /// `Send`. An attempt is never interrupted, one whose beginning is told is made, and so is the first
    /// in any case, since a run has to return something. An outcome that is accepted is a success nevertheless.
    ///
    /// It wraps the policy's clock: say it after [`clock`](Self::clock), which would replace it. Said
    /// more than once, each of the handles cancels.
    pub fn cancelled_by(self, cancel: &Cancel) -> Retry<S, C, H, Cancellable<Z>> {
        self.map_clock(|clock| Cancellable { clock, cancel: cancel.clone() })
    }
}
