//! Whether to retry: conditions and budgets.
//!
//! A [`Condition`] judges each outcome and returns a [`Verdict`]. The default, [`AnyError`], retries every error. The
//! methods of [`Retry`](crate::Retry) build on it: [`retry_if`](crate::Retry::retry_if) ([`RetryIf`]),
//! [`until`](crate::Retry::until) ([`Until`]), [`retry_after`](crate::Retry::retry_after) ([`RetryAfter`]) and
//! [`retry_after_value`](crate::Retry::retry_after_value) ([`RetryAfterValue`]). A [`Budget`] limits the retries of all
//! runs that share it. For your own rules, implement [`Condition`] and set it with
//! [`Retry::condition`](crate::Retry::condition).

#[cfg(target_has_atomic = "32")]
pub(crate) mod budget;
pub(crate) mod filters;
mod replace;

#[cfg(target_has_atomic = "32")]
pub use budget::{Budget, Budgeted};
pub use filters::{RetryAfter, RetryAfterValue, RetryIf, Until};
#[cfg(feature = "std")]
pub use filters::{RetryIfShared, SharedPredicate};
pub use replace::ReplaceCondition;

use core::fmt;
use core::time::Duration;

use crate::event::{Details, RetryKind, StopReason};

/// A [`Condition`]'s verdict on an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Accepted: the run succeeds and returns this outcome.
    Accept,
    /// Not accepted, and not worth a retry: the run gives up with [`StopReason::NotRetryable`].
    Stop,
    /// Not accepted: retry after the strategy's wait, or after the [`requested_wait`](Condition::requested_wait) if that
    /// is longer.
    Retry,
    /// Not accepted: retry, but not before this time.
    ///
    /// It is a minimum, as described at [`Retry::retry_after`](crate::Retry::retry_after). If there is a
    /// [`requested_wait`](Condition::requested_wait) too, the longer one applies.
    RetryIn(Duration),
}

/// Decides whether to accept an outcome, and whether to retry one that is not accepted.
///
/// ```
/// use relent::{Condition, Details, Retry, TestClock, Verdict};
///
/// /// Retries errors only in the first ten seconds of a run.
/// #[derive(Debug)]
/// struct FirstTenSeconds;
///
/// impl<T, E> Condition<T, E> for FirstTenSeconds {
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
/// let outcome = Retry::expo().condition(FirstTenSeconds).clock(&clock).run(|| {
///     calls += 1;
///     clock.advance(std::time::Duration::from_secs(60));
///     Err::<(), _>("down")
/// });
/// assert_eq!((outcome, calls), (Err("down"), 1));
/// ```
///
/// [`judge`](Self::judge) is all that a condition must have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition for an operation that returns `Result<{T}, {E}>`",
    label = "the policy's condition does not match the types of the operation",
    note = "`retry_if` and `retry_after` take a function of the error, `until` and `retry_after_value` of the value",
    note = "`Retry::condition` takes any type that implements `relent::Condition<T, E>`"
)]
pub trait Condition<T, E> {
    /// Judges an outcome.
    ///
    /// Called once for each attempt, before any limit is checked; it may be skipped for an `Ok` if
    /// [`accepts_values`](Self::accepts_values) is `true`. `details` always has the outcome; its event is
    /// [`Backoff`](crate::EventKind::Backoff), since what follows is not known yet.
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict;

    /// Returns the wait that the other side requests before the next attempt, such as a server's `Retry-After`.
    ///
    /// Called if [`judge`](Self::judge) decided to retry. The wait is treated as in [`Verdict::RetryIn`]; of several
    /// requested waits the longest applies. `None`, which is the default, leaves the wait to the strategy.
    fn requested_wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        let _ = details;
        None
    }

    /// Returns whether this condition reads [`Details::elapsed`]. `true` by default.
    ///
    /// Return `false` if it does not: a run that needs the time nowhere never reads the clock. The methods of this
    /// condition may then see an `elapsed` of zero.
    fn needs_elapsed(&self) -> bool {
        true
    }

    /// Returns whether [`judge`](Self::judge) accepts every `Ok`. `false` by default.
    ///
    /// If `true`, a run may skip `judge` for an `Ok`. If [`needs_elapsed`](Self::needs_elapsed) is also `false`, it does
    /// not read the clock after an accepted attempt, unless an observer or the form of the run needs the time.
    fn accepts_values(&self) -> bool {
        false
    }

    /// Classifies a retry: a run remembers the kind of its last one, and shows it as [`Details::retry`].
    ///
    /// Called if [`judge`](Self::judge) decided to retry and no limit forbids it. By default, an error is
    /// [`Transient`](RetryKind::Transient), and a value that was not accepted is a [`Poll`](RetryKind::Poll).
    fn retry_kind(&self, details: &Details<'_, T, E>) -> RetryKind {
        if details.error().is_some() { RetryKind::Transient } else { RetryKind::Poll }
    }

    /// Records a success or a retry, and may refuse the retry.
    ///
    /// Called last, once for each success and once for each retry that no limit forbids, and at no other time. A
    /// condition can therefore count retries, as [`Budget`] does. The event in `details` is
    /// [`Success`](crate::EventKind::Success), or [`Backoff`](crate::EventKind::Backoff) with the wait that follows.
    /// [`Details::retry`] is the kind of the last retry for a success, and of the upcoming one otherwise.
    ///
    /// # Errors
    ///
    /// Returns a reason to refuse the retry: the run gives up with it. An error for a success is ignored.
    fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
        let _ = details;
        Ok(())
    }

    /// Takes back the run's last retry, which [`commit`](Self::commit) recorded. Does nothing by default.
    ///
    /// Called at most once for a retry, before observers are notified, in three cases:
    ///
    /// - The run ends since [`judge`](Self::judge) returned [`Verdict::Stop`] after a retry. The event in `details` is
    ///   [`GiveUp`](crate::EventKind::GiveUp), with the reason [`NotRetryable`](StopReason::NotRetryable).
    /// - The wait before the retry is cancelled: [`GiveUp`](crate::EventKind::GiveUp) with
    ///   [`Cancelled`](StopReason::Cancelled). The outcome may be missing.
    /// - A handler or observer panics on the back-off before the retry: [`Backoff`](crate::EventKind::Backoff). A panic
    ///   in this method would then abort the process.
    ///
    /// [`Details::retry`] is the kind of the retry that is taken back.
    fn refund(&self, details: &Details<'_, T, E>) {
        let _ = details;
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

            fn accepts_values(&self) -> bool {
                (**self).accepts_values()
            }

            fn retry_kind(&self, details: &Details<'_, T, E>) -> RetryKind {
                (**self).retry_kind(details)
            }

            fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
                (**self).commit(details)
            }

            fn refund(&self, details: &Details<'_, T, E>) {
                (**self).refund(details);
            }
        }
    )* };
}

condition_by_reference! {
    &C,
    #[cfg(feature = "std")] std::boxed::Box<C>,
    #[cfg(feature = "std")] std::sync::Arc<C>,
}

/// The default condition: retries every `Err` and accepts every `Ok`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyError;

impl<T, E> Condition<T, E> for AnyError {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        if details.error().is_some() { Verdict::Retry } else { Verdict::Accept }
    }

    fn needs_elapsed(&self) -> bool {
        false
    }

    fn accepts_values(&self) -> bool {
        true
    }
}

/// Names the trait, since the condition behind it need not be `Debug`.
impl<T, E> fmt::Debug for dyn Condition<T, E> + Send + Sync + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dyn Condition")
    }
}
