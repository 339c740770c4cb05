//! Whether to retry? The trait, the default, and the links that narrow it.

#[cfg(target_has_atomic = "32")]
pub(crate) mod budget;
pub(crate) mod filters;

#[cfg(target_has_atomic = "32")]
pub use budget::{Budget, Budgeted};
pub use filters::{RetryAfter, RetryAfterValue, RetryIf, Until};

use core::time::Duration;

use crate::event::{Details, StopReason};

/// What a condition says of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is what was wanted: the run succeeds.
    Accept,
    /// It is not, and trying again is no use: the run gives up.
    Stop,
    /// It is not; try again.
    Retry,
    /// It is not; try again, but not before this much time has passed.
    ///
    /// The wait replaces the strategy's. It is never jittered, capped or shortened; the run gives up
    /// where it does not fit into what is left of `max_time`, and where the strategy has no more waits.
    RetryIn(Duration),
}

/// Whether an outcome is what was wanted, and whether to try again where it is not.
///
/// ```
/// use relent::{Verdict, Condition, Details, Retry, TestClock};
///
/// /// Retries errors, but only while they come quickly.
/// #[derive(Debug)]
/// struct FailsFast;
///
/// impl<T, E> Condition<T, E> for FailsFast {
///     fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
///         match details.error() {
///             None => Verdict::Accept,
///             Some(_) if details.elapsed.as_secs() < 10 => Verdict::Retry,
///             Some(_) => Verdict::Stop,
///         }
///     }
/// }
///
/// let clock = TestClock::new();
/// let mut calls = 0;
/// let outcome = Retry::expo().condition(FailsFast).clock(&clock).run(|| {
///     calls += 1;
///     clock.advance(std::time::Duration::from_secs(60));
///     Err::<(), _>("down")
/// });
/// assert_eq!((outcome, calls), (Err("down"), 1));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot judge an operation that returns `Result<{T}, {E}>`",
    label = "this policy's condition does not fit the operation",
    note = "`retry_if` takes a function of the operation's error, `until` one of its value"
)]
pub trait Condition<T, E> {
    /// Judges the outcome in `details`, which always has one.
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict;

    /// The least wait before the next attempt, where somebody asks for one: as of
    /// [`Verdict::RetryIn`], and of several the longest. It is asked for where the outcome is retried.
    fn requested_wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        let _ = details;
        None
    }

    /// Whether anything here reads [`Details::elapsed`]. Where nothing does, no clock is read.
    fn needs_elapsed(&self) -> bool {
        true
    }

    /// Has the last word, when all else is settled: `details` are those of a
    /// [`Success`](crate::EventKind::Success), or of a [`Backoff`](crate::EventKind::Backoff) with
    /// its wait.
    ///
    /// It is called once for each of these and for nothing else, so that a condition may keep an
    /// account of the retries that no limit forbids: [`Budget`] does.
    ///
    /// # Errors
    ///
    /// Where there must be no retry: the run gives up for this reason. For a success it changes
    /// nothing.
    fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
        let _ = details;
        Ok(())
    }
}

macro_rules! condition_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<T, E, C: Condition<T, E> + ?Sized> Condition<T, E> for $pointer {
            fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
                (**self).judge(details)
            }

            fn requested_wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
                (**self).requested_wait(details)
            }

            fn needs_elapsed(&self) -> bool {
                (**self).needs_elapsed()
            }

            fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
                (**self).commit(details)
            }
        }
    )* };
}

condition_by_reference! {
    &C,
    #[cfg(feature = "std")] std::boxed::Box<C>,
    #[cfg(feature = "std")] std::sync::Arc<C>,
}

/// Retries every `Err` and accepts every `Ok`: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyError;

impl<T, E> Condition<T, E> for AnyError {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        if details.error().is_some() { Verdict::Retry } else { Verdict::Accept }
    }

    fn needs_elapsed(&self) -> bool {
        false
    }
}
