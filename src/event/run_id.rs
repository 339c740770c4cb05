//! `RunId`: the run that an event belongs to.

use core::fmt;
use core::num::NonZeroUsize;
#[cfg(target_has_atomic = "ptr")]
use core::sync::atomic::{AtomicUsize, Ordering};

/// The identity of a run. Overlapping runs of one process have different identities.
///
/// A shared observer uses it to keep runs apart:
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use relent::{Details, Observe, Retry, RunId, TestClock};
///
/// #[derive(Default)]
/// struct Failures(Mutex<HashMap<RunId, u32>>);
///
/// impl<T, E> Observe<T, E> for Failures {
///     fn on_backoff(&self, d: &Details<'_, T, E>) {
///         if let Some(run) = d.run {
///             *self.0.lock().unwrap().entry(run).or_default() += 1;
///         }
///     }
///
///     fn on_success(&self, d: &Details<'_, T, E>) {
///         // What is kept of a run has to be removed at its end. A run that is dropped has none.
///         d.run.and_then(|run| self.0.lock().unwrap().remove(&run));
///     }
/// }
///
/// let failures = Failures::default();
/// let policy = Retry::expo().max_tries(3).clock(TestClock::new()).observe(&failures);
/// for _ in 0..2 {
///     policy.run(|| Err::<(), _>("busy")).unwrap_err();
/// }
/// assert!(failures.0.into_inner().unwrap().into_values().eq([2, 2]));
/// ```
///
/// Identities count up from 1, in the order in which runs first notify an observer. They repeat after `usize::MAX`
/// runs, four billion on a 32-bit target. `Display` writes the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(NonZeroUsize);

impl RunId {
    #[cfg(target_has_atomic = "ptr")]
    #[expect(clippy::unnecessary_wraps, reason = "other targets have none")]
    pub(crate) fn next() -> Option<Self> {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        // Relaxed, since only the number is shared.
        let before = RUNS.fetch_add(1, Ordering::Relaxed);
        Some(Self(NonZeroUsize::MIN.saturating_add(before)))
    }

    #[cfg(not(target_has_atomic = "ptr"))]
    pub(crate) fn next() -> Option<Self> {
        None
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0.get()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
