//! An enum of strategies, to choose one at run time.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::event::Details;
use crate::wait::strategies::{Constant, Decay, Expo, Fibo, Linear, Sequence};
use crate::wait::{Decorrelated, Numeric, Wait};

/// A strategy chosen at run time, for example from configuration.
///
/// ```
/// use std::time::Duration;
/// use relent::wait::{Constant, Expo};
/// use relent::{Retry, Schedule};
///
/// fn policy(production: bool) -> Retry<Schedule> {
///     Retry::new(if production {
///         Schedule::Expo(Expo::default())
///     } else {
///         Schedule::Constant(Constant::new(Duration::from_millis(10)))
///     })
/// }
///
/// assert_eq!(policy(true).waits().nth(3), Some(Duration::from_secs(8)));
/// assert_eq!(policy(false).waits().nth(3), Some(Duration::from_millis(10)));
/// ```
///
/// A list of waits has to live as long as the program. One that is read from a configuration fits into an
/// [`OwnedSchedule`](crate::wait::OwnedSchedule).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// Exponential: see [`Retry::expo`](crate::Retry::expo).
    Expo(Expo),
    /// Fibonacci: see [`Retry::fibo`](crate::Retry::fibo).
    Fibo(Fibo),
    /// Constant: see [`Retry::constant`](crate::Retry::constant).
    Constant(Constant),
    /// Linear: see [`Retry::linear`](crate::Retry::linear).
    Linear(Linear),
    /// Decaying: see [`Retry::decay`](crate::Retry::decay).
    Decay(Decay),
    /// Drawn from a window of its own: see [`Retry::decorrelated`](crate::Retry::decorrelated). It ignores any jitter but
    /// [`Jitter::None`](crate::Jitter::None), and the policy does not refuse one.
    Decorrelated(Decorrelated),
    /// A fixed list of waits: see [`Retry::sequence`](crate::Retry::sequence).
    Sequence(Sequence<&'static [Duration]>),
}

macro_rules! schedule {
    ($($variant:ident($strategy:ty)),* $(,)?) => {
        impl<T, E> Wait<T, E> for Schedule {
            fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
                match self { $(Self::$variant(strategy) => strategy.wait(details)),* }
            }

            fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
                match self { $(Self::$variant(strategy) => Wait::<T, E>::window(strategy, details)),* }
            }

            fn numeric(&self) -> Option<&dyn Numeric> {
                Some(match self { $(Self::$variant(strategy) => strategy),* })
            }

            fn needs_elapsed(&self) -> bool {
                match self { $(Self::$variant(strategy) => Wait::<T, E>::needs_elapsed(strategy)),* }
            }

            fn ends(&self) -> bool {
                match self { $(Self::$variant(strategy) => Wait::<T, E>::ends(strategy)),* }
            }
        }

        $(impl From<$strategy> for Schedule {
            fn from(strategy: $strategy) -> Self {
                Self::$variant(strategy)
            }
        })*
    };
}

schedule! {
    Expo(Expo),
    Fibo(Fibo),
    Constant(Constant),
    Linear(Linear),
    Decay(Decay),
    Decorrelated(Decorrelated),
    Sequence(Sequence<&'static [Duration]>),
}
