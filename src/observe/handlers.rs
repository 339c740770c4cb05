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
use crate::observe::record::Recorded;
use crate::sealed::Sealed;
use crate::slot::Full;

/// A list of handlers, called after the handlers and observers that were added before it.
///
/// It appears in error messages and as [`Handlers`] and [`HandlersAsync`], which name it more briefly.
///
/// The handlers are behind a lock, so that threads can share a policy. The lock is held only while a handler is
/// called, not while its future is awaited. Runs that share a policy therefore call its handlers one at a time, and a
/// slow handler delays all of them. An observer ([`Observe`](crate::Observe)) has no lock.
pub struct HandlerList<F, P = ()> {
    previous: P,
    lists: Lists<F>,
}

/// The third type parameter of a policy to which [`Retry::on_backoff`](crate::Retry::on_backoff) or its like added
/// handlers. `P` is what was added before.
pub type Handlers<'h, T, E, P = ()> = HandlerList<Handler<'h, T, E>, P>;

/// The third type parameter of a policy to which [`Retry::on_backoff_async`](crate::Retry::on_backoff_async) or its
/// like added handlers. `P` is what was added before.
pub type HandlersAsync<'h, T, E, P = ()> = HandlerList<AsyncHandler<'h, T, E>, P>;

/// A boxed handler. Appears in error messages, in the type behind [`Handlers`].
pub struct Handler<'h, T, E>(Box<Function<'h, T, E, ()>>);

/// A boxed async handler. Appears in error messages, in the type behind [`HandlersAsync`].
pub struct AsyncHandler<'h, T, E>(Box<Function<'h, T, E, Awaited<'h>>>);

type Function<'h, T, E, R> = dyn FnMut(&Details<'_, T, E>) -> R + Send + 'h;

type Awaited<'h> = Pin<Box<dyn Future<Output = ()> + Send + 'h>>;

impl<'h, T, E> Handler<'h, T, E> {
    pub(crate) fn new<F, R>(mut handler: F) -> Self
    where
        F: FnMut(&Details<'_, T, E>) -> R + Send + 'h,
        R: HandlerReturn,
    {
        Self(Box::new(move |details| {
            handler(details);
        }))
    }
}

impl<'h, T, E> AsyncHandler<'h, T, E> {
    pub(crate) fn new<F, Fut>(mut handler: F) -> Self
    where
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'h,
        Fut: HandlerFuture<'h>,
    {
        Self(Box::new(move |details| Box::pin(handler(details))))
    }
}

/// What a handler returns: nothing. Sealed; appears in bounds and error messages.
//
// With `FnMut(&Details<'_, T, E>)` as the bound, the compiler does not know the argument of an async closure, and reports
// no more than that.
#[diagnostic::on_unimplemented(
    message = "a handler must return nothing, but this one returns `{Self}`",
    label = "the handler returns `{Self}`",
    note = "to await a handler, use `on_try_async`, `on_success_async`, `on_backoff_async` or `on_giveup_async`",
    note = "to discard a value, end the closure's body with a semicolon: `|d| {{ ..; }}`"
)]
pub trait HandlerReturn: Sealed {}

#[diagnostic::do_not_recommend]
impl HandlerReturn for () {}

// A closure that always panics or exits. As the second implementation it also keeps the compiler from expecting `()` of
// every closure, which would bring its own message instead of this trait's.
#[diagnostic::do_not_recommend]
impl HandlerReturn for Diverges {}

impl Sealed for Diverges {}

/// The type `!`, which has no name of its own in stable Rust.
type Diverges = <fn() -> ! as FnPointer>::Return;

trait FnPointer {
    type Return;
}

impl<R> FnPointer for fn() -> R {
    type Return = R;
}

/// What an async handler returns: a future that owns what it needs. It appears in bounds and error messages.
///
/// Implemented for every such future.
#[diagnostic::on_unimplemented(
    message = "an async handler must return a future without output, but this one returns `{Self}`",
    label = "the handler returns `{Self}`",
    note = "read the details first, and return a future that owns what it needs: `|d| {{ let tries = d.tries; async move {{ .. }} }}`",
    note = "for a handler that is not async, use `on_try`, `on_success`, `on_backoff` or `on_giveup`"
)]
pub trait HandlerFuture<'k>: Future<Output = ()> + Send + 'k {}

impl<'k, F: Future<Output = ()> + Send + 'k> HandlerFuture<'k> for F {}

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

/// A [`Handler`] or an [`AsyncHandler`]. Sealed; appears in bounds and error messages.
pub trait HandlerKind: Sealed {
    /// The name of a list of such handlers.
    const LIST: &'static str;

    /// The future of a chain that has such handlers after others, whose future is `Q`.
    type Pending<Q: Pending>: Pending;

    /// Converts the future of a handler that was added before.
    fn previous<Q: Pending>(pending: Q) -> Self::Pending<Q>;
}

/// A handler for operations that return `Result<T, E>`. Sealed; appears in bounds and error messages.
#[diagnostic::on_unimplemented(
    message = "a handler of this policy is not for operations that return `Result<{T}, {E}>`: it is a `{Self}`",
    label = "the policy's handlers do not match the types of the operation",
    note = "handlers serve one type of operation; an observer (`observe`) can serve all"
)]
pub trait Handle<T, E>: HandlerKind {
    /// Calls the handler, and returns its future if it is async.
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
    type Record = Recorded;
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
        // Futures are returned, not awaited here, since awaiting one under the lock could deadlock.
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

/// The future of a chain with async handlers. Appears in error messages.
#[derive(Debug)]
pub enum Either<A, B> {
    /// The future of a handler before this list.
    Previous(A),
    /// The future of a handler in this list.
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

/// Observers and handlers to which a handler of the type `F` can be added. Sealed.
///
/// It appears in the bounds of [`Retry::on_backoff`](crate::Retry::on_backoff) and its like, and in error messages.
pub trait Append<F>: Sealed {
    /// The chain after the handler was added.
    type Output;

    /// Adds the handler at the end of the chain.
    fn append(self, event: EventKind, handler: F) -> Self::Output;
}

/// Starts a new list of handlers at the end of a chain.
fn start<F, P>(previous: P, event: EventKind, handler: F) -> HandlerList<F, P> {
    HandlerList { previous, lists: Lists::start(event, handler) }
}

impl<F> Append<F> for () {
    type Output = HandlerList<F>;

    fn append(self, event: EventKind, handler: F) -> Self::Output {
        start(self, event, handler)
    }
}

impl<F, H> Append<F> for &H
where
    Self: Sealed,
{
    type Output = HandlerList<F, Self>;

    fn append(self, event: EventKind, handler: F) -> Self::Output {
        start(self, event, handler)
    }
}

impl<F, H> Append<F> for std::sync::Arc<H>
where
    Self: Sealed,
{
    type Output = HandlerList<F, Self>;

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
        // Outside the lock, which is invariant, the handlers' lifetime can be shortened.
        let by_event: ByEvent<Handler<'k, T, E>> = self.lists.into_inner();
        HandlerList { previous: self.previous, lists: Lists::push(by_event, event, handler) }
    }
}

// Unlike in `Handlers`, the lifetime cannot be shortened: it is part of the return type of the boxed closure, which is
// invariant.
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
