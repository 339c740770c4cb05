//! Whether to retry? The trait, and the links of a policy's condition chain.

use core::fmt;
use core::time::Duration;

use crate::details::Details;
use crate::retry::Retry;

/// What a condition says of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ask {
    /// It is what was wanted: the run succeeds.
    Accept,
    /// It is not, and trying again is no use: the run gives up.
    Stop,
    /// It is not; try again.
    Retry,
    /// It is not; try again, but not before this much time has passed.
    ///
    /// The wait replaces the strategy's. It is never jittered or shortened; the run gives up where
    /// it does not fit into what is left of `max_time`.
    RetryIn(Duration),
}

/// Whether an outcome is what was wanted, and whether to try again where it is not.
///
/// ```
/// use relent::{Ask, Condition, Details, Retry, TestClock};
///
/// /// Retries errors, but only while they come quickly.
/// #[derive(Debug)]
/// struct FailsFast;
///
/// impl<T, E> Condition<T, E> for FailsFast {
///     fn ask(&self, details: &Details<'_, T, E>) -> Ask {
///         match details.error() {
///             None => Ask::Accept,
///             Some(_) if details.elapsed.as_secs() < 10 => Ask::Retry,
///             Some(_) => Ask::Stop,
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
    fn ask(&self, details: &Details<'_, T, E>) -> Ask;

    /// Whether `ask` reads [`Details::elapsed`]. Where nothing does, no clock is read.
    fn needs_elapsed(&self) -> bool {
        true
    }
}

macro_rules! condition_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<T, E, C: Condition<T, E> + ?Sized> Condition<T, E> for $pointer {
            fn ask(&self, details: &Details<'_, T, E>) -> Ask {
                (**self).ask(details)
            }

            fn needs_elapsed(&self) -> bool {
                (**self).needs_elapsed()
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
    fn ask(&self, details: &Details<'_, T, E>) -> Ask {
        if details.error().is_some() { Ask::Retry } else { Ask::Accept }
    }

    fn needs_elapsed(&self) -> bool {
        false
    }
}

/// A condition narrowed by [`Retry::retry_if`].
#[derive(Clone, Copy)]
pub struct RetryIf<C, F> {
    previous: C,
    is_retryable: F,
}

impl<T, E, C: Condition<T, E>, F: Fn(&E) -> bool> Condition<T, E> for RetryIf<C, F> {
    fn ask(&self, details: &Details<'_, T, E>) -> Ask {
        match (self.previous.ask(details), details.error()) {
            (Ask::Retry | Ask::RetryIn(_), Some(error)) if !(self.is_retryable)(error) => Ask::Stop,
            (asked, _) => asked,
        }
    }

    fn needs_elapsed(&self) -> bool {
        self.previous.needs_elapsed()
    }
}

impl<C: fmt::Debug, F> fmt::Debug for RetryIf<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RetryIf").field(&self.previous).finish_non_exhaustive()
    }
}

/// A condition that waits for a value: see [`Retry::until`].
#[derive(Clone, Copy)]
pub struct Until<C, F> {
    previous: C,
    is_wanted: F,
}

impl<T, E, C: Condition<T, E>, F: Fn(&T) -> bool> Condition<T, E> for Until<C, F> {
    fn ask(&self, details: &Details<'_, T, E>) -> Ask {
        match (self.previous.ask(details), details.value()) {
            (Ask::Accept, Some(value)) if !(self.is_wanted)(value) => Ask::Retry,
            (asked, _) => asked,
        }
    }

    fn needs_elapsed(&self) -> bool {
        self.previous.needs_elapsed()
    }
}

impl<C: fmt::Debug, F> fmt::Debug for Until<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Until").field(&self.previous).finish_non_exhaustive()
    }
}

/// # Whether to retry
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Retries only the errors for which the function says so; any other ends the run at once.
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use relent::Retry;
    ///
    /// let mut calls = 0;
    /// let outcome: Result<(), Error> = Retry::expo()
    ///     .retry_if(|e: &Error| e.kind() == ErrorKind::TimedOut)
    ///     .run(|| {
    ///         calls += 1;
    ///         Err(ErrorKind::PermissionDenied.into())
    ///     });
    /// assert_eq!(outcome.unwrap_err().kind(), ErrorKind::PermissionDenied);
    /// assert_eq!(calls, 1);
    /// ```
    ///
    /// A run that ends so tells [`GiveUp::NotRetryable`](crate::GiveUp::NotRetryable). Said more
    /// than once, all the functions must agree. It is asked of every error, before any limit is
    /// looked at. It is the `giveup` of Python's `backoff`, the other way
    /// round.
    ///
    /// A policy that is kept in a field or a `static` names its type with a function pointer, best in
    /// an alias:
    ///
    /// ```
    /// # use relent::{AnyError, Expo, Retry, RetryIf};
    /// # struct ApiError;
    /// # impl ApiError { fn is_transient(&self) -> bool { true } }
    /// type ApiRetry = Retry<Expo, RetryIf<AnyError, fn(&ApiError) -> bool>>;
    ///
    /// struct Client {
    ///     retry: ApiRetry,
    /// }
    ///
    /// let is_transient: fn(&ApiError) -> bool = ApiError::is_transient;
    /// let client = Client { retry: Retry::expo().retry_if(is_transient) };
    /// # assert!(client.retry.run(|| Ok::<_, ApiError>(())).is_ok());
    /// ```
    pub fn retry_if<E, F>(self, is_retryable: F) -> Retry<S, RetryIf<C, F>, H, Z>
    where
        F: Fn(&E) -> bool,
    {
        self.map_condition(|previous| RetryIf { previous, is_retryable })
    }

    /// Tries again also while the value is not the wanted one yet.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut progress = [10, 60, 100].into_iter();
    /// let done: Result<i32, &str> = Retry::expo()
    ///     .until(|percent: &i32| *percent == 100)
    ///     .clock(TestClock::new())
    ///     .run(|| progress.next().ok_or("no more"));
    /// assert_eq!(done, Ok(100));
    /// ```
    ///
    /// A run that gives up returns the last value as it is, in an `Ok`. Said more than once, all
    /// the functions must agree. Errors are retried as before. For an operation that cannot fail
    /// there is [`Retry::poll`]. It is the `on_predicate` of Python's
    /// `backoff`, the other way round.
    pub fn until<T, F>(self, is_wanted: F) -> Retry<S, Until<C, F>, H, Z>
    where
        F: Fn(&T) -> bool,
    {
        self.map_condition(|previous| Until { previous, is_wanted })
    }

    /// Asks a condition of your own instead of all that was said before: see [`Condition`].
    pub fn condition<D>(self, condition: D) -> Retry<S, D, H, Z> {
        self.map_condition(|_| condition)
    }
}
