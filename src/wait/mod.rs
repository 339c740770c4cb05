//! How long to wait: strategies and jitter.
//!
//! A strategy implements [`Wait`]. [`Retry`](crate::Retry) has a constructor for each strategy here:
//! [`expo`](crate::Retry::expo) ([`Expo`], the default), [`fibo`](crate::Retry::fibo) ([`Fibo`]),
//! [`constant`](crate::Retry::constant) ([`Constant`]), [`linear`](crate::Retry::linear) ([`Linear`]),
//! [`decay`](crate::Retry::decay) ([`Decay`]), [`sequence`](crate::Retry::sequence) ([`Sequence`]) and
//! [`runtime`](crate::Retry::runtime) ([`Runtime`]), [`decorrelated`](crate::Retry::decorrelated) ([`Decorrelated`]) and
//! [`from_fn`](crate::Retry::from_fn) ([`FromFn`]). [`Schedule`] is a strategy chosen at run time, and
#![cfg_attr(feature = "std", doc = "[`OwnedSchedule`] one that owns its list of waits.")]
#![cfg_attr(
    not(feature = "std"),
    doc = "with the feature `std` there is one that owns its list of waits."
)]
//! [`Jitter`] randomises the waits of any strategy. To write your own strategy, implement [`Wait`] and pass it to
//! [`Retry::new`](crate::Retry::new).

pub(crate) mod chance;
mod decorrelated;
mod floats;
mod functions;
pub(crate) mod jitter;
#[cfg(feature = "std")]
pub(crate) mod owned;
pub(crate) mod schedule;
pub(crate) mod strategies;

pub use decorrelated::Decorrelated;
pub use functions::{FromFn, Runtime};
pub use jitter::Jitter;
#[cfg(feature = "std")]
pub use owned::OwnedSchedule;
pub use schedule::Schedule;
pub use strategies::*;

use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::event::Details;
use crate::sealed::Sealed;

/// A back-off strategy: computes how long to wait before a retry.
///
/// ```
/// use std::time::Duration;
/// use relent::{Details, Jitter, Retry, TestClock, Wait};
///
/// /// Waits for the cube of the number of tries, in milliseconds.
/// struct Cubic;
///
/// impl<T, E> Wait<T, E> for Cubic {
///     fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
///         Some(Duration::from_millis(u64::from(details.tries).pow(3)))
///     }
/// }
///
/// let clock = TestClock::new();
/// let policy = Retry::new(Cubic).jitter(Jitter::None).max_tries(4).clock(&clock);
/// policy.run(|| Err::<(), _>("down")).unwrap_err();
/// assert_eq!(clock.waits(), [1, 8, 27].map(Duration::from_millis));
/// ```
///
/// A strategy is a function of the attempt, not an iterator that is consumed, so one policy can serve any number of
/// concurrent runs. [`max_wait`](crate::Retry::max_wait) caps the returned wait. The [`Jitter`] turns it into a window,
/// from which one wait is drawn. The time left of [`max_time`](crate::Retry::max_time) limits this wait.
///
/// Only [`wait`](Self::wait) is required.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a strategy for an operation that returns `Result<{T}, {E}>`",
    label = "the policy's strategy does not match the types of the operation",
    note = "`Retry::new` takes any type that implements `relent::Wait<T, E>`",
    note = "`Retry::runtime` takes a function of `&Details<'_, T, E>` that returns a `Duration`"
)]
pub trait Wait<T, E> {
    /// Returns the wait after attempt number `details.tries`, or `None` to give up.
    ///
    /// The run calls it after each attempt that will be retried, if no limit has ended the run, even if the server
    /// requests a longer wait. `details` has the outcome, except in [`Retry::waits`](crate::Retry::waits) and
    /// [`Retry::backoff`](crate::Retry::backoff).
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration>;

    /// Returns the window from which the wait is drawn, for a strategy that is itself random.
    ///
    /// The policy's [`Jitter`] is then ignored, except [`Jitter::None`], which takes the middle of the window.
    /// [`wait`](Self::wait) still decides whether there is a wait. If the window is empty, the wait is its start.
    /// `None` by default.
    ///
    /// The window is cut at [`max_wait`](crate::Retry::max_wait). If it starts there or later, all of it moves down, so
    /// that its waits are still spread.
    fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
        let _ = details;
        None
    }

    /// Returns this strategy as a function of the number of tries, if it depends on nothing else. It must agree with
    /// `wait`. Hidden: it lets a program contain the code that computes the next wait once, not once per operation.
    #[doc(hidden)]
    fn numeric(&self) -> Option<&dyn Numeric> {
        None
    }

    /// Returns whether [`wait`](Self::wait) reads [`Details::elapsed`]. `true` by default.
    ///
    /// Return `false` if it does not. A run in which nothing needs the time never reads the clock. `wait` may then see
    /// an `elapsed` of zero.
    fn needs_elapsed(&self) -> bool {
        true
    }

    /// Returns whether [`wait`](Self::wait) returns `None` at some point, so that the waits end by themselves.
    ///
    /// If `true`, the default limit of 10 tries does not apply. `false` by default.
    fn ends(&self) -> bool {
        false
    }
}

macro_rules! wait_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<T, E, W: Wait<T, E> + ?Sized> Wait<T, E> for $pointer {
            fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
                (**self).wait(details)
            }

            fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
                (**self).window(details)
            }

            fn numeric(&self) -> Option<&dyn Numeric> {
                (**self).numeric()
            }

            fn needs_elapsed(&self) -> bool {
                (**self).needs_elapsed()
            }

            fn ends(&self) -> bool {
                (**self).ends()
            }
        }
    )* };
}

wait_by_reference! {
    &W,
    #[cfg(feature = "std")] std::boxed::Box<W>,
    #[cfg(feature = "std")] std::sync::Arc<W>,
}

/// A strategy that depends only on numbers. For your own strategy, implement [`Wait`] instead.
pub trait Numeric {
    /// Returns the wait after this many tries, in nanoseconds, or `None` to give up.
    fn nanos(&self, tries: u32) -> Option<u64>;

    /// Returns the strategy's own window in nanoseconds, which may depend on the last wait.
    fn window(&self, last_wait: u64) -> Option<RangeInclusive<u64>> {
        let _ = last_wait;
        None
    }

    /// Returns whether the middle of [`window`](Self::window) grows in proportion to the last wait. The mean of a wait
    /// is then the middle of the window that follows the mean of the last wait. `false` by default.
    fn is_linear(&self) -> bool {
        false
    }

    /// Same as [`Wait::ends`].
    fn ends(&self) -> bool {
        false
    }
}

/// A strategy whose waits depend only on the number of tries: the bound of
/// [`Retry::wait_after`](crate::Retry::wait_after). Sealed.
#[diagnostic::on_unimplemented(
    message = "the waits of `{Self}` do not depend on the number of attempts alone",
    label = "one wait cannot be computed without those before it",
    note = "for all waits of a run in order, use `backoff`; to keep a run elsewhere, use `decide` and keep its `Progress`"
)]
pub trait ByTries: Numeric + Sealed {}

impl<B: Numeric + ?Sized> Numeric for &B {
    fn nanos(&self, tries: u32) -> Option<u64> {
        (**self).nanos(tries)
    }

    fn window(&self, last_wait: u64) -> Option<RangeInclusive<u64>> {
        (**self).window(last_wait)
    }

    fn is_linear(&self) -> bool {
        (**self).is_linear()
    }

    fn ends(&self) -> bool {
        (**self).ends()
    }
}

impl<B: ByTries + ?Sized> ByTries for &B {}

/// Names the trait, since the strategy behind it need not be `Debug`.
impl<T, E> fmt::Debug for dyn Wait<T, E> + Send + Sync + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dyn Wait")
    }
}
