//! Handlers: boxed closures, called or awaited.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;

use crate::event::{Details, EventKind};
use crate::observe::Observed;
use crate::observe::chain::{Chain, Cursor, Notify, NotifyBlocking, Pending};
use crate::observe::lists::{ByEvent, Lists};
use crate::sealed::Sealed;
use crate::slot::Full;

/// Handlers, after the handlers and observers that were registered before them.
///
/// They are kept behind a lock that is held while they are called and at no other time, so that a policy with
/// handlers can be shared by threads. Runs that share them call them one at a time: a slow handler holds up all
/// of them. An [`Observe`](crate::Observe) has no lock.
pub struct HandlerList<F, P = ()> {
    previous: P,
    lists: Lists<F>,
}

/// Handlers: what [`Retry::on_backoff`](crate::Retry::on_backoff) and its like make of a policy's third
/// parameter.
pub type Handlers<'h, T, E, P = ()> = HandlerList<Handler<'h, T, E>, P>;

/// Async handlers: what [`Retry::on_backoff_async`](crate::Retry::on_backoff_async) and its like make of a
/// policy's third parameter.
pub type HandlersAsync<'h, T, E, P = ()> = HandlerList<AsyncHandler<'h, T, E>, P>;

/// A handler as a policy keeps it.
pub struct Handler<'h, T, E>(Box<Function<'h, T, E, ()>>);

/// An async handler as a policy keeps it.
pub struct AsyncHandler<'h, T, E>(Box<Function<'h, T, E, Awaited<'h>>>);

type Function<'h, T, E, R> = dyn FnMut(&Details<'_, T, E>) -> R + Send + 'h;

type Awaited<'h> = Pin<Box<dyn Future<Output = ()> + Send + 'h>>;

impl<'h, T, E> Handler<'h, T, E> {
    pub(crate) fn new(handler: impl FnMut(&Details<'_, T, E>) + Send + 'h) -> Self {
        Self(Box::new(handler))
    }
}

impl<'h, T, E> AsyncHandler<'h, T, E> {
    pub(crate) fn new<F, Fut>(mut handler: F) -> Self
    where
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'h,
        Fut: Future<Output = ()> + Send + 'h,
    {
        Self(Box::new(move |details| Box::pin(handler(details))))
    }
}

impl<T, E> fmt::Debug for Handler<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}

impl<T, E> fmt::Debug for AsyncHandler<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncHandler").finish_non_exhaustive()
    }
}

/// Whether handlers are called, or called and awaited. Sealed: there are these two.
pub trait HandlerKind: Sealed {
    /// What a list of them is called.
    const LIST: &'static str;

    /// What may have to be awaited of a chain that has such handlers after others.
    type Pending<Q: Pending>: Pending;

    /// What has to be awaited further up the chain.
    fn previous<Q: Pending>(pending: Q) -> Self::Pending<Q>;
}

/// A handler of the outcomes `Result<T, E>`. Sealed.
pub trait Handle<T, E>: HandlerKind {
    /// Calls it, and returns what has to be awaited.
    fn handle<Q: Pending>(&mut self, details: &Details<'_, T, E>) -> Option<Self::Pending<Q>>;
}

impl<T, E> Sealed for Handler<'_, T, E> {}

impl<T, E> HandlerKind for Handler<'_, T, E> {
    const LIST: &'static str = "Handlers";

    type Pending<Q: Pending> = Q;

    fn previous<Q: Pending>(pending: Q) -> Q {
        pending
    }
}

impl<T, E> Handle<T, E> for Handler<'_, T, E> {
    #[inline]
    fn handle<Q: Pending>(&mut self, details: &Details<'_, T, E>) -> Option<Q> {
        (self.0)(details);
        None
    }
}

impl<T, E> Sealed for AsyncHandler<'_, T, E> {}

impl<'h, T, E> HandlerKind for AsyncHandler<'h, T, E> {
    const LIST: &'static str = "HandlersAsync";

    type Pending<Q: Pending> = Either<Q, Awaited<'h>>;

    fn previous<Q: Pending>(pending: Q) -> Self::Pending<Q> {
        Either::Previous(pending)
    }
}

impl<T, E> Handle<T, E> for AsyncHandler<'_, T, E> {
    fn handle<Q: Pending>(&mut self, details: &Details<'_, T, E>) -> Option<Self::Pending<Q>> {
        Some(Either::Own((self.0)(details)))
    }
}

impl<F, P> Sealed for HandlerList<F, P> {}

impl<F: HandlerKind, P: Chain> Chain for HandlerList<F, P> {
    type Pending = F::Pending<P::Pending>;
}

impl<T, E, F: Handle<T, E>, P: Notify<T, E>> Notify<T, E> for HandlerList<F, P> {
    fn wants(&self, event: EventKind) -> bool {
        self.previous.wants(event) || self.lists.count(event) > 0
    }

    fn notify(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending> {
        if let Some(pending) = self.previous.notify(details, cursor) {
            return Some(F::previous(pending));
        }
        if self.lists.count(details.event) == 0 {
            return None;
        }
        // The lock is released before a future is awaited.
        self.lists.with(details.event, |handlers| {
            handlers
                .iter_mut()
                .filter(|_| cursor.is_due())
                .find_map(|handler| handler.handle(details))
        })
    }
}

impl<T, E, P: NotifyBlocking> NotifyBlocking for Handlers<'_, T, E, P> {}

impl<F: HandlerKind, P: fmt::Debug> fmt::Debug for HandlerList<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct(F::LIST);
        f.field("previous", &self.previous);
        for event in EventKind::ALL {
            f.field(event.handler_name(), &self.lists.count(event));
        }
        f.finish()
    }
}

/// The future of a handler further up the chain, or of one of these.
#[derive(Debug)]
pub enum Either<A, B> {
    /// Of one further up the chain.
    Previous(A),
    /// Of one of these.
    Own(B),
}

impl<A: Pending, B: Future<Output = ()> + Unpin> Future for Either<A, B> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.get_mut() {
            Self::Previous(pending) => Pin::new(pending).poll(context),
            Self::Own(pending) => Pin::new(pending).poll(context),
        }
    }
}

impl<A, B> Sealed for Either<A, B> {}

impl<A: Pending, B: Future<Output = ()> + Unpin> Pending for Either<A, B> {
    type Slot = Full;
}

/// A chain of observers to which a handler of the kind `F` can be added. Sealed.
pub trait Append<F>: Sealed {
    /// The chain with the handler.
    type Output;

    /// Adds the handler at the end.
    fn append(self, event: EventKind, handler: F) -> Self::Output;
}

/// Starts a list of handlers at the end of a chain.
fn start<F, P>(previous: P, event: EventKind, handler: F) -> HandlerList<F, P> {
    HandlerList { previous, lists: Lists::start(event, handler) }
}

impl<F> Append<F> for () {
    type Output = HandlerList<F>;

    fn append(self, event: EventKind, handler: F) -> Self::Output {
        start(self, event, handler)
    }
}

impl<F, P, O> Append<F> for Observed<P, O> {
    type Output = HandlerList<F, Self>;

    fn append(self, event: EventKind, handler: F) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, 'h: 'k, T, E, P> Append<Handler<'k, T, E>> for Handlers<'h, T, E, P> {
    type Output = Handlers<'k, T, E, P>;

    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output {
        // Out of its lock, a list of handlers is also one of handlers that need not live as long.
        let by_event: ByEvent<Handler<'k, T, E>> = self.lists.into_inner();
        HandlerList { previous: self.previous, lists: Lists::push(by_event, event, handler) }
    }
}

// Unlike those of `Handlers` these cannot be made to live less long: what a handler returns is part of its type.
impl<'h, T, E, P> Append<AsyncHandler<'h, T, E>> for HandlersAsync<'h, T, E, P> {
    type Output = Self;

    fn append(self, event: EventKind, handler: AsyncHandler<'h, T, E>) -> Self {
        HandlerList {
            previous: self.previous,
            lists: Lists::push(self.lists.into_inner(), event, handler),
        }
    }
}

impl<'k, T, E, P> Append<AsyncHandler<'k, T, E>> for Handlers<'_, T, E, P> {
    type Output = HandlersAsync<'k, T, E, Self>;

    fn append(self, event: EventKind, handler: AsyncHandler<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, T, E, P> Append<Handler<'k, T, E>> for HandlersAsync<'_, T, E, P> {
    type Output = Handlers<'k, T, E, Self>;

    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}
