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
/// - A retry takes the cost of its [kind](RetryKind): 14 if it follows a [transient](RetryKind::Transient) failure, 5
///   if the server [throttles](RetryKind::Throttled). A [poll](RetryKind::Poll) is free. If there are fewer tokens left,
///   the run gives up with [`StopReason::Budget`].
/// - The end of a run may return tokens, up to the [`capacity`](Self::capacity).
/// - Time does not refill the bucket; only the ends of runs do.
///
/// | how a run ends | tokens returned |
/// |---|---|
/// | accepted, and the last retry was free or there was none | 1 |
/// | accepted after a retry that had a cost | the cost of the last retry |
/// | [not retryable](StopReason::NotRetryable) after a retry that had a cost | the cost of the last retry: the server answered |
/// | [cancelled](crate::Cancel) in the wait | the cost of the retry, which is not made |
/// | a handler or observer panics on the back-off | the cost of the retry, which is not made |
/// | dropped while it waits or while an attempt is made | none |
/// | a panic in an attempt | none |
/// | ended by a limit, also if a wait ends too late, or cancelled after an attempt | none |
/// | refused by this budget or by another one | none, and the refused retry takes none from either |
///
/// The cost of a dropped run is not returned: otherwise a timeout around each run would make retries free during an
/// outage.
///
/// Two cases follow from these rules:
///
/// - If the future of [`after`](crate::run::AttemptsAsync::after) is dropped in its wait, only the rest of the wait is
///   lost. The run goes on, and its next attempt is paid for.
/// - If code catches a panic of a handler or observer on the back-off, and then makes the next attempt of the same
///   [`Attempts`](crate::run::Attempts), that attempt is free.
///
/// A panic in the destructor of an async handler's future returns nothing.
///
/// Together, all runs that share a budget make at most `capacity / cost` retries in an outage, however many clients
/// there are. At any time, the cost of all retries so far and the available tokens together are at most the capacity and
/// what was returned.
///
/// The defaults (capacity 500, costs 14 and 5, 1 for a success without a retry) are those of the standard mode of the
/// large cloud SDKs. A capacity below the cost allows no retries at all.
#[derive(Debug)]
pub struct Budget {
    name: Option<&'static str>,
    available: AtomicU32,
    capacity: u32,
    transient_cost: u32,
    throttled_cost: u32,
    poll_cost: u32,
}

impl Budget {
    /// Creates a full budget of 500 tokens. A retry costs 14, or 5 if it is throttled; a poll is free.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            name: None,
            available: AtomicU32::new(500),
            capacity: 500,
            transient_cost: 14,
            throttled_cost: 5,
            poll_cost: 0,
        }
    }

    /// Sets the name of the budget, for example for the label of a gauge. Name it after the service that it protects.
    ///
    /// ```
    /// use relent::Budget;
    ///
    /// static PAYMENTS: Budget = Budget::new().named("payments");
    /// assert_eq!(PAYMENTS.get_name(), Some("payments"));
    /// ```
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the maximum number of tokens, and fills the budget to it. 500 by default.
    #[must_use]
    pub const fn capacity(mut self, capacity: u32) -> Self {
        self.available = AtomicU32::new(capacity);
        self.capacity = capacity;
        self
    }

    /// Sets the number of tokens that the retry of a failure takes, throttled or not. With a cost of zero there is no
    /// limit.
    ///
    /// ```
    /// use relent::Budget;
    ///
    /// static PAYMENTS: Budget = Budget::new().cost(20).throttled_cost(10);
    /// assert_eq!(PAYMENTS.available(), 500); // 25 retries, or 50 that are throttled
    /// ```
    ///
    /// By default 14, and 5 if throttled. To set both, call [`throttled_cost`](Self::throttled_cost) afterwards.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.transient_cost = cost;
        self.throttled_cost = cost;
        self
    }

    /// Sets the number of tokens that a [throttled](RetryKind::Throttled) retry takes. 5 by default.
    ///
    /// A later [`cost`](Self::cost) replaces it. A condition of your own decides which retries are throttled: see
    /// [`Condition::retry_kind`].
    #[must_use]
    pub const fn throttled_cost(mut self, cost: u32) -> Self {
        self.throttled_cost = cost;
        self
    }

    /// Sets the number of tokens that a [poll](RetryKind::Poll) takes. Polls are free by default.
    ///
    /// ```
    /// use relent::{Budget, Retry, TestClock};
    ///
    /// let budget = Budget::new().capacity(20).poll_cost(5);
    /// let policy = Retry::expo().until(|done: &bool| *done).budget(&budget).clock(TestClock::new());
    /// policy.run(|| Ok::<_, ()>(false)).unwrap();
    /// assert_eq!(budget.available(), 0); // after four polls
    /// ```
    ///
    /// A poll repeats an operation whose value [`Retry::until`](crate::Retry::until) did not accept.
    #[must_use]
    pub const fn poll_cost(mut self, cost: u32) -> Self {
        self.poll_cost = cost;
        self
    }

    /// Returns the name of the budget, if it has one.
    #[must_use]
    pub const fn get_name(&self) -> Option<&'static str> {
        self.name
    }

    /// Returns the maximum number of tokens.
    #[must_use]
    pub const fn get_capacity(&self) -> u32 {
        self.capacity
    }

    /// Returns the current number of tokens: for example for a gauge that shows when the budget is exhausted.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.available.load(Ordering::Relaxed)
    }

    /// The cost of a retry, zero for none.
    fn cost_of(&self, retry: Option<RetryKind>) -> u32 {
        match retry {
            None => 0,
            Some(RetryKind::Poll) => self.poll_cost,
            Some(RetryKind::Transient) => self.transient_cost,
            Some(RetryKind::Throttled) => self.throttled_cost,
        }
    }

    /// Takes the cost of one retry, or nothing if too few tokens are left.
    fn take(&self, cost: u32) -> Result<(), StopReason> {
        self.update(|available| available.checked_sub(cost)).then_some(()).ok_or(StopReason::Budget)
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

    fn accepts_values(&self) -> bool {
        self.previous.accepts_values()
    }

    fn retry_kind(&self, details: &Details<'_, T, E>) -> RetryKind {
        self.previous.retry_kind(details)
    }

    fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
        let cost = self.budget.cost_of(details.retry);
        if details.event == EventKind::Success {
            self.budget.put(cost.max(1));
            return self.previous.commit(details);
        }
        self.budget.take(cost)?;
        // If another budget refuses the retry, refund this one.
        self.previous.commit(details).inspect_err(|_| self.budget.put(cost))
    }

    fn refund(&self, details: &Details<'_, T, E>) {
        self.budget.put(self.budget.cost_of(details.retry));
        self.previous.refund(details);
    }
}

impl<C: fmt::Debug, B: Deref<Target = Budget>> fmt::Debug for Budgeted<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budgeted").field(&self.previous).field(&*self.budget).finish()
    }
}
