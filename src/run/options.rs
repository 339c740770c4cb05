//! Run options, which wrap a policy and change what its runs show, take or return. They combine.

use core::future::Future;
use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock};
use crate::observe::chain::NotifyBlocking;
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::blocking::drive;
use crate::run::future::Retrying;
use crate::run::operation::{
    Attempt, Call, CallAttempt, CallWith, Hidden, Operation, Shown, Visibility,
};
use crate::run::returns::{AsIs, Return};
use crate::run::timeout::{AttemptTimeout, Bound, Convert, Unbounded};

/// # Run options: shown arguments
///
/// Run options change what the runs of a policy show, limit or return. They borrow the policy, combine in any order,
/// and end in one of the forms of `run` and `run_async`.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Shows the arguments to handlers and observers, as [`Details::args`](crate::Details::args).
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut seen = String::new();
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    /// policy
    ///     .on_backoff(|d| seen = format!("{:?}", d.args().unwrap()))
    ///     .show_args()
    ///     .run_with(("user", 7), |_| Err::<(), _>("down"))
    ///     .unwrap_err();
    /// assert_eq!(seen, r#"("user", 7)"#);
    /// ```
    ///
    /// Without it, arguments are not shown, since they may hold secrets and need not be `Debug`.
    pub const fn show_args(&self) -> Runner<&Self, Shown> {
        Runner { policy: self, visibility: Shown, bound: Unbounded, returns: AsIs }
    }

    /// The policy without run options.
    pub(crate) const fn runner(&self) -> Runner<&Self> {
        Runner { policy: self, visibility: Hidden, bound: Unbounded, returns: AsIs }
    }
}

/// A policy with run options: [`show_args`](Retry::show_args),
#[cfg_attr(feature = "explain", doc = "[`explain`](Retry::explain),")]
#[cfg_attr(not(feature = "explain"), doc = "`explain`,")]
/// [`attempt_timeout`](Retry::attempt_timeout).
///
/// ```
/// # #[cfg(feature = "explain")] {
/// use relent::{Retry, TestClock};
///
/// let policy = Retry::expo().max_tries(2).clock(TestClock::new());
/// let run = policy.show_args().explain().run_with("url", |_| Err::<(), _>("down"));
/// assert_eq!(run.unwrap_err().tries(), 2);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a policy does nothing until it is run: `.run(..)` or `.run_async(..)`"]
pub struct Runner<P, V = Hidden, B = Unbounded, X = AsIs> {
    policy: P,
    visibility: V,
    bound: B,
    returns: X,
}

impl<P, V, B, X> Runner<P, V, B, X> {
    /// Same as [`Retry::show_args`].
    pub fn show_args(self) -> Runner<P, Shown, B, X> {
        let Self { policy, bound, returns, .. } = self;
        Runner { policy, visibility: Shown, bound, returns }
    }

    pub(crate) fn with_bound<D>(self, change: impl FnOnce(B) -> D) -> Runner<P, V, D, X> {
        let Self { policy, visibility, bound, returns } = self;
        Runner { policy, visibility, bound: change(bound), returns }
    }

    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "only `explain` has another"))]
    pub(crate) fn with_returns<Y>(self, returns: Y) -> Runner<P, V, B, Y> {
        let Self { policy, visibility, bound, .. } = self;
        Runner { policy, visibility, bound, returns }
    }
}

/// # Run options: a timeout for each attempt
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Ends each attempt that takes longer than `most`, and treats it as failed, so that an attempt that hangs is
    /// retried. For async runs only.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::cell::Cell;
    /// use std::future::pending;
    /// use std::io;
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let calls = Cell::new(0);
    /// let outcome: io::Result<&str> = Retry::expo()
    ///     .attempt_timeout(Duration::from_secs(5))
    ///     .run_async(async || {
    ///         calls.set(calls.get() + 1);
    ///         if calls.get() < 3 { pending().await } else { Ok("body") }
    ///     })
    ///     .await;
    /// assert_eq!((outcome.unwrap(), calls.get()), ("body", 3));
    /// # }
    /// ```
    ///
    /// The operation's error type must implement `From<`[`TimedOut`](crate::TimedOut)`>`, as [`std::io::Error`],
    /// `Box<dyn Error>` and `anyhow::Error` do. A [`retry_if`](Self::retry_if) has to accept that error for the attempt
    /// to be retried.
    ///
    /// The operation's future is dropped when its time is over. Work that it has requested from others, such as a
    /// server, may still be done. The timer is that of the policy's clock.
    ///
    /// A blocking call cannot be interrupted. [`run_attempt`](Self::run_attempt) passes it the time that is left.
    ///
    /// The final attempt at the deadline of [`max_time`](Self::max_time) gets its whole timeout too, so that a run takes
    /// at most the sum of both. [`interrupt_at_deadline`](Runner::interrupt_at_deadline) changes that.
    #[doc(alias = "timeout")]
    pub fn attempt_timeout(&self, most: Duration) -> Runner<&Self, Hidden, AttemptTimeout> {
        self.runner().attempt_timeout(most)
    }
}

impl<P, V, X> Runner<P, V, Unbounded, X> {
    /// Same as [`Retry::attempt_timeout`].
    pub fn attempt_timeout(self, most: Duration) -> Runner<P, V, AttemptTimeout, X> {
        self.with_bound(|_| AttemptTimeout { most, at_deadline: false, error: Convert })
    }
}

impl<P, V, X> Runner<P, V, AttemptTimeout, X> {
    /// Ends attempts at the deadline of [`max_time`](Retry::max_time) too, so that no attempt outlives it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::future::pending;
    /// use std::io;
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry};
    /// use tokio::time::Instant;
    ///
    /// let policy = Retry::expo().max_time(Duration::from_secs(10)).jitter(Jitter::None);
    /// let timed = policy.attempt_timeout(Duration::from_secs(8));
    ///
    /// let began = Instant::now();
    /// timed.interrupt_at_deadline().run_async(pending::<io::Result<()>>).await.unwrap_err();
    /// assert_eq!(began.elapsed(), Duration::from_secs(10)); // 8, a wait of 1, and what was left
    ///
    /// let began = Instant::now();
    /// timed.run_async(pending::<io::Result<()>>).await.unwrap_err();
    /// assert_eq!(began.elapsed(), Duration::from_secs(17)); // 8, a wait of 1, and 8 once more
    /// # }
    /// ```
    ///
    /// No final attempt is made at the deadline, since no time would remain; a wait that would reach it is skipped.
    /// Without `max_time` it changes nothing.
    pub fn interrupt_at_deadline(self) -> Self {
        self.with_bound(|bound| AttemptTimeout { at_deadline: true, ..bound })
    }
}

/// # Run
///
/// Not with [`attempt_timeout`](Retry::attempt_timeout), since a blocking call cannot be interrupted.
impl<P: Policy, V, X> Runner<P, V, Unbounded, X> {
    /// Same as [`Retry::run`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run`].
    pub fn run<T, E, F>(&self, operation: F) -> X::Output
    where
        F: FnMut() -> Result<T, E>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    {
        drive(&self.policy, Call(operation), self.returns)
    }

    /// Same as [`Retry::run_with`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run`].
    pub fn run_with<A, T, E, F>(&self, args: A, operation: F) -> X::Output
    where
        A: Clone,
        V: Visibility<A> + Copy,
        F: FnMut(A) -> Result<T, E>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    {
        let operation = CallWith::new(args, operation, self.visibility);
        drive(&self.policy, operation, self.returns)
    }

    /// Same as [`Retry::run_attempt`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run`].
    pub fn run_attempt<T, E, F>(&self, operation: F) -> X::Output
    where
        F: FnMut(Attempt) -> Result<T, E>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    {
        drive(&self.policy, CallAttempt(operation), self.returns)
    }
}

/// The operation of a future, within its timeout.
type Bounded<B, O> = <B as Bound>::Operation<O>;

/// # Run async
///
/// The futures borrow the policy if these options do.
#[expect(clippy::type_complexity, reason = "each parameter is one of the policy's or the call's")]
impl<P: Policy, V, B: Bound, X> Runner<P, V, B, X> {
    /// Same as [`Retry::run_async`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run_async`].
    pub fn run_async<T, E, F, Fut>(self, operation: F) -> Retrying<P, Bounded<B, Call<F>>, X>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        B::Operation<Call<F>>: Operation<P::Clock, Output: Future<Output = Result<T, E>>>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Clock: AsyncClock>,
    {
        Retrying::new(self.policy, self.bound.bind(Call(operation)), self.returns)
    }

    /// Same as [`Retry::run_with_async`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run_async`].
    pub fn run_with_async<A, T, E, F, Fut>(
        self,
        args: A,
        operation: F,
    ) -> Retrying<P, Bounded<B, CallWith<A, F, Fut, V>>, X>
    where
        V: Visibility<A> + Copy,
        A: Clone,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        B::Operation<CallWith<A, F, Fut, V>>:
            Operation<P::Clock, Output: Future<Output = Result<T, E>>>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Clock: AsyncClock>,
    {
        Retrying::new(
            self.policy,
            self.bound.bind(CallWith::new(args, operation, self.visibility)),
            self.returns,
        )
    }

    /// Same as [`Retry::run_attempt_async`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run_async`].
    pub fn run_attempt_async<T, E, F, Fut>(
        self,
        operation: F,
    ) -> Retrying<P, Bounded<B, CallAttempt<F>>, X>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        B::Operation<CallAttempt<F>>: Operation<P::Clock, Output: Future<Output = Result<T, E>>>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Clock: AsyncClock>,
    {
        Retrying::new(self.policy, self.bound.bind(CallAttempt(operation)), self.returns)
    }
}
