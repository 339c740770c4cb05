//! How long to wait: strategies and jitter.
//!
//! A strategy implements [`Wait`]. [`Retry`](crate::Retry) has a constructor for each of those here:
//! [`expo`](crate::Retry::expo) ([`Expo`], the default), [`fibo`](crate::Retry::fibo) ([`Fibo`]),
//! [`constant`](crate::Retry::constant) ([`Constant`]), [`linear`](crate::Retry::linear) ([`Linear`]),
//! [`decay`](crate::Retry::decay) ([`Decay`]), [`sequence`](crate::Retry::sequence) ([`Sequence`]) and
//! [`runtime`](crate::Retry::runtime) ([`Runtime`]). [`Schedule`] is a strategy chosen at run time.
//! [`Jitter`] randomises the waits of any strategy. For a strategy of your own, implement [`Wait`] and pass it to
//! [`Retry::new`](crate::Retry::new).

mod floats;
pub(crate) mod jitter;
pub(crate) mod schedule;
pub(crate) mod strategies;

pub use jitter::Jitter;
pub use schedule::Schedule;
pub use strategies::*;

use core::time::Duration;

use crate::event::Details;

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
/// A strategy is a function of the attempt, not an iterator that is used up, so one policy can serve any number of
/// concurrent runs. The wait that it returns is capped by [`max_wait`](crate::Retry::max_wait), then jittered (and
/// capped again), then limited to the time left of [`max_time`](crate::Retry::max_time).
///
/// [`wait`](Self::wait) is all that a strategy must have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a strategy for an operation that returns `Result<{T}, {E}>`",
    label = "the policy's strategy does not match the types of the operation",
    note = "`Retry::new` takes any type that implements `relent::Wait<T, E>`",
    note = "`Retry::runtime` takes a function of `&Details<'_, T, E>` that returns a `Duration`"
)]
pub trait Wait<T, E> {
    /// Returns the wait after attempt number `details.tries`, or `None` to give up.
    ///
    /// Called after each attempt that is to be retried and that no limit has ended, also if a requested wait replaces
    /// this one. `details` has the outcome, except in [`Retry::waits`](crate::Retry::waits).
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration>;

    /// Returns this strategy as a function of the number of tries, if it depends on nothing else. It must agree with
    /// `wait`. Hidden: it allows the code that computes the next wait to be compiled once for a program, and not once
    /// for each operation.
    #[doc(hidden)]
    fn numeric(&self) -> Option<&dyn Numeric> {
        None
    }

    /// Returns whether [`wait`](Self::wait) reads [`Details::elapsed`]. `true` by default.
    ///
    /// Return `false` if it does not: a run that needs the time nowhere never reads the clock. `wait` may then see an
    /// `elapsed` of zero.
    fn needs_elapsed(&self) -> bool {
        true
    }

    /// Returns whether the waits end by themselves: whether [`wait`](Self::wait) returns `None` at some point.
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

/// A strategy that depends only on the number of tries. For a strategy of your own, implement [`Wait`] instead.
pub trait Numeric {
    /// Returns the wait after this many tries, in nanoseconds, or `None` to give up.
    fn nanos(&self, tries: u32) -> Option<u64>;

    /// Same as [`Wait::ends`].
    fn ends(&self) -> bool {
        false
    }
}
