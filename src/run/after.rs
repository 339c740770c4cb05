//! The futures of an in-line loop.

use core::fmt;
use core::future::Future;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

use crate::clock::AsyncClock;
use crate::event::Target;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::Run;
use crate::run::attempts::{AttemptsAsync, InLine};
use crate::run::future::Retrying;
use crate::run::returns::AsIs;
use crate::run::session::Session;

/// An outcome that the loop passes on.
#[derive(Debug)]
pub struct Given<T, E>(Option<Result<T, E>>);

impl<T, E> Given<T, E> {
    pub(crate) const fn nothing() -> Self {
        Self(None)
    }
}

// The outcome is never pinned.
impl<T, E> Unpin for Given<T, E> {}

impl<T, E> Future for Given<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

type RetryingInLine<P, T, E> = Retrying<P, InLine<T, E>>;

pin_project! {
    /// The future of [`Retry::begin_async`](crate::Retry::begin_async).
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct Begin<P, T, E>
    where
        P: Policy,
        P::Clock: AsyncClock,
    {
        #[pin]
        retrying: RetryingInLine<P, T, E>,
    }
}

impl<P: Policy<Clock: AsyncClock>, T, E> Begin<P, T, E> {
    pub(crate) fn new(policy: P, target: Target) -> Self {
        Self { retrying: Retrying::new(policy, InLine::new(target), AsIs) }
    }
}

impl<P, T, E> Future for Begin<P, T, E>
where
    P: PolicyFor<T, E, Clock: AsyncClock> + Copy,
{
    type Output = AttemptsAsync<P, T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut retrying = self.project().retrying;
        if retrying.as_mut().poll(context).is_pending() && !retrying.is_attempting() {
            return Poll::Pending;
        }
        let Session { policy, operation, run, .. } = retrying.session();
        let operation = InLine::new(operation.target);
        Poll::Ready(AttemptsAsync { session: Session::resume(*policy, operation, AsIs, *run) })
    }
}

pin_project! {
    /// The future of [`AttemptsAsync::after`](crate::run::AttemptsAsync).
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct After<'a, P, T, E>
    where
        P: Policy,
        P::Clock: AsyncClock,
    {
        run: &'a mut Run,
        #[pin]
        retrying: RetryingInLine<&'a P, T, E>,
        is_ready: bool,
    }

    impl<P, T, E> PinnedDrop for After<'_, P, T, E>
    where
        P: Policy,
        P::Clock: AsyncClock,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.is_ready {
                let given = this.run.tries();
                **this.run = this.retrying.session().run;
                // It may have been dropped while observers were being notified of the next attempt.
                if this.run.tries() == given {
                    this.run.count_try();
                }
            }
        }
    }
}

impl<'a, P: Policy<Clock: AsyncClock>, T, E> After<'a, P, T, E> {
    pub(crate) fn new(attempts: &'a mut AttemptsAsync<P, T, E>, outcome: Result<T, E>) -> Self {
        let Session { policy, operation, run, .. } = &mut attempts.session;
        let session = Session::resume(&*policy, InLine::new(operation.target), AsIs, *run);
        let retrying = Retrying::attempting(session, Given(Some(outcome)));
        Self { run, retrying, is_ready: false }
    }
}

impl<P, T, E> Future for After<'_, P, T, E>
where
    P: PolicyFor<T, E, Clock: AsyncClock>,
{
    type Output = ControlFlow<Result<T, E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let ready = match this.retrying.as_mut().poll(context) {
            Poll::Ready(outcome) => ControlFlow::Break(outcome),
            Poll::Pending if this.retrying.is_attempting() => ControlFlow::Continue(()),
            Poll::Pending => return Poll::Pending,
        };
        **this.run = this.retrying.session().run;
        *this.is_ready = true;
        Poll::Ready(ready)
    }
}

impl<P: Policy<Clock: AsyncClock>, T, E> fmt::Debug for Begin<P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.retrying.session().target();
        f.debug_struct("Begin").field("target", &target).finish_non_exhaustive()
    }
}

impl<P: Policy<Clock: AsyncClock>, T, E> fmt::Debug for After<'_, P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.retrying.session();
        let (target, tries) = (session.target(), session.run.tries());
        let attempts = format_args!("Attempts {{ target: {target:?}, tries: {tries}, .. }}");
        f.debug_struct("After").field("attempts", &attempts).finish_non_exhaustive()
    }
}
