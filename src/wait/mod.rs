//! How long to wait? The trait.

mod floats;
pub(crate) mod jitter;
pub(crate) mod schedule;
pub(crate) mod strategies;

pub use jitter::Jitter;
pub use schedule::Schedule;
pub use strategies::*;

use core::time::Duration;

use crate::event::Details;

/// How long to wait after an attempt whose outcome was not accepted.
///
/// A strategy is a function of the attempt, not an iterator that is used up: one policy serves any
/// number of runs at once. What it returns is then capped by `max_wait`, jittered, and
/// clamped to what is left of `max_time`.
///
/// ```
/// use std::time::Duration;
/// use relent::{Details, Jitter, Retry, TestClock, Wait};
///
/// /// The cube of the number of tries, in milliseconds.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a strategy for an operation that returns `Result<{T}, {E}>`",
    label = "this policy's strategy does not fit the operation",
    note = "`Retry::new` takes anything that implements `relent::Wait`"
)]
pub trait Wait<T, E> {
    /// The wait after the attempt number `details.tries`, or `None` to give up.
    ///
    /// The details have the outcome, but for [`Retry::waits`](crate::Retry::waits), which asks
    /// without one.
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration>;

    /// This strategy as a function of numbers alone, where it is one. Hidden: it must agree with `wait`, and
    /// is there so that the code which turns such waits into what is slept exists once in a program, and not
    /// once for each operation.
    #[doc(hidden)]
    fn numeric(&self) -> Option<&dyn Numeric> {
        None
    }

    /// Whether `wait` reads [`Details::elapsed`]. Where nothing does, no clock is read.
    fn needs_elapsed(&self) -> bool {
        true
    }

    /// Whether the waits end by themselves, so that a policy needs no other limit.
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

/// A strategy that looks at numbers alone, and counts in nanoseconds. Users implement [`Wait`].
pub trait Numeric {
    /// The wait after this many tries.
    fn nanos(&self, tries: u32) -> Option<u64>;

    /// Same as [`Wait::ends`].
    fn ends(&self) -> bool {
        false
    }
}
