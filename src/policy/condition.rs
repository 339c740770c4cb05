//! Setters of conditions: which outcomes to retry, and when.

#[cfg(target_has_atomic = "32")]
use core::ops::Deref;
use core::time::Duration;

#[cfg(target_has_atomic = "32")]
use crate::condition::budget::{Budget, Budgeted};
use crate::condition::filters::{RetryAfter, RetryAfterValue, RetryIf, Until};
#[cfg(feature = "std")]
use crate::condition::filters::{RetryIfShared, SharedPredicate};
use crate::condition::{AnyError, ReplaceCondition};
use crate::policy::Retry;

/// # Conditions
///
/// For what to retry, and what never to retry, see the guide's page on [dangers](crate::guide::dangers).
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Retries only errors for which the function returns `true`; any other error ends the run at once.
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
    /// Such a run gives up with [`StopReason::NotRetryable`](crate::StopReason::NotRetryable). The function is called
    /// with every error, the last one included, before any limit is checked. If configured more than once, all
    /// functions must return `true`.
    ///
    /// To name the policy's type for a struct field, use a function pointer, best in a type alias:
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
    ///
    /// A closure that captures variables cannot become a function pointer. To keep its policy in a field, use
    /// [`retry_if_shared`](Self::retry_if_shared), which takes the predicate in an `Arc`, or [`boxed`](Self::boxed),
    /// which names any policy's type. Or make the struct generic, with the bound
    /// [`RunBlocking`](crate::run::RunBlocking) or [`RunAsync`](crate::run::RunAsync). To add a condition for a single
    /// call, borrow the policy with [`by_ref`](Self::by_ref).
    ///
    /// This method is not `const`. In a `static`, wrap the policy in a `LazyLock`.
    ///
    /// Python's `backoff` has the inverse, `giveup`.
    #[doc(alias("when", "permanent"))]
    pub fn retry_if<E, F>(self, is_retryable: F) -> Retry<S, RetryIf<C, F>, H, Z>
    where
        F: Fn(&E) -> bool,
    {
        self.map_condition(|previous| RetryIf { previous, function: is_retryable })
    }

    /// Same as [`retry_if`](Self::retry_if), for a predicate that captures variables: you can name the policy's type in
    /// a field.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use relent::Retry;
    /// use relent::condition::{AnyError, RetryIfShared, SharedPredicate};
    /// use relent::wait::Expo;
    ///
    /// struct Client {
    ///     retry: Retry<Expo, RetryIfShared<AnyError, u16>>,
    /// }
    ///
    /// let retryable = vec![429, 503]; // from a configuration
    /// let predicate: SharedPredicate<u16> = Arc::new(move |status| retryable.contains(status));
    /// let client = Client { retry: Retry::expo().retry_if_shared(predicate) };
    /// assert_eq!(client.retry.run(|| Err::<(), _>(404)), Err(404));
    /// ```
    ///
    /// The policy stays `Clone`. If you cannot name the type of another part of the policy, see [`boxed`](Self::boxed).
    #[cfg(feature = "std")]
    pub fn retry_if_shared<E>(
        self,
        predicate: SharedPredicate<E>,
    ) -> Retry<S, RetryIfShared<C, E>, H, Z> {
        self.map_condition(|previous| RetryIfShared { previous, predicate })
    }

    /// Retries values too, until the function returns `true` for one.
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
    /// A run that gives up returns the last value unchanged, in an `Ok`. Errors are still retried. If configured more
    /// than once, all functions must return `true`. For an operation that cannot fail, use [`poll`](Self::poll).
    ///
    /// Python's `backoff` has the inverse, `on_predicate`.
    pub fn until<T, F>(self, is_wanted: F) -> Retry<S, Until<C, F>, H, Z>
    where
        F: Fn(&T) -> bool,
    {
        self.map_condition(|previous| Until { previous, function: is_wanted })
    }

    /// Waits at least as long as an error requests, for example with a server's `Retry-After`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// struct ApiError { retry_after: Option<Duration> }
    ///
    /// let clock = TestClock::new();
    /// let mut answers = [Some(30), Some(2)].into_iter();
    /// let outcome = Retry::constant(Duration::from_secs(5))
    ///     .jitter(Jitter::None)
    ///     .retry_after(|e: &ApiError| e.retry_after)
    ///     .clock(&clock)
    ///     .run(|| match answers.next() {
    ///         Some(seconds) => Err(ApiError { retry_after: seconds.map(Duration::from_secs) }),
    ///         None => Ok("body"),
    ///     });
    /// assert_eq!(outcome.ok(), Some("body"));
    /// assert_eq!(clock.waits(), [30, 5].map(Duration::from_secs));
    /// ```
    ///
    /// The requested wait is a minimum: no retry comes earlier, and the policy's own wait applies if it is longer. A
    /// wait of zero is the same as `None`. If a server always requests one second, the waits still grow.
    ///
    /// [Jitter](crate::Jitter) applies above the minimum, so that clients with the same requested wait do not return
    /// together. The window of the policy's wait moves up and keeps its width, or becomes as wide as the requested wait
    /// if that is less. With exponential waits and full jitter, a request for 30 s gives 30 s to 31 s after the first
    /// attempt, and 30 s to 46 s after the fifth. [`max_wait`](Self::max_wait) does not apply to the requested wait.
    ///
    /// The run gives up at once if the requested wait does not fit into what is left of [`max_time`](Self::max_time),
    /// except with [`last_wait_may_overrun`](Self::last_wait_may_overrun). It also gives up if that wait exceeds
    /// [`max_asked_wait`](Self::max_asked_wait), by default one hour. To wait less than the server requests, shorten
    /// the wait here: `|e| e.retry_after.map(|wait| wait.min(MINUTE))`.
    ///
    /// If configured more than once, the longest requested wait applies. This changes neither which errors are retried
    /// nor how often.
    #[doc(alias = "retry-after")]
    pub fn retry_after<E, F>(self, requested_wait: F) -> Retry<S, RetryAfter<C, F>, H, Z>
    where
        F: Fn(&E) -> Option<Duration>,
    {
        self.map_condition(|previous| RetryAfter { previous, function: requested_wait })
    }

    /// Same as [`retry_after`](Self::retry_after), for values that [`until`](Self::until) did not accept.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// struct Job { done: bool, ask_again_in: Duration }
    ///
    /// let clock = TestClock::new();
    /// let mut seconds = [20, 10, 0].into_iter();
    /// let job = Retry::constant(Duration::from_secs(5))
    ///     .jitter(Jitter::None)
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
    ///
    /// Everything else is the same as with [`retry_after`](Self::retry_after).
    pub fn retry_after_value<T, F>(self, requested_wait: F) -> Retry<S, RetryAfterValue<C, F>, H, Z>
    where
        F: Fn(&T) -> Option<Duration>,
    {
        self.map_condition(|previous| RetryAfterValue { previous, function: requested_wait })
    }

    /// Sets your own condition, instead of the default that retries every error.
    ///
    /// ```
    /// use relent::{Budget, Condition, Details, Retry, Verdict};
    ///
    /// #[derive(Debug)]
    /// struct Never;
    ///
    /// impl<T, E> Condition<T, E> for Never {
    ///     fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
    ///         if details.error().is_some() { Verdict::Stop } else { Verdict::Accept }
    ///     }
    /// }
    ///
    /// let budget = Budget::new();
    /// let policy = Retry::expo().budget(&budget).condition(Never);
    /// assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
    /// assert!(format!("{policy:?}").contains("Budgeted(Never, Budget"));
    /// ```
    ///
    /// [`retry_if`](Self::retry_if), [`until`](Self::until), [`retry_after`](Self::retry_after) and
    /// [`budget`](Self::budget) refine this condition, whether you call them before or after this method. You can set a
    /// condition once: the compiler refuses to replace one that is not the default. To replace all of them, call
    /// [`without_conditions`](Self::without_conditions) first. See [`Condition`](crate::Condition).
    pub fn condition<D, O>(self, condition: D) -> Retry<S, O, H, Z>
    where
        C: ReplaceCondition<D, Output = O>,
    {
        self.map_condition(|previous| previous.replace_condition(condition))
    }

    /// Removes all conditions, budgets and requested waits, so that every error is retried again.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let policy = Retry::expo().max_tries(3).retry_if(|e: &&str| *e == "busy").clock(TestClock::new());
    /// let mut calls = 0;
    /// let mut call = || { calls += 1; Err::<(), _>("down") };
    /// policy.run(&mut call).unwrap_err();
    /// policy.without_conditions().run(&mut call).unwrap_err();
    /// assert_eq!(calls, 1 + 3);
    /// ```
    pub fn without_conditions(self) -> Retry<S, AnyError, H, Z> {
        self.map_condition(|_| AnyError)
    }
}

/// # Budget
#[cfg(target_has_atomic = "32")]
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Retries only while this budget holds the cost of a retry.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use relent::{Budget, Retry, TestClock};
    ///
    /// let budget = Arc::new(Budget::new());
    /// let policy = Retry::expo().budget(Arc::clone(&budget)).max_tries(3).clock(TestClock::new());
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(budget.available(), 472);
    /// ```
    ///
    /// Takes a `&'static Budget`, any other reference, or an `Arc`. The budget is consulted last, and only for a
    /// retry that no limit forbids. If configured more than once, each budget must hold its cost. See [`Budget`].
    pub fn budget<B: Deref<Target = Budget>>(self, budget: B) -> Retry<S, Budgeted<C, B>, H, Z> {
        self.map_condition(|previous| Budgeted { previous, budget })
    }
}
