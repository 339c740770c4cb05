//! `RunId`: which run an event belongs to.

use core::fmt;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The identity of a run: two runs of one process that overlap have different ones.
///
/// An observer that is shared between runs uses it to keep them apart:
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
/// Identities are numbers that are counted up from 1 as runs notify their first observer. After `usize::MAX` runs
/// they repeat, which a 32-bit process may live to see. `Display` writes the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(NonZeroUsize);

impl RunId {
    pub(crate) fn next() -> Self {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        // Relaxed, since nothing but the number is shared.
        let before = RUNS.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroUsize::MIN.saturating_add(before))
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
