//! Handlers that are awaited, as only the async driver can.

use super::handlers;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;

use crate::event::{Details, EventKind};
use crate::observe::Observed;
use crate::observe::chain::{Chain, Cursor, Pending, Tell};
use crate::observe::handlers::{Append, Handler, Handlers, Lists};

type Boxed<'h> = Pin<Box<dyn Future<Output = ()> + Send + 'h>>;

/// An async handler as a policy keeps it.
pub(crate) type HandlerAsync<'h, T, E> =
    Box<dyn FnMut(&Details<'_, T, E>) -> Boxed<'h> + Send + 'h>;

/// Async handlers, after those that were registered before them: what [`Retry::on_backoff_async`](crate::Retry::on_backoff_async)
/// and its like make of a policy's third parameter.
pub struct HandlersAsync<'h, T, E, P = ()> {
    previous: P,
    lists: Lists<HandlerAsync<'h, T, E>>,
}

impl<'h, T, E, P: Chain> Chain for HandlersAsync<'h, T, E, P> {
    type Pending = Either<P::Pending, Boxed<'h>>;
}

impl<T, E, P: Tell<T, E>> Tell<T, E> for HandlersAsync<'_, T, E, P> {
    fn wants(&self, event: EventKind) -> bool {
        self.previous.wants(event) || self.lists.has(event)
    }

    fn tell(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending> {
        if let Some(pending) = self.previous.tell(details, cursor) {
            return Some(Either::Previous(pending));
        }
        if !self.lists.has(details.event) {
            return None;
        }
        // The lock is released before the future is awaited.
        self.lists.with(details.event, |handlers| {
            let due = handlers.iter_mut().find(|_| cursor.is_due())?;
            Some(Either::Own(due(details)))
        })
    }
}

impl<T, E, P: fmt::Debug> fmt::Debug for HandlersAsync<'_, T, E, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lists.debug(&mut f.debug_struct("HandlersAsync"), &self.previous)
    }
}

/// The future of a handler further up the chain, or of one of these.
#[derive(Debug)]
pub enum Either<A, B> {
    Previous(A),
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

impl<A: Pending, B: Future<Output = ()> + Unpin> Pending for Either<A, B> {
    type Beside<X> = (Self, X);

    fn keep<X>(self, x: X) -> (Self, X) {
        (self, x)
    }

    fn pending<X>(kept: &mut (Self, X)) -> &mut Self {
        &mut kept.0
    }

    fn kept<X>((pending, x): (Self, X)) -> X {
        // Explicitly: a destructor that panics on the way out would leak what is returned.
        drop(pending);
        x
    }
}

/// A chain to which an async handler can be added. Private: what a user sees of it is
/// [`Retry::on_try_async`](crate::Retry::on_try_async) and its like.
pub trait AppendAsync<'k, T, E> {
    /// The chain with the handler.
    type Output;

    /// Adds the handler at the end.
    fn append_async(self, event: EventKind, handler: HandlerAsync<'k, T, E>) -> Self::Output;
}

/// Begins a new list of async handlers at the end of a chain.
fn start<T, E, P>(
    previous: P,
    event: EventKind,
    handler: HandlerAsync<'_, T, E>,
) -> HandlersAsync<'_, T, E, P> {
    HandlersAsync { previous, lists: Lists::start(event, handler) }
}

impl<'k, T, E> AppendAsync<'k, T, E> for () {
    type Output = HandlersAsync<'k, T, E>;

    fn append_async(self, event: EventKind, handler: HandlerAsync<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, T, E, P, O> AppendAsync<'k, T, E> for Observed<P, O> {
    type Output = HandlersAsync<'k, T, E, Self>;

    fn append_async(self, event: EventKind, handler: HandlerAsync<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, T, E, P> AppendAsync<'k, T, E> for Handlers<'_, T, E, P> {
    type Output = HandlersAsync<'k, T, E, Self>;

    fn append_async(self, event: EventKind, handler: HandlerAsync<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, T, E, P> Append<'k, T, E> for HandlersAsync<'_, T, E, P> {
    type Output = Handlers<'k, T, E, Self>;

    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output {
        handlers::start(self, event, handler)
    }
}

// Unlike those of `Handlers` these cannot be made to live less long: what a handler returns is part
// of its type.
impl<'k, T, E, P> AppendAsync<'k, T, E> for HandlersAsync<'k, T, E, P> {
    type Output = Self;

    fn append_async(self, event: EventKind, handler: HandlerAsync<'k, T, E>) -> Self {
        let lists = Lists::push(self.lists.into_inner(), event, handler);
        HandlersAsync { previous: self.previous, lists }
    }
}

pub(crate) fn boxed<'k, T, E, F, Fut>(mut handler: F) -> HandlerAsync<'k, T, E>
where
    F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
    Fut: Future<Output = ()> + Send + 'k,
{
    Box::new(move |details| Box::pin(handler(details)))
}
