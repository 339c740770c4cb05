//! Whether to retry?

#[cfg(target_has_atomic = "32")]
use core::ops::Deref;
use core::time::Duration;

#[cfg(target_has_atomic = "32")]
use crate::condition::budget::{Budget, Budgeted};
use crate::condition::filters::{RetryAfter, RetryAfterValue, RetryIf, Until};
use crate::policy::Retry;

/// # Whether to retry
///
/// What should be retried, and what never, is on the guide's page of
/// [dangers](crate::guide::dangers).
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Retries only the errors for which the function says so; any other ends the run at once.
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use relent::Retry;
    ///
    /// let mut calls = 0;
    /// let outcome: Result<(), Error> = Retry::expo()
    ///     .retry_if(|e: &Error| e.kind() == ErrorKind::TimedOut)
    ///     .run(|| {
    ///         calls += 1;
    ///         Err(ErrorKind::PermissionDenied.into())
    ///     });
    /// assert_eq!(outcome.unwrap_err().kind(), ErrorKind::PermissionDenied);
    /// assert_eq!(calls, 1);
    /// ```
    ///
    /// A run that ends so tells [`StopReason::NotRetryable`](crate::StopReason::NotRetryable). Said more
    /// than once, all the functions must agree. It is asked of every error, the last one
    /// included, before any limit is looked at. It is the `giveup` of Python's `backoff`, the other way
    /// round.
    ///
    /// A policy that is kept in a field names its type with a function pointer, best in an alias; one
    /// in a `static` has a `LazyLock` around it, since this is not `const`:
    ///
    /// ```
    /// # use relent::condition::{AnyError, RetryIf};
    /// # use relent::wait::Expo;
    /// # use relent::Retry;
    /// # struct ApiError;
    /// # impl ApiError { fn is_transient(&self) -> bool { true } }
    /// type ApiRetry = Retry<Expo, RetryIf<AnyError, fn(&ApiError) -> bool>>;
    ///
    /// struct Client {
    ///     retry: ApiRetry,
    /// }
    ///
    /// let retry = Retry::expo().retry_if(ApiError::is_transient as fn(&_) -> _).max_tries(5);
    /// let client = Client { retry };
    /// # assert!(client.retry.run(|| Ok::<_, ApiError>(())).is_ok());
    /// ```
    pub fn retry_if<E, F>(self, is_retryable: F) -> Retry<S, RetryIf<C, F>, H, Z>
    where
        F: Fn(&E) -> bool,
    {
        self.map_condition(|previous| RetryIf { previous, function: is_retryable })
    }

    /// Tries again also while the value is not the wanted one yet.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut progress = [10, 60, 100].into_iter();
    /// let done: Result<i32, &str> = Retry::expo()
    ///     .until(|percent: &i32| *percent == 100)
    ///     .clock(TestClock::new())
    ///     .run(|| progress.next().ok_or("no more"));
    /// assert_eq!(done, Ok(100));
    /// ```
    ///
    /// A run that gives up returns the last value as it is, in an `Ok`. Said more than once, all
    /// the functions must agree. Errors are retried as before. For an operation that cannot fail
    /// there is [`Retry::poll`]. It is the `on_predicate` of Python's
    /// `backoff`, the other way round.
    pub fn until<T, F>(self, is_wanted: F) -> Retry<S, Until<C, F>, H, Z>
    where
        F: Fn(&T) -> bool,
    {
        self.map_condition(|previous| Until { previous, function: is_wanted })
    }

    /// Waits as long as an error asks for, such as one that carries a server's `Retry-After`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// struct ApiError { retry_after: Option<Duration> }
    ///
    /// let clock = TestClock::new();
    /// let mut answers = [Some(30), Some(2)].into_iter();
    /// let outcome = Retry::expo()
    ///     .max_wait(Duration::from_secs(10))
    ///     .retry_after(|e: &ApiError| e.retry_after)
    ///     .clock(&clock)
    ///     .run(|| match answers.next() {
    ///         Some(seconds) => Err(ApiError { retry_after: seconds.map(Duration::from_secs) }),
    ///         None => Ok("body"),
    ///     });
    /// assert_eq!(outcome.ok(), Some("body"));
    /// assert_eq!(clock.waits(), [30, 2].map(Duration::from_secs));
    /// ```
    ///
    /// The wait replaces the strategy's. It is never jittered, capped or shortened: asking again too
    /// early is useless and rude. Where it does not fit into what is left of
    /// [`max_time`](Self::max_time), the run gives up at once. `None` leaves the wait to the
    /// strategy. It changes neither which errors are retried nor how often.
    pub fn retry_after<E, F>(self, requested_wait: F) -> Retry<S, RetryAfter<C, F>, H, Z>
    where
        F: Fn(&E) -> Option<Duration>,
    {
        self.map_condition(|previous| RetryAfter { previous, function: requested_wait })
    }

    /// Waits as long as a value asks for that [`until`](Self::until) did not want. See
    /// [`retry_after`](Self::retry_after).
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// struct Job { done: bool, ask_again_in: Duration }
    ///
    /// let clock = TestClock::new();
    /// let mut seconds = [20, 10, 0].into_iter();
    /// let job = Retry::expo()
    ///     .until(|job: &Job| job.done)
    ///     .retry_after_value(|job: &Job| Some(job.ask_again_in))
    ///     .clock(&clock)
    ///     .poll(|| {
    ///         let left = seconds.next().unwrap_or(0);
    ///         Job { done: left == 0, ask_again_in: Duration::from_secs(left) }
    ///     });
    /// assert!(job.done);
    /// assert_eq!(clock.waits(), [20, 10].map(Duration::from_secs));
    /// ```
    pub fn retry_after_value<T, F>(self, requested_wait: F) -> Retry<S, RetryAfterValue<C, F>, H, Z>
    where
        F: Fn(&T) -> Option<Duration>,
    {
        self.map_condition(|previous| RetryAfterValue { previous, function: requested_wait })
    }

    /// Asks a condition of your own instead of all that was said before, a
    /// [`budget`](Self::budget) included: see [`Condition`](crate::Condition).
    pub fn condition<D>(self, condition: D) -> Retry<S, D, H, Z> {
        self.map_condition(|_| condition)
    }
}

/// # Whether to retry: a budget
#[cfg(target_has_atomic = "32")]
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Retries only while this account holds the cost of a retry: see [`Budget`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use relent::{Budget, Retry, TestClock};
    ///
    /// let budget = Arc::new(Budget::new());
    /// let policy = Retry::expo().budget(Arc::clone(&budget)).max_tries(3).clock(TestClock::new());
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(budget.available(), 490);
    /// ```
    ///
    /// A `&'static Budget`, any other reference, an `Arc`. It is asked last, and only for a retry
    /// that no limit forbids. Said more than once, each account must hold its cost.
    pub fn budget<B: Deref<Target = Budget>>(self, budget: B) -> Retry<S, Budgeted<C, B>, H, Z> {
        self.map_condition(|previous| Budgeted { previous, budget })
    }
}
