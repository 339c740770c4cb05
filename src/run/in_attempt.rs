//! The futures of an attempt and of a wait, in a run that other code drives.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::{AsyncClock, TimerOutput};
use crate::policy::hold::Policy;
use crate::run::nesting::Inside;
use crate::run::timeout::{By, Convert, InTime, TimedOut};
use crate::testing::scope;
use crate::testing::scope::Sleeping;
use crate::trace::Trace;

pin_project! {
    /// A timer of the policy's clock: the future of [`AttemptsAsync::timer`](crate::run::AttemptsAsync::timer).
    #[must_use = "futures do nothing unless they are awaited or polled"]
    #[derive(Debug)]
    pub struct Timer<W> {
        #[pin]
        sleep: Sleeping<W>,
    }
}

impl<W> Timer<W> {
    pub(crate) const fn new(sleep: Sleeping<W>) -> Self {
        Self { sleep }
    }
}

impl<W: Future<Output: TimerOutput>> Future for Timer<W> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(context).map(drop)
    }
}

type TimerOf<P> = Timer<<<P as Policy>::Clock as AsyncClock>::Timer>;

pin_project! {
    /// The future of [`AttemptsAsync::attempt`](crate::run::AttemptsAsync::attempt).
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct InAttempt<'a, P, F> {
        policy: &'a P,
        #[pin]
        operation: F,
        unfinished: Unfinished<'a>,
    }
}

/// The spans of an attempt that is not finished, if it has any.
struct Unfinished<'a>(Option<&'a mut Trace>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(trace) = &mut self.0 {
            trace.drop_attempt();
        }
    }
}

impl<'a, P, F> InAttempt<'a, P, F> {
    pub(crate) fn new(
        policy: &'a P,
        mut trace: Option<&'a mut Trace>,
        tries: u32,
        operation: F,
    ) -> Self {
        if let Some(trace) = &mut trace {
            trace.begin_attempt(tries);
        }
        Self { policy, operation, unfinished: Unfinished(trace) }
    }
}

impl<'a, P: Policy<Clock: AsyncClock>, F> InAttempt<'a, P, F> {
    /// Ends the attempt if it takes longer than `most`. Its error is made by `From<`[`TimedOut`]`>`.
    pub fn within(self, most: Duration) -> InAttempt<'a, P, InTime<F, TimerOf<P>>> {
        self.limited(most, Convert)
    }

    /// Ends the attempt if it takes longer than `most`, with an error made by a function.
    pub fn within_with<E, M>(
        self,
        most: Duration,
        error: M,
    ) -> InAttempt<'a, P, InTime<F, TimerOf<P>, By<M>>>
    where
        M: Fn(TimedOut) -> E + Clone,
    {
        self.limited(most, By(error))
    }

    // The limit is inside of the attempt: one that is reached is its outcome.
    fn limited<M>(self, most: Duration, error: M) -> InAttempt<'a, P, InTime<F, TimerOf<P>, M>> {
        let Self { policy, operation, unfinished } = self;
        let timer = Timer::new(scope::timeout(&policy.policy().clock, most));
        InAttempt { policy, operation: InTime::new(operation, timer, most, error), unfinished }
    }
}

impl<P, F: Future> Future for InAttempt<'_, P, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _inside = Inside::enter();
        let polled = match &mut this.unfinished.0 {
            Some(trace) => trace.within_attempt(|| this.operation.poll(context)),
            None => this.operation.poll(context),
        };
        if polled.is_ready() {
            // What it is worth is decided later.
            this.unfinished.0 = None;
        }
        polled
    }
}

impl<P, F> fmt::Debug for InAttempt<'_, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InAttempt").finish_non_exhaustive()
    }
}
