//! The last steps, which wrap a policy and change what its runs show, take or return. They combine.

use core::fmt::Debug;
use core::future::Future;

use crate::attempt::Attempt;
use crate::blocking::drive;
use crate::clock::{AsyncSleep, Sleep};
use crate::condition::Condition;
use crate::future::Retrying;
use crate::operation::{
    Call, CallAttempt, CallWith, Finish, Hidden, Operation, Shown, Transparent, Visibility,
};
use crate::retry::Retry;
use crate::tell::{Blocking, Chain, Tell};
use crate::timeout::{Bound, Unbounded};
use crate::wait::Wait;

/// # Last steps: arguments that handlers see
///
/// Last steps borrow the policy, combine in any order, and end in one of the forms of `run` and
/// `run_async`.
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
    /// Without it they are not shown: they may hold secrets, and need not be `Debug`.
    pub const fn show_args(&self) -> LastStep<'_, Self, Shown> {
        LastStep { policy: self, visibility: Shown, bound: Unbounded, finish: Transparent }
    }

    /// The policy without a last step.
    pub(crate) const fn last_step(&self) -> LastStep<'_, Self> {
        LastStep { policy: self, visibility: Hidden, bound: Unbounded, finish: Transparent }
    }
}

/// A policy with one last step or more: [`show_args`](Retry::show_args),
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
pub struct LastStep<'p, P, V = Hidden, B = Unbounded, X = Transparent> {
    policy: &'p P,
    visibility: V,
    bound: B,
    finish: X,
}

impl<'p, P, V, B, X> LastStep<'p, P, V, B, X> {
    /// As [`Retry::show_args`].
    pub fn show_args(self) -> LastStep<'p, P, Shown, B, X> {
        let Self { policy, bound, finish, .. } = self;
        LastStep { policy, visibility: Shown, bound, finish }
    }

    pub(crate) fn with_bound<D>(self, change: impl FnOnce(B) -> D) -> LastStep<'p, P, V, D, X> {
        let Self { policy, visibility, bound, finish } = self;
        LastStep { policy, visibility, bound: change(bound), finish }
    }

    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "only `explain` has another"))]
    pub(crate) fn with_finish<Y>(self, finish: Y) -> LastStep<'p, P, V, B, Y> {
        let Self { policy, visibility, bound, .. } = self;
        LastStep { policy, visibility, bound, finish }
    }
}

/// # Run it, blocking the thread
///
/// Where there is no [`attempt_timeout`](Retry::attempt_timeout): a call that blocks cannot be
/// interrupted.
impl<S, C, H, Z, V, X> LastStep<'_, Retry<S, C, H, Z>, V, Unbounded, X> {
    /// As [`Retry::run`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run`].
    pub fn run<T, E, F>(&self, operation: F) -> X::Output
    where
        F: FnMut() -> Result<T, E>,
        X: Finish<Result<T, E>, Value = T, Error = E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
        Z: Sleep,
    {
        drive(self.policy, Call(operation), &self.finish)
    }

    /// As [`Retry::run_with`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run`].
    pub fn run_with<A, T, E, F>(&self, args: A, operation: F) -> X::Output
    where
        A: Clone,
        V: Visibility<A> + Copy,
        F: FnMut(A) -> Result<T, E>,
        X: Finish<Result<T, E>, Value = T, Error = E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
        Z: Sleep,
    {
        let operation = CallWith { args, function: operation, visibility: self.visibility };
        drive(self.policy, operation, &self.finish)
    }

    /// As [`Retry::run_attempt`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run`].
    pub fn run_attempt<T, E, F>(&self, operation: F) -> X::Output
    where
        F: FnMut(Attempt) -> Result<T, E>,
        X: Finish<Result<T, E>, Value = T, Error = E>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E> + Blocking,
        Z: Sleep,
    {
        drive(self.policy, CallAttempt(operation), &self.finish)
    }
}

/// The operation of a future, within its timeout.
type Bounded<'p, B, O, Z> = <B as Bound<'p, O, Z>>::Operation;

/// # Run it as a future
///
/// The futures borrow the policy, not this step: to spawn one, move the policy into an `async` block
/// that awaits it.
#[expect(clippy::type_complexity, reason = "each parameter is one of the policy's or the call's")]
impl<'p, S, C, H, Z, V, B, X> LastStep<'p, Retry<S, C, H, Z>, V, B, X> {
    fn retrying<O>(&self, operation: O) -> Retrying<&'p Retry<S, C, H, Z>, Bounded<'p, B, O, Z>, X>
    where
        B: Bound<'p, O, Z, Operation: Operation<Output: Future>> + Copy,
        X: Finish<<<B::Operation as Operation>::Output as Future>::Output> + Copy,
        H: Chain,
        Z: AsyncSleep,
    {
        let operation = self.bound.bind(operation, &self.policy.clock);
        Retrying::new(self.policy, operation, self.finish)
    }

    /// As [`Retry::run_async`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run_async`].
    pub fn run_async<T, E, F, Fut>(
        &self,
        operation: F,
    ) -> Retrying<&'p Retry<S, C, H, Z>, Bounded<'p, B, Call<F>, Z>, X>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        B: Bound<'p, Call<F>, Z, Operation: Operation<Output: Future<Output = Result<T, E>>>>
            + Copy,
        X: Finish<Result<T, E>, Value = T, Error = E> + Copy,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        self.retrying(Call(operation))
    }

    /// As [`Retry::run_async_with`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run_async`].
    pub fn run_async_with<A, T, E, F, Fut>(
        &self,
        args: A,
        operation: F,
    ) -> Retrying<&'p Retry<S, C, H, Z>, Bounded<'p, B, CallWith<A, F, V>, Z>, X>
    where
        A: Clone,
        V: Visibility<A> + Copy,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        B: Bound<
                'p,
                CallWith<A, F, V>,
                Z,
                Operation: Operation<Output: Future<Output = Result<T, E>>>,
            > + Copy,
        X: Finish<Result<T, E>, Value = T, Error = E> + Copy,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        self.retrying(CallWith { args, function: operation, visibility: self.visibility })
    }

    /// As [`Retry::run_attempt_async`].
    ///
    /// # Panics
    ///
    /// As of [`Retry::run_async`].
    pub fn run_attempt_async<T, E, F, Fut>(
        &self,
        operation: F,
    ) -> Retrying<&'p Retry<S, C, H, Z>, Bounded<'p, B, CallAttempt<F>, Z>, X>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        B: Bound<
                'p,
                CallAttempt<F>,
                Z,
                Operation: Operation<Output: Future<Output = Result<T, E>>>,
            > + Copy,
        X: Finish<Result<T, E>, Value = T, Error = E> + Copy,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
        Z: AsyncSleep,
    {
        self.retrying(CallAttempt(operation))
    }
}
