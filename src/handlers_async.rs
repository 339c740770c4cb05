//! Who is told: handlers that are awaited, as only the async driver can.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;

use crate::details::{Details, EventKind};
use crate::handlers::{Handlers, Lists};
use crate::observe::Observed;
use crate::retry::Retry;
use crate::tell::{Chain, Cursor, Pending, Tell};

type Boxed<'h> = Pin<Box<dyn Future<Output = ()> + Send + 'h>>;

/// An async handler as a policy keeps it.
pub(crate) type HandlerAsync<'h, T, E> =
    Box<dyn FnMut(&Details<'_, T, E>) -> Boxed<'h> + Send + 'h>;

/// Async handlers, after those that were registered before them: what [`Retry::on_backoff_async`]
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
/// [`Retry::on_try_async`] and its like.
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

// Unlike those of `Handlers` these cannot be made to live less long: what a handler returns is part
// of its type.
impl<'k, T, E, P> AppendAsync<'k, T, E> for HandlersAsync<'k, T, E, P> {
    type Output = Self;

    fn append_async(self, event: EventKind, handler: HandlerAsync<'k, T, E>) -> Self {
        let lists = Lists::push(self.lists.into_inner(), event, handler);
        HandlersAsync { previous: self.previous, lists }
    }
}

fn boxed<'k, T, E, F, Fut>(mut handler: F) -> HandlerAsync<'k, T, E>
where
    F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
    Fut: Future<Output = ()> + Send + 'k,
{
    Box::new(move |details| Box::pin(handler(details)))
}

/// # Who is told: async handlers
///
/// An async handler is called with [`&Details`](Details) and returns a future that owns what it
/// needs: read the details first, then `async move`, or call an `async fn` with what was read. The run
/// awaits it before it calls the next handler, waits or returns, so that a slow handler makes a slow
/// run; spawn what may take its time.
/// A policy with async handlers can be run by `run_async`, `poll_async` and their like, and in line
/// by `attempts_async` and `after_async`.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Awaits the handler before each attempt, the first included. See [`on_try`](Self::on_try).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_try_async(move |d| {
    ///     let (tries, sender) = (d.tries, sender.clone());
    ///     async move { sender.send(tries).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    /// assert!(receiver.try_iter().eq([1, 2]));
    /// ```
    pub fn on_try_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: AppendAsync<'k, T, E>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: Future<Output = ()> + Send + 'k,
    {
        self.map_observer(|h| h.append_async(EventKind::Try, boxed(handler)))
    }

    /// Awaits the handler once, when an outcome was accepted, before the run returns it. See
    /// [`on_success`](Self::on_success).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().clock(TestClock::new()).on_success_async(move |d| {
    ///     let (value, sender) = (d.value().copied(), sender.clone());
    ///     async move { sender.send(value).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Ok::<_, ()>(7))).unwrap();
    /// assert!(receiver.try_iter().eq([Some(7)]));
    /// ```
    pub fn on_success_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: AppendAsync<'k, T, E>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: Future<Output = ()> + Send + 'k,
    {
        self.map_observer(|h| h.append_async(EventKind::Success, boxed(handler)))
    }

    /// Awaits the handler before each wait, which begins only after it. See
    /// [`on_backoff`](Self::on_backoff).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().max_tries(3).clock(TestClock::new()).on_backoff_async(move |d| {
    ///     let (line, sender) = (format!("{:?}", d.error()), sender.clone());
    ///     async move { sender.send(line).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    /// assert!(receiver.try_iter().eq([r#"Some("down")"#, r#"Some("down")"#]));
    /// ```
    pub fn on_backoff_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: AppendAsync<'k, T, E>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: Future<Output = ()> + Send + 'k,
    {
        self.map_observer(|h| h.append_async(EventKind::Backoff, boxed(handler)))
    }

    /// Awaits the handler once, when the run gives up, before it returns. See
    /// [`on_giveup`](Self::on_giveup).
    ///
    /// ```
    /// # use futures::executor::block_on;
    /// use relent::{GiveUp, Retry, TestClock};
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let policy = Retry::expo().max_tries(3).clock(TestClock::new()).on_giveup_async(move |d| {
    ///     let (reason, sender) = (d.reason, sender.clone());
    ///     async move { sender.send(reason).unwrap() }
    /// });
    /// block_on(policy.run_async(async || Err::<(), _>("down"))).unwrap_err();
    /// assert!(receiver.try_iter().eq([Some(GiveUp::MaxTries)]));
    /// ```
    pub fn on_giveup_async<'k, T, E, F, Fut>(self, handler: F) -> Retry<S, C, H::Output, Z>
    where
        H: AppendAsync<'k, T, E>,
        F: FnMut(&Details<'_, T, E>) -> Fut + Send + 'k,
        Fut: Future<Output = ()> + Send + 'k,
    {
        self.map_observer(|h| h.append_async(EventKind::GiveUp, boxed(handler)))
    }
}
