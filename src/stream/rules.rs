//! The settings of a stream that reconnects.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use futures_core::Stream;

use crate::clock::AsyncClock;
use crate::run::timeout::TimedOut;
use crate::sealed::Sealed;
use crate::stream::lost::Lost;
use crate::testing::scope;
use crate::testing::scope::Sleeping;

/// The future of a connection: a bound of [`Reconnecting`](crate::stream::Reconnecting).
///
/// Every future that returns `Result<N, E>` implements it, if `N` is a stream of `Result<T, E>`.
pub trait Connecting: Future<Output = Result<Self::Connection, Self::Error>> {
    /// The connection: a stream.
    type Connection: Stream<Item = Result<Self::Item, Self::Error>>;
    /// The items of the connection.
    type Item;
    /// The error of connections that fail.
    type Error;
}

impl<Fut, N, T, E> Connecting for Fut
where
    Fut: Future<Output = Result<N, E>>,
    N: Stream<Item = Result<T, E>>,
{
    type Connection = N;
    type Item = T;
    type Error = E;
}

/// The way to compute a token from an item, in the type of a [`Reconnecting`](crate::stream::Reconnecting). Sealed:
/// [`NoToken`] and [`ByItem`].
pub trait ResumeBy<T, K>: Sealed {
    /// Returns the token of an item, if it has one.
    fn token(&mut self, item: &T) -> Option<K>;
}

/// A stream whose items have no token, in the type of a [`Reconnecting`](crate::stream::Reconnecting).
#[derive(Clone, Copy, Debug)]
pub struct NoToken;

impl Sealed for NoToken {}

impl<T, K> ResumeBy<T, K> for NoToken {
    fn token(&mut self, _: &T) -> Option<K> {
        None
    }
}

/// A function that computes the token of an item, in the type of a [`Reconnecting`](crate::stream::Reconnecting).
#[derive(Clone, Copy)]
pub struct ByItem<R>(pub(crate) R);

impl<R> Sealed for ByItem<R> {}

impl<T, K, R: FnMut(&T) -> K> ResumeBy<T, K> for ByItem<R> {
    fn token(&mut self, item: &T) -> Option<K> {
        Some((self.0)(item))
    }
}

impl<R> fmt::Debug for ByItem<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByItem").finish_non_exhaustive()
    }
}

/// When a connection is a success, and when it is lost.
pub(crate) struct Rules<E> {
    pub(crate) healthy_after: Duration,
    pub(crate) at_end: Option<fn(Lost) -> E>,
    pub(crate) connecting: Option<Limit<TimedOut, E>>,
    pub(crate) idle: Option<Limit<Lost, E>>,
}

impl<E> Rules<E> {
    pub(crate) const DEFAULT: Self =
        Self { healthy_after: Duration::from_secs(30), at_end: None, connecting: None, idle: None };
}

/// How long something may be pending, and the error after that.
pub(crate) struct Limit<W, E> {
    pub(crate) most: Duration,
    pub(crate) error: fn(W) -> E,
}

/// Polls something within a limit, if there is one. `Err`: it was pending for too long.
///
/// The timer is made when the thing is first pending, since it may be ready at once. Later, the timer is polled first:
/// the thing may use up its task's budget, and tokio's timer would then never be ready. A finished result counts,
/// however late it is polled.
pub(crate) fn poll_within<Z: AsyncClock, R, W, E>(
    limit: Option<&Limit<W, E>>,
    why: fn(Duration) -> W,
    mut timer: Pin<&mut Option<Sleeping<Z::Timer>>>,
    clock: &Z,
    context: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<Result<R, E>> {
    let mut is_over = is_ready(timer.as_mut(), context);
    let polled = poll(context);
    if let (Some(Limit { most, error }), Poll::Pending) = (limit, &polled) {
        if timer.is_none() {
            timer.set(Some(scope::timeout(clock, *most)));
            is_over = is_ready(timer, context);
        }
        return if is_over { Poll::Ready(Err(error(why(*most)))) } else { Poll::Pending };
    }
    timer.set(None);
    polled.map(Ok)
}

/// Returns whether there is a timer whose time has passed.
pub(crate) fn is_ready<W: Future>(timer: Pin<&mut Option<W>>, context: &mut Context<'_>) -> bool {
    timer.as_pin_mut().is_some_and(|timer| timer.poll(context).is_ready())
}
