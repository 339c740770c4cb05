//! Streams that reconnect: what [`Retry::stream`] returns.
//!
//! A connection is itself a stream, whose items are `Result`s. [`Reconnecting`] yields the items of one connection
//! after another. Between connections it waits according to its policy.

mod lost;
mod polling;
mod rules;

pub use lost::Lost;
pub use rules::{ByItem, Connecting, NoToken, ResumeBy};

use core::fmt;
use core::future::Future;
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::clock::{AsyncClock, TimerOutput};
use crate::condition::Condition;
use crate::event::{StopReason, Target};
use crate::observe::chain::{Notify, NotifyBlocking};
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::by_hand::ByHand;
#[cfg(feature = "explain")]
use crate::run::explain::Explained;
use crate::run::returns::AsIs;
use crate::run::side::Async;
use crate::run::timeout::TimedOut;
use crate::slot::Slot;
use crate::stream::polling::State;
use crate::stream::rules::{Limit, Rules};
use crate::testing::scope::Sleeping;
use crate::wait::Wait;

type TimerOf<P> = <<P as Policy>::Clock as AsyncClock>::Timer;
/// Stores an outcome during a wait.
type OutcomeSlot<P> = <<TimerOf<P> as Future>::Output as TimerOutput>::Outcome;
type StateOf<P, Fut> = State<
    Fut,
    <Fut as Connecting>::Connection,
    Sleeping<TimerOf<P>>,
    <OutcomeSlot<P> as Slot>::Of<Result<(), <Fut as Connecting>::Error>>,
>;

/// # Run as a stream
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Returns a stream of the items of one connection after another, which reconnects when a connection fails.
    ///
    /// ```
    /// use std::pin::pin;
    /// use futures::{StreamExt, TryStreamExt, stream};
    /// use relent::{Retry, TestClock};
    ///
    /// /// The numbers after the last one that was received, until the connection breaks.
    /// async fn connect(last: Option<u32>) -> Result<impl futures::Stream<Item = Result<u32, String>>, String> {
    ///     let next = last.map_or(1, |last| last + 1);
    ///     Ok(stream::iter([Ok(next), Ok(next + 1), Err("connection reset".into())]))
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let policy = Retry::expo().max_tries(5).clock(TestClock::new());
    /// let numbers = policy.stream(|last| connect(last)).resume_by(|number| *number);
    /// let mut numbers = pin!(numbers);
    /// for expected in 1..=6 {
    ///     assert_eq!(numbers.try_next().await, Ok(Some(expected)));
    /// }
    /// # });
    /// ```
    ///
    /// `connect` makes the future of each connection. It receives the token of the last item that the stream yielded,
    /// as [`resume_by`](Reconnecting::resume_by) computes it, or `None` before the first item. A connection that begins
    /// right after that item loses and repeats nothing. For a stream without tokens, use
    /// `policy.stream(|_: Option<()>| connect())`.
    ///
    /// ## How it ends
    ///
    /// Each item is `Ok` until the policy gives up. Then the last item is the last error, and the stream is over.
    /// Earlier errors are not items, but handlers and observers are notified of them. For the reason of the give-up,
    /// see [`explain`](Reconnecting::explain) and [`stopped`](Reconnecting::stopped).
    ///
    /// A connection that ends without an error ends the stream, also without an error.
    /// [`reconnect_at_end`](Reconnecting::reconnect_at_end) changes that.
    ///
    /// ## When a run succeeds
    ///
    /// An attempt is a connection, starting with the call of `connect`. It fails if the connection cannot be
    /// established or is lost soon. It succeeds once the connection has lived for 30 seconds, even if no items arrive.
    /// [`healthy_after`](Reconnecting::healthy_after) changes that time. The run then succeeds, and `on_success` is
    /// called. If the connection is lost later, this is the first failure of a new run.
    ///
    /// So the waits keep growing if a server accepts connections and drops them at once, even if it sends an item each
    /// time. The limits apply to one outage: [`max_tries(5)`](Self::max_tries) allows four attempts to reconnect after
    /// a loss, and [`max_time`](Self::max_time) begins with the loss.
    ///
    /// [`retry_if`](Self::retry_if), handlers and a [`BoxedRetry`](crate::run::BoxedRetry) see the outcome of an
    /// attempt as a `Result<(), E>`.
    ///
    /// ## Limits, and what ends it early
    ///
    /// - [`connect_timeout`](Reconnecting::connect_timeout) and [`idle_timeout`](Reconnecting::idle_timeout) limit the
    ///   time of an attempt. [`attempt_timeout`](Self::attempt_timeout) is not available here.
    /// - A [`Cancel`](crate::Cancel) ends a wait and prevents further waits. It does not end a connection.
    /// - Dropping the stream drops the connection. No handler is called.
    /// - The compiler refuses async handlers, as in other runs that code drives by hand.
    ///
    /// The stream does nothing before the first poll. Pin it, for example with [`core::pin::pin!`]. It borrows the
    /// policy: see [`into_stream`](Self::into_stream). It keeps its state between polls, so dropping the future of one
    /// item, as a `select!` does, loses nothing.
    ///
    /// # Panics
    ///
    /// The stream panics if a handler, `connect`, a connection or another function that it was given panics. It is over
    /// then.
    pub fn stream<K, F, Fut, N, T, E>(&self, connect: F) -> Reconnecting<&Self, F, Fut, K>
    where
        F: FnMut(Option<K>) -> Fut,
        Fut: Future<Output = Result<N, E>>,
        N: Stream<Item = Result<T, E>>,
        S: Wait<(), E>,
        C: Condition<(), E>,
        H: Notify<(), E> + NotifyBlocking,
        Z: AsyncClock,
    {
        Reconnecting::new(self, connect)
    }

    /// Same as [`stream`](Self::stream), but owns the policy. Use it to spawn the stream, or to keep it in a struct.
    ///
    /// For a policy in an `Arc` or a `Box`, use [`Reconnecting::new`].
    ///
    /// # Panics
    ///
    /// Same as [`stream`](Self::stream).
    pub fn into_stream<K, F, Fut, N, T, E>(self, connect: F) -> Reconnecting<Self, F, Fut, K>
    where
        F: FnMut(Option<K>) -> Fut,
        Fut: Future<Output = Result<N, E>>,
        N: Stream<Item = Result<T, E>>,
        S: Wait<(), E>,
        C: Condition<(), E>,
        H: Notify<(), E> + NotifyBlocking,
        Z: AsyncClock,
    {
        Reconnecting::new(self, connect)
    }
}

pin_project! {
    /// A stream that reconnects: see [`Retry::stream`].
    ///
    /// `P` is `&Retry`, `Retry`, or an `Arc` or `Box` of one. `F` is the function that connects, `Fut` its future, `K`
    /// the token, `G` the way to compute it, and `X` the form of the last error. With a boxed future and `fn` pointers,
    /// all of them have names:
    ///
    /// ```
    /// use std::{future, io, pin::Pin};
    /// use futures::{future::BoxFuture, stream::{self, BoxStream}};
    /// use relent::Retry;
    /// use relent::stream::{ByItem, Reconnecting};
    ///
    /// type Connection = BoxStream<'static, io::Result<u64>>;
    /// type Connect = fn(Option<u64>) -> BoxFuture<'static, io::Result<Connection>>;
    /// type Numbers = Reconnecting<Retry, Connect, BoxFuture<'static, io::Result<Connection>>, u64, ByItem<fn(&u64) -> u64>>;
    ///
    /// struct Client {
    ///     numbers: Pin<Box<Numbers>>,
    /// }
    ///
    /// fn connect(_: Option<u64>) -> BoxFuture<'static, io::Result<Connection>> {
    ///     Box::pin(future::ready(Ok(Box::pin(stream::empty()) as Connection)))
    /// }
    ///
    /// let numbers = Retry::expo().into_stream(connect as Connect).resume_by((|number| *number) as fn(&u64) -> u64);
    /// let client = Client { numbers: Box::pin(numbers) };
    /// assert!(!client.numbers.is_connected());
    /// ```
    #[must_use = "streams do nothing unless they are polled"]
    #[project = Polling]
    pub struct Reconnecting<P, F, Fut, K, G = NoToken, X = AsIs>
    where
        P: Policy,
        P::Clock: AsyncClock,
        Fut: Connecting,
    {
        run: ByHand<P, (), Fut::Error, (), Async>,
        connect: F,
        token: Option<K>,
        resume_by: G,
        returns: X,
        rules: Rules<Fut::Error>,
        #[pin]
        state: StateOf<P, Fut>,
    }
}

impl<P, F, Fut, K> Reconnecting<P, F, Fut, K>
where
    P: PolicyFor<(), Fut::Error, Observer: NotifyBlocking, Clock: AsyncClock>,
    F: FnMut(Option<K>) -> Fut,
    Fut: Connecting,
{
    /// Creates a stream from a policy, a reference, an `Arc` or a `Box`.
    ///
    /// ```
    /// use std::{io, sync::Arc};
    /// use futures::stream;
    /// use relent::Retry;
    /// use relent::run::BoxedRetry;
    /// use relent::stream::Reconnecting;
    ///
    /// async fn connect() -> io::Result<impl futures::Stream<Item = io::Result<String>>> {
    ///     Ok(stream::empty())
    /// }
    ///
    /// let policy: Arc<BoxedRetry<(), io::Error>> = Arc::new(Retry::expo().on_backoff(|d| eprintln!("{d}")).boxed());
    /// let lines = Reconnecting::new(Arc::clone(&policy), |_: Option<()>| connect());
    /// assert_eq!(lines.stopped(), None);
    /// ```
    pub fn new(policy: P, connect: F) -> Self {
        Self {
            run: ByHand::not_begun(policy, Target::of::<F>()),
            connect,
            token: None,
            resume_by: NoToken,
            returns: AsIs,
            rules: Rules::DEFAULT,
            state: State::Due,
        }
    }
}

/// # Setters
impl<P, F, Fut, K, G, X> Reconnecting<P, F, Fut, K, G, X>
where
    P: Policy<Clock: AsyncClock>,
    Fut: Connecting,
{
    /// Computes a token from each item, so that a new connection can resume after that item.
    ///
    /// The stream uses the token of the last item that it yielded, not of items that a connection received. If only
    /// some items have a token, such as server-sent events with an id, the function can remember the last one:
    ///
    /// ```
    /// # use futures::stream;
    /// # use relent::Retry;
    /// struct Event { id: Option<u64> }
    ///
    /// async fn connect(last: Option<u64>) -> Result<impl futures::Stream<Item = Result<Event, String>>, String> {
    ///     Ok(stream::empty())
    /// }
    ///
    /// let mut last = None;
    /// let policy = Retry::expo();
    /// let events = policy.stream(|last: Option<Option<u64>>| connect(last.flatten())).resume_by(|event| {
    ///     last = event.id.or(last);
    ///     last
    /// });
    /// # drop(events);
    /// ```
    pub fn resume_by<R>(self, token: R) -> Reconnecting<P, F, Fut, K, ByItem<R>, X>
    where
        R: FnMut(&Fut::Item) -> K,
    {
        let Self { run, connect, token: first, returns, rules, state, .. } = self;
        let resume_by = ByItem(token);
        Reconnecting { run, connect, token: first, resume_by, returns, rules, state }
    }

    /// Sets the token of the first connection, for example a token stored before a restart.
    pub fn resume_from(mut self, token: K) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets how long a connection must live to count as a success. The default is 30 seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures::{StreamExt, stream};
    /// use relent::{Retry, TestClock};
    ///
    /// # futures::executor::block_on(async {
    /// // Each connection yields one item after a minute, and is lost.
    /// let clock = TestClock::new();
    /// let minute_later = |_: &_| clock.advance(Duration::from_secs(60));
    /// let connect = async |_: Option<()>| Ok(stream::iter([Ok(7), Err("lost")]).inspect(minute_later));
    ///
    /// let policy = Retry::expo().max_tries(2).clock(&clock);
    /// let items = policy.stream(connect).healthy_after(Duration::from_secs(30));
    /// let five: Vec<_> = items.take(5).collect().await;
    /// assert_eq!(five, [Ok(7); 5]); // each loss is the first failure of a run
    ///
    /// let items = policy.stream(connect).healthy_after(Duration::from_secs(600));
    /// let all: Vec<_> = items.collect().await;
    /// assert_eq!(all, [Ok(7), Ok(7), Err("lost")]); // two failures of one run
    /// # });
    /// ```
    ///
    /// The time counts from the moment when the connection is established. Set it to at least the longest wait, since
    /// after a later loss the waits start again with the first one. With a time of zero, every connection is a success,
    /// however short. If a server then drops its connections, the waits never grow, and the stream never gives up.
    ///
    /// The timer is that of the policy's clock. Polling the stream checks it.
    pub fn healthy_after(mut self, time: Duration) -> Self {
        self.rules.healthy_after = time;
        self
    }

    /// Reconnects after a connection that ended without an error, as after one that failed. By default, the stream
    /// ends.
    ///
    /// The error type must implement `From<`[`Lost`]`>`, as [`std::io::Error`], `Box<dyn Error>` and `anyhow::Error`
    /// do. A [`retry_if`](Retry::retry_if) must accept that error.
    pub fn reconnect_at_end(self) -> Self
    where
        Fut::Error: From<Lost>,
    {
        self.reconnect_at_end_with(From::from)
    }

    /// Same as [`reconnect_at_end`](Self::reconnect_at_end), with an error made by a function.
    pub fn reconnect_at_end_with(mut self, error: fn(Lost) -> Fut::Error) -> Self {
        self.rules.at_end = Some(error);
        self
    }

    /// Ends an attempt to connect that takes longer than `most`, and treats it as failed.
    ///
    /// The error type must implement `From<`[`TimedOut`]`>`: see [`Retry::attempt_timeout`].
    pub fn connect_timeout(self, most: Duration) -> Self
    where
        Fut::Error: From<TimedOut>,
    {
        self.connect_timeout_with(most, From::from)
    }

    /// Same as [`connect_timeout`](Self::connect_timeout), with an error made by a function.
    pub fn connect_timeout_with(
        mut self,
        most: Duration,
        error: fn(TimedOut) -> Fut::Error,
    ) -> Self {
        self.rules.connecting = Some(Limit { most, error });
        self
    }

    /// Drops a connection that has sent nothing for this long while the stream was polled, and treats it as lost. Use
    /// it if a peer may vanish without closing the connection.
    ///
    /// The error type must implement `From<`[`Lost`]`>`, as for [`reconnect_at_end`](Self::reconnect_at_end).
    pub fn idle_timeout(self, most: Duration) -> Self
    where
        Fut::Error: From<Lost>,
    {
        self.idle_timeout_with(most, From::from)
    }

    /// Same as [`idle_timeout`](Self::idle_timeout), with an error made by a function.
    pub fn idle_timeout_with(mut self, most: Duration, error: fn(Lost) -> Fut::Error) -> Self {
        self.rules.idle = Some(Limit { most, error });
        self
    }

    /// Turns the last error into a [`RetryError`](crate::RetryError), with the reason why the stream ended, and the
    /// number of attempts.
    ///
    /// ```
    /// use std::pin::pin;
    /// use futures::{TryStreamExt, stream};
    /// use relent::{Retry, StopReason, TestClock};
    ///
    /// # futures::executor::block_on(async {
    /// let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    /// let refused = async |_: Option<()>| Err::<stream::Empty<Result<u32, _>>, _>("connection refused");
    /// let mut items = pin!(policy.stream(refused).explain());
    /// let error = items.try_next().await.unwrap_err();
    /// assert_eq!((error.reason(), error.tries()), (StopReason::MaxTries, 3));
    /// # });
    /// ```
    #[cfg(feature = "explain")]
    pub fn explain(self) -> Reconnecting<P, F, Fut, K, G, Explained> {
        let Self { mut run, connect, token, resume_by, rules, state, .. } = self;
        run.time();
        Reconnecting { run, connect, token, resume_by, returns: Explained, rules, state }
    }
}

/// # Getters
impl<P, F, Fut, K, G, X> Reconnecting<P, F, Fut, K, G, X>
where
    P: Policy<Clock: AsyncClock>,
    Fut: Connecting,
{
    /// Returns whether a connection is established.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    /// Returns the token for the next connection, for example to store it.
    #[must_use]
    pub fn resume_token(&self) -> Option<&K> {
        self.token.as_ref()
    }

    /// Returns the number of the current or next attempt. The first of each run is 1.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.run.tries()
    }

    /// Returns why the stream gave up, if it did.
    #[must_use]
    pub fn stopped(&self) -> Option<StopReason> {
        self.run.stopped()
    }
}

impl<P, F, Fut, K, G, X> fmt::Debug for Reconnecting<P, F, Fut, K, G, X>
where
    P: Policy<Clock: AsyncClock>,
    Fut: Connecting,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnecting")
            .field("target", &self.run.session.target())
            .field("tries", &self.tries())
            .field("is_connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
