//! One side of a clock: that of the blocking drivers, or that of the async ones.

use core::marker::PhantomData;
use core::time::Duration;

use crate::clock::time::Time;
use crate::clock::{AsyncSleep, Sleep};
use crate::testing::scope;

/// Which side of a clock: that of the blocking drivers or that of the async ones. Private: there are
/// two. In an in-line loop it is inferred from whether `after` or `after_async` is called.
pub trait Mode<Z> {
    /// The time on this side.
    fn now(clock: &Z) -> Duration;

    /// Whether this side was told to wait no more.
    fn is_cancelled(clock: &Z) -> bool;
}

/// The side of `run`.
#[derive(Debug)]
pub enum Blocks {}

/// The side of `run_async`.
#[derive(Debug)]
pub enum Awaits {}

impl<Z: Sleep> Mode<Z> for Blocks {
    fn now(clock: &Z) -> Duration {
        scope::now(|| clock.now())
    }

    fn is_cancelled(clock: &Z) -> bool {
        clock.is_cancelled() == Some(true)
    }
}

impl<Z: AsyncSleep> Mode<Z> for Awaits {
    fn now(clock: &Z) -> Duration {
        scope::now(|| clock.now())
    }

    fn is_cancelled(clock: &Z) -> bool {
        clock.is_cancelled()
    }
}

/// One side of a clock.
#[derive(Debug)]
pub(crate) struct Lent<'p, Z, M> {
    clock: &'p Z,
    mode: PhantomData<M>,
}

impl<'p, Z, M: Mode<Z>> Lent<'p, Z, M> {
    pub(crate) fn new(clock: &'p Z) -> Self {
        Self { clock, mode: PhantomData }
    }
}

impl<Z, M> Clone for Lent<'_, Z, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Z, M> Copy for Lent<'_, Z, M> {}

impl<Z, M: Mode<Z>> Time for Lent<'_, Z, M> {
    fn now(&self) -> Duration {
        M::now(self.clock)
    }

    fn is_cancelled(&self) -> bool {
        M::is_cancelled(self.clock)
    }
}
