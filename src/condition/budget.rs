//! Retry budgets: a limit on the retries of all runs together, as a condition.

use core::fmt;
use core::ops::Deref;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use crate::condition::{Condition, Verdict};
use crate::event::{Details, EventKind, RetryKind, StopReason};

/// A retry budget, shared by all runs that call the same service: stops retrying while retries do not help.
///
/// ```
/// use relent::{Budget, Retry, StopReason, TestClock};
///
/// static PAYMENTS: Budget = Budget::new().capacity(20).cost(5);
///
/// let mut reasons = Vec::new();
/// let policy = Retry::expo().max_tries(4).budget(&PAYMENTS).clock(TestClock::new());
/// let policy = policy.on_giveup(|d| reasons.push((d.tries, d.reason)));
/// policy.run(|| Err::<(), _>("down")).unwrap_err(); // three retries cost 15 tokens
/// policy.run(|| Err::<(), _>("down")).unwrap_err(); // one more costs the last 5
/// drop(policy);
/// assert_eq!(reasons, [(4, Some(StopReason::MaxTries)), (2, Some(StopReason::Budget))]);
/// assert_eq!(PAYMENTS.available(), 0);
/// ```
///
/// Back-off and jitter spread the load of retries over time, but do not reduce it. With enough clients that retry, an
/// overloaded server may never recover ([a simulation](crate::guide::dangers#retries-keep-a-server-down)). A budget
/// bounds the load that retries add. Usually a program has one `static` budget for each service that can be down. Runs
/// share it by reference or in an `Arc`: see [`Retry::budget`](crate::Retry::budget).
///
/// A budget is a bucket of tokens, full at first:
///
/// - A retry takes its [`cost`](Self::cost). If there are fewer tokens left, the run gives up with
///   [`StopReason::Budget`].
/// - A run that succeeds after retries returns the cost of one retry. A run that succeeds at its first attempt adds 1
///   token. Neither exceeds the [`capacity`](Self::capacity).
/// - Time does not refill the bucket; only successes do.
/// - A retry whose wait is cancelled is not refunded.
///
/// The default capacity of 500 and cost of 5 are those of the standard mode of the large cloud SDKs. A capacity below
/// the cost allows no retries at all.
#[derive(Debug)]
pub struct Budget {
    available: AtomicU32,
    capacity: u32,
    cost: u32,
}

impl Budget {
    /// Creates a full budget of 500 tokens. A retry costs 5.
    #[must_use]
    pub const fn new() -> Self {
        Self { available: AtomicU32::new(500), capacity: 500, cost: 5 }
    }

    /// Sets the maximum number of tokens, and fills the budget to it. 500 by default.
    #[must_use]
    pub const fn capacity(self, capacity: u32) -> Self {
        Self { available: AtomicU32::new(capacity), capacity, cost: self.cost }
    }

    /// Sets the number of tokens that a retry takes. 5 by default. With a cost of zero there is no limit.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// Returns the current number of tokens: for example for a gauge that shows when the budget is exhausted.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.available.load(Ordering::Relaxed)
    }

    /// Takes the cost of one retry, or nothing if too few tokens are left.
    fn take(&self) -> Result<(), StopReason> {
        self.update(|available| available.checked_sub(self.cost))
            .then_some(())
            .ok_or(StopReason::Budget)
    }

    fn put(&self, amount: u32) {
        self.update(|available| Some(available.saturating_add(amount).min(self.capacity)));
    }

    fn update(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        // Relaxed, since no other memory depends on the number.
        self.available.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

/// Same as [`Budget::new`].
impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

/// Retries only while a [`Budget`] allows it: see [`Retry::budget`](crate::Retry::budget).
#[derive(Clone, Copy)]
pub struct Budgeted<C, B> {
    pub(crate) previous: C,
    pub(crate) budget: B,
}

impl<T, E, C, B> Condition<T, E> for Budgeted<C, B>
where
    C: Condition<T, E>,
    B: Deref<Target = Budget>,
{
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        self.previous.judge(details)
    }

    fn requested_wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        self.previous.requested_wait(details)
    }

    fn needs_elapsed(&self) -> bool {
        self.previous.needs_elapsed()
    }

    fn retry_kind(&self, details: &Details<'_, T, E>) -> RetryKind {
        self.previous.retry_kind(details)
    }

    fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
        if details.event == EventKind::Success {
            self.budget.put(if details.tries > 1 { self.budget.cost } else { 1 });
            return self.previous.commit(details);
        }
        self.budget.take()?;
        // If another budget refuses the retry, refund this one.
        self.previous.commit(details).inspect_err(|_| self.budget.put(self.budget.cost))
    }
}

impl<C: fmt::Debug, B: Deref<Target = Budget>> fmt::Debug for Budgeted<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budgeted").field(&self.previous).field(&*self.budget).finish()
    }
}
