//! A strategy that is chosen at run time and owns its list of waits.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::sync::Arc;
use std::vec::Vec;

use crate::event::Details;
use crate::wait::schedule::Schedule;
use crate::wait::strategies::Sequence;
use crate::wait::{Numeric, Wait};

/// A strategy chosen at run time, which owns its list of waits if it has one.
///
/// ```
/// use std::time::Duration;
/// use relent::Retry;
/// use relent::wait::{Expo, OwnedSchedule};
///
/// struct Client {
///     retry: Retry<OwnedSchedule>,
/// }
///
/// let waits: Vec<Duration> = vec![Duration::from_secs(1), Duration::from_secs(30)]; // from a file
/// let patient = Client { retry: Retry::new(OwnedSchedule::from(waits)) };
/// let plain = Client { retry: Retry::new(OwnedSchedule::from(Expo::default())) };
/// assert!(patient.retry.waits().eq([1, 30].map(Duration::from_secs)));
/// assert_eq!(plain.retry.waits().nth(3), Some(Duration::from_secs(8)));
/// ```
///
/// It differs from [`Schedule`] in two points: a list of waits need not be `'static`, and so it is not `Copy`. Clones
/// share the list.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedSchedule(Kind);

/// What an [`OwnedSchedule`] holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Never a `Schedule::Sequence`.
    Schedule(Schedule),
    Sequence(Sequence<Arc<[Duration]>>),
}

impl OwnedSchedule {
    #[cfg(feature = "serde")]
    pub(crate) const fn kind(&self) -> &Kind {
        &self.0
    }

    fn list(waits: Arc<[Duration]>) -> Self {
        Self(Kind::Sequence(Sequence::new(waits)))
    }
}

/// Converts any strategy that [`Schedule`] can hold.
impl<S: Into<Schedule>> From<S> for OwnedSchedule {
    fn from(strategy: S) -> Self {
        match strategy.into() {
            Schedule::Sequence(sequence) => Self::list(sequence.waits.into()),
            schedule => Self(Kind::Schedule(schedule)),
        }
    }
}

/// The waits of a [`Retry::sequence`](crate::Retry::sequence).
impl From<Vec<Duration>> for OwnedSchedule {
    fn from(waits: Vec<Duration>) -> Self {
        Self::list(waits.into())
    }
}

/// Calls the method of the strategy, whichever it is.
macro_rules! either {
    ($owned:ident, $strategy:ident => $call:expr) => {
        match &$owned.0 {
            Kind::Schedule($strategy) => $call,
            Kind::Sequence($strategy) => $call,
        }
    };
}

impl<T, E> Wait<T, E> for OwnedSchedule {
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        either!(self, strategy => strategy.wait(details))
    }

    fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
        either!(self, strategy => Wait::<T, E>::window(strategy, details))
    }

    fn numeric(&self) -> Option<&dyn Numeric> {
        either!(self, strategy => Wait::<T, E>::numeric(strategy))
    }

    fn needs_elapsed(&self) -> bool {
        either!(self, strategy => Wait::<T, E>::needs_elapsed(strategy))
    }

    fn ends(&self) -> bool {
        either!(self, strategy => Wait::<T, E>::ends(strategy))
    }
}
