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
        trace: Option<&'a mut Trace>,
        #[pin]
        operation: F,
    }

    impl<P, F> PinnedDrop for InAttempt<'_, P, F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(trace) = this.project().trace {
                trace.drop_attempt();
            }
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
        Self { policy, trace, operation }
    }
}

impl<P: Policy<Clock: AsyncClock>, F> InAttempt<'_, P, F> {
    /// Ends the attempt if it takes longer than `most`. Its error is made by `From<`[`TimedOut`]`>`.
    pub fn within(self, most: Duration) -> InTime<Self, TimerOf<P>> {
        let timer = Timer::new(scope::timeout(&self.policy.policy().clock, most));
        InTime::new(self, timer, most, Convert)
    }

    /// Ends the attempt if it takes longer than `most`, with an error made by a function.
    pub fn within_with<E, M>(self, most: Duration, error: M) -> InTime<Self, TimerOf<P>, By<M>>
    where
        M: Fn(TimedOut) -> E + Clone,
    {
        let timer = Timer::new(scope::timeout(&self.policy.policy().clock, most));
        InTime::new(self, timer, most, By(error))
    }
}

impl<P, F: Future> Future for InAttempt<'_, P, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _inside = Inside::enter();
        let polled = match this.trace {
            Some(trace) => trace.within_attempt(|| this.operation.poll(context)),
            None => this.operation.poll(context),
        };
        if polled.is_ready() {
            // What it is worth is decided later.
            *this.trace = None;
        }
        polled
    }
}

impl<P, F> fmt::Debug for InAttempt<'_, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InAttempt").finish_non_exhaustive()
    }
}
