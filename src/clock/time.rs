//! What the engine reads of a clock, whichever side it is.

use core::time::Duration;

/// What a driver lends the engine of its clock.
pub(crate) trait Time: Copy {
    /// The time since any fixed moment.
    fn now(&self) -> Duration;

    /// Whether nothing is to be waited for any more.
    fn is_cancelled(&self) -> bool;
}
