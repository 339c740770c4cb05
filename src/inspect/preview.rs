//! A preview of a policy's waits.

use core::fmt;
use core::iter::FusedIterator;
use core::time::Duration;

use crate::policy::Retry;
use crate::policy::settings::Settings;
use crate::run::plan::Unseen;
use crate::wait::Wait;
use crate::wait::jitter::Jitter;

/// # Preview
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Returns the waits, without jitter, of a run whose attempts all fail and take no time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().max_time(Duration::from_secs(10));
    /// assert!(policy.waits().eq([1, 2, 4, 3].map(Duration::from_secs)));
    /// assert_eq!(Retry::expo().waits().count(), 9);
    /// ```
    ///
    /// With [`Jitter::Full`], the default, each wait is the maximum of the actual wait at its position. A run with a
    /// [`max_time`](Self::max_time) is an exception. Jitter shortens its first waits, so it may have more waits than
    /// the preview, and longer ones at the end.
    ///
    /// To see the effect of jitter, use [`describe`](Self::describe).
    ///
    /// The iterator ends where the run would give up. It does not consult the condition and its budgets. It never ends
    /// if the policy has no limit, or if `max_time` is the only limit and the waits are zero. A `max_time` of 584 years
    /// or more counts as no limit.
    pub fn waits(&self) -> Waits<'_, S>
    where
        S: Wait<(), ()>,
    {
        let Self { strategy, settings, .. } = self;
        let settings = Settings { jitter: Jitter::None, ..*settings };
        Waits { strategy, settings, run: Unseen::NEW }
    }
}

/// An iterator over a policy's waits: see [`Retry::waits`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless they are used"]
pub struct Waits<'p, S> {
    strategy: &'p S,
    settings: Settings,
    run: Unseen,
}

impl<S: Wait<(), ()>> Iterator for Waits<'_, S> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.run.wait(self.strategy, &self.settings, || None)
    }
}

impl<S: Wait<(), ()>> FusedIterator for Waits<'_, S> {}

impl<S: fmt::Debug> fmt::Debug for Waits<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Waits");
        f.field("strategy", &self.strategy);
        self.run.show(&mut f);
        f.finish_non_exhaustive()
    }
}
