//! Which clock trait a run uses: blocking, async, or none.

use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock, entropy};
use crate::run::nesting;
use crate::sealed::Sealed;
use crate::testing::scope;

/// Blocking or async: which clock trait a run uses. Sealed: it appears in bounds and error messages.
pub trait Side<Z>: Sealed {
    /// Whether observers see an identity of the run.
    const HAS_IDENTITY: bool = true;

    /// How many attempts of other runs the run is in.
    #[inline]
    #[must_use]
    fn depth() -> u32 {
        nesting::depth()
    }

    /// The time on this side.
    fn now(clock: &Z) -> Duration;

    /// What unseeded jitter is drawn from, if the clock has to have it.
    fn entropy(clock: &Z) -> Option<u64>;

    /// Whether waits on this side are cancelled.
    fn is_cancelled(clock: &Z) -> bool;

    /// How late a wait on this side may end.
    fn resolution(clock: &Z) -> Duration;
}

/// The side of `run` and [`Attempts`](crate::run::Attempts).
#[derive(Clone, Copy, Debug)]
pub enum Blocking {}

/// The side of `run_async` and [`AttemptsAsync`](crate::run::AttemptsAsync).
#[derive(Clone, Copy, Debug)]
pub enum Async {}

impl Sealed for Blocking {}

impl Sealed for Async {}

impl<Z: BlockingClock> Side<Z> for Blocking {
    #[inline]
    fn now(clock: &Z) -> Duration {
        scope::now(|| clock.now())
    }

    #[inline]
    fn entropy(clock: &Z) -> Option<u64> {
        entropy::of(clock)
    }

    #[inline]
    fn is_cancelled(clock: &Z) -> bool {
        clock.is_cancelled()
    }

    #[inline]
    fn resolution(clock: &Z) -> Duration {
        clock.resolution()
    }
}

impl<Z: AsyncClock> Side<Z> for Async {
    #[inline]
    fn now(clock: &Z) -> Duration {
        scope::now(|| clock.now())
    }

    #[inline]
    fn entropy(clock: &Z) -> Option<u64> {
        entropy::of(clock)
    }

    #[inline]
    fn is_cancelled(clock: &Z) -> bool {
        clock.is_cancelled()
    }

    #[inline]
    fn resolution(clock: &Z) -> Duration {
        clock.resolution()
    }
}

/// No clock: the side of a run that is kept elsewhere. Its cancel handle is asked all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NoClock {}

impl Sealed for NoClock {}

impl<Z: BlockingClock> Side<Z> for NoClock {
    const HAS_IDENTITY: bool = false;

    fn depth() -> u32 {
        0
    }

    #[inline]
    fn now(_: &Z) -> Duration {
        Duration::ZERO
    }

    #[inline]
    fn entropy(clock: &Z) -> Option<u64> {
        entropy::of(clock)
    }

    #[inline]
    fn is_cancelled(clock: &Z) -> bool {
        clock.is_cancelled()
    }

    #[inline]
    fn resolution(_: &Z) -> Duration {
        Duration::ZERO
    }
}
