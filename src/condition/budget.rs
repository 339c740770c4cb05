//! How many retries a program may afford, over all its runs: a link of the condition chain.

use core::fmt;
use core::ops::Deref;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use crate::condition::{Condition, Verdict};
use crate::event::{Details, EventKind, StopReason};

/// An account of retries, shared by all the runs that burden the same thing: where retries do not
/// help, they cease.
///
/// ```
/// use relent::{Budget, StopReason, Retry, TestClock};
///
/// static PAYMENTS: Budget = Budget::new().capacity(20).cost(5);
///
/// let mut reasons = Vec::new();
/// let policy = Retry::expo().max_tries(4).budget(&PAYMENTS).clock(TestClock::new());
/// let policy = policy.on_giveup(|d| reasons.push((d.tries, d.reason)));
/// policy.run(|| Err::<(), _>("down")).unwrap_err(); // three retries cost 15
/// policy.run(|| Err::<(), _>("down")).unwrap_err(); // and one more all the rest
/// drop(policy);
/// assert_eq!(reasons, [(4, Some(StopReason::MaxTries)), (2, Some(StopReason::Budget))]);
/// assert_eq!(PAYMENTS.available(), 0);
/// ```
///
/// Waits and jitter spread a load, and do not lessen it: with enough clients that try again, a
/// server that was overloaded once may never recover
/// ([a simulation](crate::guide::dangers#retries-keep-a-server-down)). A budget bounds how much
/// retries add. One `static` for each thing that can be down is the usual way; runs share it by
/// reference or in an `Arc`.
///
/// A retry takes its [`cost`](Self::cost) from the account. A run that succeeds after retries puts
/// back the cost of the last one, and one that succeeds at once puts in 1, never above the
/// [`capacity`](Self::capacity). Where the account does not hold the cost, the run gives up with
/// [`StopReason::Budget`]. The defaults, 500 and 5, are those of the standard mode of the large cloud
/// SDKs. The account does not fill with time: only successes show that it may. A capacity below the
/// cost allows no retry at all. A retry whose wait is cut short has been paid for.
#[derive(Debug)]
pub struct Budget {
    available: AtomicU32,
    capacity: u32,
    cost: u32,
}

impl Budget {
    /// A full account of 500, from which a retry takes 5.
    #[must_use]
    pub const fn new() -> Self {
        Self { available: AtomicU32::new(500), capacity: 500, cost: 5 }
    }

    /// The most that it holds, and what it holds at first.
    #[must_use]
    pub const fn capacity(self, capacity: u32) -> Self {
        Self { available: AtomicU32::new(capacity), capacity, cost: self.cost }
    }

    /// What a retry takes. A cost of zero is no limit.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// What it holds now: for a gauge, so that an account that is empty does not go unnoticed.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.available.load(Ordering::Relaxed)
    }

    /// Takes the cost of a retry, if the account holds it.
    fn take(&self) -> Result<(), StopReason> {
        self.update(|available| available.checked_sub(self.cost))
            .then_some(())
            .ok_or(StopReason::Budget)
    }

    fn put(&self, amount: u32) {
        self.update(|available| Some(available.saturating_add(amount).min(self.capacity)));
    }

    /// Each update is one atomic step, and nothing else is ordered by it.
    fn update(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        self.available.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

/// [`Budget::new`].
impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

/// Retries what the account allows: see [`Retry::budget`](crate::Retry::budget).
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

    fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
        if details.event == EventKind::Success {
            self.budget.put(if details.tries > 1 { self.budget.cost } else { 1 });
            return self.previous.commit(details);
        }
        self.budget.take()?;
        // What another account refuses is paid from none.
        self.previous.commit(details).inspect_err(|_| self.budget.put(self.budget.cost))
    }
}

impl<C: fmt::Debug, B: Deref<Target = Budget>> fmt::Debug for Budgeted<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budgeted").field(&self.previous).field(&*self.budget).finish()
    }
}
