//! Who is told? Observers of any type.

use crate::observe::Observed;
use crate::policy::Retry;

/// # Who is told: observers of any type
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Tells this observer of every event, after those that were registered before it.
    ///
    /// By value or by reference: see [`Observe`](crate::Observe).
    pub fn observe<O>(self, observer: O) -> Retry<S, C, Observed<H, O>, Z> {
        self.map_observer(|previous| Observed { previous, observer })
    }
}
