//! The conditions that the builder adds. Each wraps the previous condition and refines its answer.

use core::fmt;
use core::time::Duration;

use crate::condition::{Condition, Verdict};
use crate::event::{Details, RetryKind, StopReason};

/// Defines a condition that consists of the previous one and a function of the operation's value or error.
///
/// It overrides one of `judge` and `requested_wait`, and forwards everything else to the previous condition.
macro_rules! link {
    (
        $(#[$doc:meta])*
        $link:ident(Fn(&$of:ident) -> $output:ty),
        accepts_values: $accepts_values:literal,
        $method:ident(|$this:ident, $details:ident| $body:expr) -> $returns:ty,
        $($other:ident -> $other_returns:ty),*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $link<C, F> {
            pub(crate) previous: C,
            pub(crate) function: F,
        }

        impl<T, E, C: Condition<T, E>, F: Fn(&$of) -> $output> Condition<T, E> for $link<C, F> {
            fn $method(&self, $details: &Details<'_, T, E>) -> $returns {
                let $this = self;
                $body
            }

            $(fn $other(&self, details: &Details<'_, T, E>) -> $other_returns {
                self.previous.$other(details)
            })*

            fn needs_elapsed(&self) -> bool {
                self.previous.needs_elapsed()
            }

            fn accepts_values(&self) -> bool {
                $accepts_values && self.previous.accepts_values()
            }

            fn retry_kind(&self, details: &Details<'_, T, E>) -> RetryKind {
                self.previous.retry_kind(details)
            }

            fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
                self.previous.commit(details)
            }

            fn refund(&self, details: &Details<'_, T, E>) {
                self.previous.refund(details);
            }
        }

        impl<C: fmt::Debug, F> fmt::Debug for $link<C, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($link)).field(&self.previous).finish_non_exhaustive()
            }
        }
    };
}

link! {
    /// Retries only errors that match a predicate: see [`Retry::retry_if`](crate::Retry::retry_if).
    RetryIf(Fn(&E) -> bool),
    accepts_values: true,
    judge(|link, details| match (link.previous.judge(details), details.error()) {
        (Verdict::Retry | Verdict::RetryIn(_), Some(error)) if !(link.function)(error) => Verdict::Stop,
        (previously, _) => previously,
    }) -> Verdict,
    requested_wait -> Option<Duration>
}

/// A predicate that captures, and whose type has a name: see
/// [`Retry::retry_if_shared`](crate::Retry::retry_if_shared).
#[cfg(feature = "std")]
pub type SharedPredicate<E> = std::sync::Arc<dyn Fn(&E) -> bool + Send + Sync>;

/// Retries only errors that match a shared predicate: see
/// [`Retry::retry_if_shared`](crate::Retry::retry_if_shared).
#[cfg(feature = "std")]
pub struct RetryIfShared<C, E> {
    pub(crate) previous: C,
    pub(crate) predicate: SharedPredicate<E>,
}

#[cfg(feature = "std")]
impl<T, E, C: Condition<T, E>> Condition<T, E> for RetryIfShared<C, E> {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        let Self { previous, predicate } = self;
        RetryIf { previous, function: |error: &E| predicate(error) }.judge(details)
    }

    fn requested_wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        self.previous.requested_wait(details)
    }

    fn needs_elapsed(&self) -> bool {
        self.previous.needs_elapsed()
    }

    fn accepts_values(&self) -> bool {
        self.previous.accepts_values()
    }

    fn retry_kind(&self, details: &Details<'_, T, E>) -> RetryKind {
        self.previous.retry_kind(details)
    }

    fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
        self.previous.commit(details)
    }

    fn refund(&self, details: &Details<'_, T, E>) {
        self.previous.refund(details);
    }
}

#[cfg(feature = "std")]
impl<C: Clone, E> Clone for RetryIfShared<C, E> {
    fn clone(&self) -> Self {
        Self { previous: self.previous.clone(), predicate: self.predicate.clone() }
    }
}

#[cfg(feature = "std")]
impl<C: fmt::Debug, E> fmt::Debug for RetryIfShared<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RetryIfShared").field(&self.previous).finish_non_exhaustive()
    }
}

link! {
    /// Retries until a value matches a predicate: see [`Retry::until`](crate::Retry::until).
    Until(Fn(&T) -> bool),
    accepts_values: false,
    judge(|link, details| match (link.previous.judge(details), details.value()) {
        (Verdict::Accept, Some(value)) if !(link.function)(value) => Verdict::Retry,
        (previously, _) => previously,
    }) -> Verdict,
    requested_wait -> Option<Duration>
}

link! {
    /// Honours the wait that an error requests: see [`Retry::retry_after`](crate::Retry::retry_after).
    RetryAfter(Fn(&E) -> Option<Duration>),
    accepts_values: true,
    requested_wait(|link, details| {
        link.previous.requested_wait(details).max(details.error().and_then(&link.function))
    }) -> Option<Duration>,
    judge -> Verdict
}

link! {
    /// Honours the wait that a value requests: see [`Retry::retry_after_value`](crate::Retry::retry_after_value).
    RetryAfterValue(Fn(&T) -> Option<Duration>),
    accepts_values: true,
    requested_wait(|link, details| {
        link.previous.requested_wait(details).max(details.value().and_then(&link.function))
    }) -> Option<Duration>,
    judge -> Verdict
}
