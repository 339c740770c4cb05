//! Only the waits of a policy, for code that has a loop and an error handling of its own.

use core::fmt;
use core::iter::FusedIterator;
use core::time::Duration;

use crate::clock::entropy::{EntropyIfNeeded, of as entropy_of};
use crate::policy::Retry;
use crate::policy::hold::Policy;
use crate::run::plan::Unseen;
use crate::wait::{ByTries, Wait};

/// # In line: only the waits
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Returns the waits as they would be slept: with jitter, and within the limits.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let mut waits = Retry::expo().max_tries(4).max_wait(Duration::from_secs(3)).into_backoff();
    /// assert!(waits.by_ref().all(|wait| wait <= Duration::from_secs(3)));
    /// assert_eq!(waits.next(), None); // give up
    /// waits.reset(); // after a success
    /// assert!(waits.next().is_some());
    /// ```
    ///
    /// Use it for code that takes an iterator of waits, or that drives itself and knows only that something failed. It is
    /// an [`Iterator`], and `Clone`. It ends where a run would give up whose attempts take no time and whose timers are never late. Conditions, budgets
    /// and handlers are not asked. See [`attempts`](Self::attempts) for runs that ask them.
    ///
    /// Without the feature `std` and without a [`seed`](Self::seed), jitter draws the same numbers each time.
    pub const fn backoff(&self) -> Backoff<&Self>
    where
        S: Wait<(), ()>,
        Z: EntropyIfNeeded,
    {
        Backoff::new(self)
    }

    /// Same as [`backoff`](Self::backoff), but owns the policy: to keep both in a struct.
    pub const fn into_backoff(self) -> Backoff<Self>
    where
        S: Wait<(), ()>,
        Z: EntropyIfNeeded,
    {
        Backoff::new(self)
    }

    /// Returns one wait, with jitter: that after this many attempts. `None` if the policy gives up then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry};
    ///
    /// let policy = Retry::expo().max_tries(5).jitter(Jitter::None);
    /// assert_eq!(policy.wait_after(3), Some(Duration::from_secs(4)));
    /// assert_eq!(policy.wait_after(5), None);
    /// ```
    ///
    /// Use it for a job table that stores the number of attempts. It exists for strategies whose waits depend on that number
    /// alone: not for [`decorrelated`](Self::decorrelated), [`runtime`](Self::runtime), a
    /// [`Schedule`](crate::wait::Schedule) or a boxed policy. For these use [`decide`](Self::decide).
    /// [`max_time`](Self::max_time) is ignored, since no time is known. `wait_after(0)` is the same as `wait_after(1)`.
    ///
    /// Without the feature `std` and without a [`seed`](Self::seed), jitter draws the same number each time.
    #[must_use]
    pub fn wait_after(&self, tries: u32) -> Option<Duration>
    where
        S: Wait<(), ()> + ByTries,
        Z: EntropyIfNeeded,
    {
        let settings = self.settings.without_max_time();
        let entropy = || entropy_of(&self.clock);
        Unseen::after(tries.saturating_sub(1)).wait(&self.strategy, &settings, entropy)
    }
}

/// The waits of a policy, with jitter: see [`Retry::backoff`].
///
/// `P` is the policy as it is held: `&Retry`, `Retry`, an `Arc` or a `Box` of one.
#[derive(Clone)]
#[must_use = "iterators do nothing unless they are used"]
pub struct Backoff<P> {
    policy: P,
    run: Unseen,
}

impl<P> Backoff<P> {
    /// Creates the waits of a policy that is held in any way.
    pub const fn new(policy: P) -> Self {
        Self { policy, run: Unseen::NEW }
    }

    /// Starts anew: after a success.
    pub const fn reset(&mut self) {
        self.run = Unseen::NEW;
    }
}

impl<P: Policy<Strategy: Wait<(), ()>, Clock: EntropyIfNeeded>> Iterator for Backoff<P> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let Retry { strategy, settings, clock, .. } = self.policy.policy();
        self.run.wait(strategy, settings, || entropy_of(clock))
    }
}

impl<P: Policy<Strategy: Wait<(), ()>, Clock: EntropyIfNeeded>> FusedIterator for Backoff<P> {}

impl<P> fmt::Debug for Backoff<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Backoff");
        self.run.show(&mut f);
        f.finish_non_exhaustive()
    }
}
