//! What is awaited between two attempts of a retried function.

use core::future::Future;
use core::mem;
use core::ops::ControlFlow::{self, Break, Continue};
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

use crate::clock::AsyncClock;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::future::Retrying;
use crate::run::operation::{Attempted, Operation};
use crate::run::returns::Return;
use crate::run::session::RunOf;

/// Takes a `None`, of which the compiler would not know that nothing is to be dropped.
#[inline]
pub fn nothing<W>(wait: Option<W>) {
    mem::forget(wait);
}

pin_project! {
    /// What is to be awaited between two attempts, if there is anything.
    ///
    /// An expansion passes a whole `Option` to it: what a pattern takes out of one would be twice in its future.
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct Between<W> {
        #[pin]
        pub wait: Option<W>,
    }
}

impl<W: Future<Output = ControlFlow<B>>, B> Future for Between<W> {
    type Output = ControlFlow<B>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().wait.as_pin_mut() {
            Some(wait) => wait.poll(context),
            None => Poll::Ready(Continue(())),
        }
    }
}

pin_project! {
    /// What is to be awaited between two attempts: handlers, and the wait.
    ///
    /// It keeps no outcome unless the run may end with it.
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct Wait<'a, P, O, X, R>
    where
        P: Policy,
        P::Clock: AsyncClock,
        O: Attempted<P::Clock>,
        O::Output: Future<Output = R>,
        X: Return<R>,
    {
        run: &'a mut RunOf<P>,
        #[pin]
        retrying: Retrying<P, O, X>,
    }
}

impl<'a, P, O, X, R> Wait<'a, P, O, X, R>
where
    P: Policy<Clock: AsyncClock>,
    O: Attempted<P::Clock, Output: Future<Output = R>>,
    X: Return<R>,
{
    pub(crate) fn new(run: &'a mut RunOf<P>, retrying: Retrying<P, O, X>) -> Self {
        Self { run, retrying }
    }
}

impl<P, O, X, R> Future for Wait<'_, P, O, X, R>
where
    X: Return<R>,
    P: PolicyFor<X::Value, X::Error, Clock: AsyncClock>,
    O: Operation<P::Clock, Output: Future<Output = R>>,
{
    type Output = ControlFlow<X::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match this.retrying.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Break(output)),
            Poll::Pending if this.retrying.is_attempting() => {
                **this.run = this.retrying.session().run;
                Poll::Ready(Continue(()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
