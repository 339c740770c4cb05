//! Run options, which wrap a policy and change what its runs show, limit or return. They can be combined.

use core::future::Future;
use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock};
use crate::observe::chain::NotifyBlocking;
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::blocking::drive;
use crate::run::bounds::{
    AttemptFn, NoticeIn, OutcomeIn, PendingIn, RunAsync, RunBlocking, RunLocal, TimerOf,
};
use crate::run::future::Retrying;
use crate::run::operation::{
    Attempt, Call, CallAttempt, CallWith, Hidden, Operation, Shown, Visibility,
};
use crate::run::returns::{AsIs, Return};
use crate::run::timeout::{
    AttemptTimeout, Bound, BoundBlocking, By, MakeError, OrAtDeadline, TimedOut, Unbounded,
    Unlimited,
};
#[cfg(feature = "tracing")]
use crate::run::traced::Traced;
use crate::testing::scope::Sleeping;

/// # Run options: shown arguments
///
/// Run options change what the runs of a policy show, limit or return. They come after all settings, since they return a
/// [`Runner`], which has no settings. Combine them in any order, with one exception: `interrupt_at_deadline` comes after
/// `attempt_timeout`. End with a form of `run` or `run_async`. These methods borrow
/// the policy; their `into_` forms own it, for a `static`, a field or a spawned task. For a policy in an `Arc` or a
/// `Box`, use [`Runner::new`].
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
    /// Arguments are not shown by default, since they may hold secrets and may lack `Debug`.
    pub const fn show_args(&self) -> Runner<&Self, Shown> {
        Runner { policy: self, visibility: Shown, bound: Unbounded, returns: AsIs }
    }

    /// Same as [`show_args`](Self::show_args), but owns the policy.
    pub const fn into_show_args(self) -> Runner<Self, Shown> {
        Runner { policy: self, visibility: Shown, bound: Unbounded, returns: AsIs }
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
///
/// `P` is `&Retry`, `Retry`, or an `Arc` or `Box` of one. You can keep a runner that owns its policy:
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::io;
/// use std::sync::Arc;
/// use std::time::Duration;
/// use relent::Retry;
/// use relent::run::{AttemptTimeout, Hidden, Runner};
///
/// static API: Runner<Retry, Hidden, AttemptTimeout> =
///     Retry::expo().max_tries(5).into_attempt_timeout(Duration::from_secs(5));
///
/// struct Client<P> {
///     retry: Runner<Arc<P>, Hidden, AttemptTimeout>,
/// }
///
/// let retry = Runner::new(Arc::new(Retry::fibo())).attempt_timeout(Duration::from_secs(1));
/// let client = Client { retry };
/// let first = tokio::spawn(API.run_async(async || Ok::<_, io::Error>(1)));
/// let second = tokio::spawn(client.retry.clone().run_async(async || Ok::<_, io::Error>(2)));
/// assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (1, 2));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a policy does nothing until it is run: `.run(..)` or `.run_async(..)`"]
pub struct Runner<P, V = Hidden, B = Unbounded, X = AsIs> {
    pub(crate) policy: P,
    pub(crate) visibility: V,
    pub(crate) bound: B,
    pub(crate) returns: X,
}

impl<P> Runner<P> {
    /// Creates a runner without options, from a policy, a reference, an `Arc` or a `Box`.
    pub const fn new(policy: P) -> Self {
        Self { policy, visibility: Hidden, bound: Unbounded, returns: AsIs }
    }
}

impl<P, V: Copy, B: Clone, X: Copy> Runner<P, V, B, X> {
    /// Borrows the policy, with the same options: to run an owned policy that is not `Copy`.
    pub fn by_ref(&self) -> Runner<&P, V, B, X> {
        let Self { policy, visibility, bound, returns } = self;
        Runner { policy, visibility: *visibility, bound: bound.clone(), returns: *returns }
    }
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
    /// Ends each attempt that takes longer than `most`, and treats it as failed, so that hanging attempts are retried.
    /// For async runs only.
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
    /// Set it after all settings of the policy.
    ///
    /// The operation's error type must implement `From<`[`TimedOut`](crate::TimedOut)`>`, as [`std::io::Error`],
    /// `Box<dyn Error>` and `anyhow::Error` do. An error that only wraps `io::Error` needs a conversion of its own, with
    /// `thiserror` by `#[from] TimedOut`, or [`attempt_timeout_with`](Self::attempt_timeout_with). If the policy has a [`retry_if`](Self::retry_if), it must accept this
    /// error for a retry.
    ///
    /// The operation's future is dropped at the timeout. A server may still complete the request. The timer is that of
    /// the policy's clock.
    ///
    /// A blocking call cannot be interrupted. [`run_attempt`](Self::run_attempt) passes the remaining time to it.
    ///
    /// The final attempt at the deadline of [`max_time`](Self::max_time) also gets its whole timeout, so a run takes at
    /// most the sum of both. [`interrupt_at_deadline`](Runner::interrupt_at_deadline) changes that.
    #[doc(alias = "timeout")]
    pub const fn attempt_timeout(&self, most: Duration) -> Runner<&Self, Hidden, AttemptTimeout> {
        let bound = AttemptTimeout::new(most);
        Runner { policy: self, visibility: Hidden, bound, returns: AsIs }
    }

    /// Same as [`attempt_timeout`](Self::attempt_timeout), but owns the policy: for a `static` or a field.
    pub const fn into_attempt_timeout(
        self,
        most: Duration,
    ) -> Runner<Self, Hidden, AttemptTimeout> {
        let bound = AttemptTimeout::new(most);
        Runner { policy: self, visibility: Hidden, bound, returns: AsIs }
    }

    /// Same as [`attempt_timeout`](Self::attempt_timeout), with an error made by a function. Use it for error types
    /// that do not implement `From<`[`TimedOut`](crate::TimedOut)`>` and that are not yours.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::future::pending;
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().max_tries(2);
    /// let timed = policy.attempt_timeout_with(Duration::from_secs(5), |timed_out| timed_out.to_string());
    /// let outcome = timed.run_async(pending::<Result<(), String>>).await;
    /// assert_eq!(outcome, Err("the attempt took longer than 5s".into()));
    /// # }
    /// ```
    pub const fn attempt_timeout_with<E, F>(
        &self,
        most: Duration,
        error: F,
    ) -> Runner<&Self, Hidden, AttemptTimeout<By<F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        let bound = AttemptTimeout::with(most, By(error));
        Runner { policy: self, visibility: Hidden, bound, returns: AsIs }
    }

    /// Same as [`attempt_timeout_with`](Self::attempt_timeout_with), but owns the policy: for a `static` or a
    /// field.
    pub const fn into_attempt_timeout_with<E, F>(
        self,
        most: Duration,
        error: F,
    ) -> Runner<Self, Hidden, AttemptTimeout<By<F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        let bound = AttemptTimeout::with(most, By(error));
        Runner { policy: self, visibility: Hidden, bound, returns: AsIs }
    }

    /// Ends an attempt at the deadline of [`max_time`](Self::max_time), with an error made by a function. This makes
    /// `max_time` a hard limit for the whole run. For async runs only.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::future::pending;
    /// use std::time::Duration;
    /// use relent::Retry;
    /// use tokio::time::Instant;
    ///
    /// let began = Instant::now();
    /// let policy = Retry::expo().max_time(Duration::from_secs(10));
    /// let limited = policy.interrupt_at_deadline(|_| "too slow");
    /// assert_eq!(limited.run_async(pending::<Result<(), _>>).await, Err("too slow"));
    /// assert_eq!(began.elapsed(), Duration::from_secs(10));
    /// # }
    /// ```
    ///
    /// The run then gives up with [`StopReason::MaxTime`](crate::StopReason::MaxTime), even if the error is not
    /// retryable. No attempt is made at the deadline, since no time would remain. A wait that would reach it is
    /// skipped, and the run returns its last outcome. Timers may be late, so a wait that ends within the clock's
    /// [`resolution`](crate::AsyncClock::resolution) of the deadline is also skipped. Without `max_time`, this option
    /// has no effect.
    ///
    /// The operation's future is dropped at the deadline, as with [`attempt_timeout`](Self::attempt_timeout).
    #[doc(alias("timeout", "deadline"))]
    pub const fn interrupt_at_deadline<E, F>(
        &self,
        error: F,
    ) -> Runner<&Self, Hidden, AttemptTimeout<By<F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        let bound = AttemptTimeout::until_deadline(By(error));
        Runner { policy: self, visibility: Hidden, bound, returns: AsIs }
    }

    /// Same as [`interrupt_at_deadline`](Self::interrupt_at_deadline), but owns the policy: for a `static` or a
    /// field.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    /// use relent::run::{AttemptTimeout, By, Hidden, Runner};
    /// use relent::{Retry, TimedOut};
    ///
    /// type MakeError = fn(TimedOut) -> io::Error;
    ///
    /// static API: Runner<Retry, Hidden, AttemptTimeout<By<MakeError>>> = Retry::expo()
    ///     .max_time(Duration::from_secs(10))
    ///     .into_interrupt_at_deadline(|timed_out| timed_out.into());
    /// ```
    pub const fn into_interrupt_at_deadline<E, F>(
        self,
        error: F,
    ) -> Runner<Self, Hidden, AttemptTimeout<By<F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        let bound = AttemptTimeout::until_deadline(By(error));
        Runner { policy: self, visibility: Hidden, bound, returns: AsIs }
    }
}

impl<P, V, B: Unlimited, X> Runner<P, V, B, X> {
    /// Same as [`Retry::attempt_timeout`].
    pub fn attempt_timeout(self, most: Duration) -> Runner<P, V, B::With<AttemptTimeout>, X> {
        self.with_bound(|bound| bound.with(AttemptTimeout::new(most)))
    }

    /// Same as [`Retry::attempt_timeout_with`].
    pub fn attempt_timeout_with<E, F>(
        self,
        most: Duration,
        error: F,
    ) -> Runner<P, V, B::With<AttemptTimeout<By<F>>>, X>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        self.with_bound(|bound| bound.with(AttemptTimeout::with(most, By(error))))
    }

    /// Same as [`Retry::interrupt_at_deadline`].
    pub fn interrupt_at_deadline<E, F>(
        self,
        error: F,
    ) -> Runner<P, V, B::With<AttemptTimeout<By<F>>>, X>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        self.with_bound(|bound| bound.with(AttemptTimeout::until_deadline(By(error))))
    }
}

impl<P, V, M, X> Runner<P, V, AttemptTimeout<M>, X> {
    /// Also ends attempts at the deadline of [`max_time`](Retry::max_time), so that no attempt outlives it: see
    /// [`Retry::interrupt_at_deadline`].
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
    /// timed.interrupt_at_deadline(io::Error::from).run_async(pending::<io::Result<()>>).await.unwrap_err();
    /// assert_eq!(began.elapsed(), Duration::from_secs(10)); // 8, a wait of 1, and what was left
    ///
    /// let began = Instant::now();
    /// timed.run_async(pending::<io::Result<()>>).await.unwrap_err();
    /// assert_eq!(began.elapsed(), Duration::from_secs(17)); // 8, a wait of 1, and 8 once more
    /// # }
    /// ```
    pub fn interrupt_at_deadline<E, F>(
        self,
        error: F,
    ) -> Runner<P, V, AttemptTimeout<OrAtDeadline<M, F>>, X>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        self.with_bound(|limit| limit.or_at_deadline(error))
    }
}

/// # Run
///
/// Not available with [`attempt_timeout`](Retry::attempt_timeout), since a blocking call cannot be interrupted.
impl<P: Policy, V, B: Clone, X> Runner<P, V, B, X> {
    /// Same as [`Retry::run`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run`].
    pub fn run<T, E, F>(&self, operation: F) -> X::Output
    where
        F: FnMut() -> Result<T, E>,
        B: BoundBlocking,
        B::Blocking<Call<F>>: Operation<P::Clock, Output = Result<T, E>>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    {
        drive(&self.policy, self.bound.clone().bind_blocking(Call(operation)), self.returns)
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
        B: BoundBlocking,
        B::Blocking<CallWith<A, F, Result<T, E>, V>>: Operation<P::Clock, Output = Result<T, E>>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    {
        let operation = CallWith::new(args, operation, self.visibility);
        drive(&self.policy, self.bound.clone().bind_blocking(operation), self.returns)
    }

    /// Same as [`Retry::run_attempt`].
    ///
    /// # Panics
    ///
    /// Same as [`Retry::run`].
    pub fn run_attempt<T, E, F>(&self, operation: F) -> X::Output
    where
        F: FnMut(Attempt) -> Result<T, E>,
        B: BoundBlocking,
        B::Blocking<CallAttempt<F>>: Operation<P::Clock, Output = Result<T, E>>,
        X: Return<Result<T, E>, Value = T, Error = E> + Copy,
        P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    {
        drive(&self.policy, self.bound.clone().bind_blocking(CallAttempt(operation)), self.returns)
    }
}

/// The operation of a future, within its timeout.
type Bounded<B, O> = <B as Bound>::Operation<O>;

/// # Run async
///
/// The futures contain the policy as the runner holds it. If the runner owns a policy that is not `Copy`, use
/// [`by_ref`](Self::by_ref).
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

/// # Bounds for any policy
///
/// A runner that returns a plain `Result` implements the same bounds as a policy. These methods do not show arguments,
/// even with [`show_args`](Self::show_args).
impl<T, E, P, V> RunBlocking<T, E> for Runner<P, V>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
{
    fn run<F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
    {
        drive(&self.policy, Call(operation), AsIs)
    }
}

/// The bounds of futures, for each limit on the time of an attempt.
macro_rules! run_async {
    ($bound:ty $(, $M:ident: $error:ident)?) => {
        impl<T, E, P, V $(, $M)?> RunLocal<T, E> for Runner<P, V, $bound>
        where
            P: PolicyFor<T, E, Clock: AsyncClock>,
            $($M: $error<E>,)?
        {
            fn run_local<F>(&self, operation: F) -> impl Future<Output = Result<T, E>>
            where
                F: AttemptFn<T, E>,
            {
                Retrying::new(&self.policy, self.bound.clone().bind(Call(operation)), AsIs)
            }
        }

        impl<T, E, P, V $(, $M)?> RunAsync<T, E> for Runner<P, V, $bound>
        where
            P: PolicyFor<T, E, Clock: AsyncClock> + Sync,
            V: Sync,
            $($M: $error<E> + Send + Sync,)?
            Sleeping<TimerOf<P>>: Send,
            OutcomeIn<P, T, E>: Send,
            PendingIn<P>: Send,
            NoticeIn<P, T, E>: Send,
        {
            fn run_async<F>(&self, operation: F) -> impl Future<Output = Result<T, E>> + Send
            where
                F: AttemptFn<T, E, Attempt: Send> + Send,
            {
                Retrying::new(&self.policy, self.bound.clone().bind(Call(operation)), AsIs)
            }
        }
    };
}

run_async!(Unbounded);
run_async!(AttemptTimeout<M>, M: MakeError);
#[cfg(feature = "tracing")]
run_async!(Traced);
#[cfg(feature = "tracing")]
run_async!(Traced<AttemptTimeout<M>>, M: MakeError);
