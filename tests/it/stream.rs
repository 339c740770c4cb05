//! Streams that reconnect, on scripted connections and a virtual clock.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream, FusedStream};
use futures::{Stream, StreamExt, TryStreamExt};
use relent::run::BoxedRetry;
use relent::stream::{ByItem, Lost, Reconnecting};
use relent::{
    Budget, Cancel, Condition, Details, Jitter, Retry, StopReason, TestClock, TimedOut, Verdict,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

use crate::support::{Events, millis, secs};

/// Waits 1, 2, 4 ... seconds.
const EXPO: Retry = Retry::expo().jitter(Jitter::None);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Refused,
    Reset,
    Lost(Lost),
    TimedOut,
    /// The server asks for this wait.
    Later(Duration),
}

impl From<Lost> for Fault {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

/// What a connection does when it is polled.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Yields the number.
    Sends(u32),
    /// Lets time pass first.
    Lives(Duration),
    Resets,
    /// Is pending from now on.
    IsQuiet,
}

use Does::{IsQuiet, Lives, Resets, Sends};

/// Connections, in order. After the last, the server refuses all.
struct Server {
    clock: TestClock,
    connections: RefCell<VecDeque<Vec<Does>>>,
    tokens: RefCell<Vec<Option<u32>>>,
    /// How many connections have been dropped.
    dropped: Arc<AtomicU32>,
}

/// It ends after its last step.
struct Connection {
    clock: TestClock,
    steps: VecDeque<Does>,
    dropped: Arc<AtomicU32>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Stream for Connection {
    type Item = Result<u32, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match self.steps.front().copied() {
                None => return Poll::Ready(None),
                Some(IsQuiet) => return Poll::Pending,
                Some(_) => {}
            }
            match self.steps.pop_front() {
                Some(Lives(time)) => self.clock.advance(time),
                Some(Sends(number)) => return Poll::Ready(Some(Ok(number))),
                _ => return Poll::Ready(Some(Err(Fault::Reset))),
            }
        }
    }
}

impl Server {
    fn new<const N: usize>(connections: [&[Does]; N]) -> Self {
        Self::on(TestClock::new(), connections)
    }

    fn on<const N: usize>(clock: TestClock, connections: [&[Does]; N]) -> Self {
        Self {
            clock,
            connections: RefCell::new(connections.iter().map(|steps| steps.to_vec()).collect()),
            tokens: RefCell::default(),
            dropped: Arc::default(),
        }
    }

    fn connect(&self, token: Option<u32>) -> future::Ready<Result<Connection, Fault>> {
        self.tokens.borrow_mut().push(token);
        let Some(steps) = self.connections.borrow_mut().pop_front() else {
            return future::err(Fault::Refused);
        };
        let (clock, dropped) = (self.clock.clone(), Arc::clone(&self.dropped));
        future::ok(Connection { clock, steps: steps.into(), dropped })
    }

    fn dropped(&self) -> u32 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn waits(&self) -> Vec<u64> {
        self.clock.waits().iter().map(Duration::as_secs).collect()
    }
}

fn collect<S: Stream>(stream: S) -> Vec<S::Item> {
    block_on(stream.collect())
}

fn poll_once<S: Stream>(stream: Pin<&mut S>) -> Poll<Option<S::Item>> {
    stream.poll_next(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn items_of_all_connections_are_yielded_and_the_last_item_is_the_last_error() {
    let server = Server::new([&[Sends(1), Sends(2), Resets], &[Sends(3), Resets]]);
    let policy = EXPO.max_tries(4).clock(&server.clock);
    let items = collect(policy.stream(|token| server.connect(token)));
    assert_eq!(items, [Ok(1), Ok(2), Ok(3), Err(Fault::Refused)]);
    assert_eq!(server.waits(), [1, 2, 4]);
    assert_eq!(*server.tokens.borrow(), [None; 4]);
}

#[test]
fn each_connection_receives_the_token_of_the_last_item_that_was_yielded() {
    let server =
        Server::new([&[Resets], &[Sends(1), Sends(2), Resets], &[Resets], &[Sends(3), Resets]]);
    let policy = EXPO.max_tries(6).clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token)).resume_by(|number| number * 10);
    assert_eq!(collect(stream).len(), 4);
    let tokens = [None, None, Some(20), Some(20), Some(30), Some(30)];
    assert_eq!(*server.tokens.borrow(), tokens);
}

#[test]
fn the_first_connection_receives_a_token_that_is_set() {
    let server = Server::new([&[Resets], &[Sends(8)]]);
    let policy = EXPO.clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token)).resume_by(|number| *number);
    let mut stream = pin!(stream.resume_from(7));
    assert_eq!(stream.resume_token(), Some(&7));
    assert_eq!(block_on(stream.next()), Some(Ok(8)));
    assert_eq!(stream.resume_token(), Some(&8));
    assert_eq!(*server.tokens.borrow(), [Some(7), Some(7)]);
}

#[test]
fn a_connection_that_ends_ends_the_stream_and_is_a_success() {
    let events = Events::default();
    let server = Server::new([&[Resets], &[Sends(1)]]);
    let policy = EXPO.clock(&server.clock).observe(&events);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert_eq!(block_on(stream.by_ref().collect::<Vec<_>>()), [Ok(1)]);
    assert_eq!(events.take(), "T1 B1 T2 S2");
    assert!(stream.is_terminated());
    assert_eq!((poll_once(stream.as_mut()), stream.stopped()), (Poll::Ready(None), None));
    assert_eq!(events.take(), "");
}

#[test]
fn the_end_of_a_connection_that_was_a_success_is_no_event() {
    let events = Events::default();
    let server = Server::new([&[Lives(secs(31)), Sends(1)]]);
    let policy = EXPO.clock(&server.clock).observe(&events);
    assert_eq!(collect(policy.stream(|token| server.connect(token))), [Ok(1)]);
    assert_eq!(events.take(), "T1 S1");
}

#[test]
fn a_connection_that_ends_is_lost_if_the_stream_reconnects_at_the_end() {
    let server = Server::new([&[Sends(1)], &[Sends(2)]]);
    let policy = EXPO.max_tries(2).clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token)).reconnect_at_end();
    assert_eq!(collect(stream), [Ok(1), Ok(2), Err(Fault::Lost(Lost::Ended))]);

    let server = Server::new([&[]]);
    let policy = EXPO.max_tries(1).clock(&server.clock);
    let stream =
        policy.stream(|token| server.connect(token)).reconnect_at_end_with(|_| Fault::Reset);
    assert_eq!(collect(stream), [Err(Fault::Reset)]);
}

#[test]
fn an_error_that_is_not_retryable_ends_the_stream() {
    let events = Events::default();
    let server = Server::new([&[Sends(1), Resets], &[Sends(2)]]);
    let policy = EXPO.retry_if(|fault: &Fault| *fault != Fault::Reset);
    let policy = policy.clock(&server.clock).observe(&events);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert_eq!(block_on(stream.by_ref().collect::<Vec<_>>()), [Ok(1), Err(Fault::Reset)]);
    assert_eq!(events.take(), "T1 G1:not_retryable");
    assert_eq!(stream.stopped(), Some(StopReason::NotRetryable));
}

#[test]
fn items_do_not_make_a_connection_a_success() {
    let connection: &[Does] = &[Sends(1), Resets];
    let server = Server::new([connection; 5]);
    let policy = EXPO.max_tries(4).clock(&server.clock);
    let items = collect(policy.stream(|token| server.connect(token)));
    assert_eq!(items, [Ok(1), Ok(1), Ok(1), Ok(1), Err(Fault::Reset)]);
    assert_eq!(server.waits(), [1, 2, 4]);
}

#[test]
fn a_connection_that_is_quiet_is_a_success_when_it_has_been_established_for_long_enough() {
    let quiet: &[Does] = &[Lives(secs(31))];
    let server = Server::new([quiet; 4]);
    let policy = EXPO.max_tries(2).clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token)).reconnect_at_end();
    assert_eq!(collect(stream), [Err(Fault::Refused)]);
    // The last loss, and one refusal.
    assert_eq!(server.waits(), [1; 4]);
}

#[test]
fn the_time_before_a_connection_is_established_does_not_make_it_a_success() {
    let clock = TestClock::new();
    let connect = async |_: Option<()>| {
        clock.advance(secs(60));
        Ok(stream::iter([Err::<u32, _>("reset")]))
    };
    let policy = EXPO.max_tries(3).clock(&clock);
    assert_eq!(collect(policy.stream(connect)), [Err("reset")]);
    assert_eq!(clock.waits(), [1, 2].map(secs));
}

#[test]
fn a_success_is_notified_when_the_time_has_passed_and_not_at_the_next_item() {
    let events = Events::default();
    let server = Server::on(TestClock::manual(), [&[Resets], &[Sends(1), IsQuiet]]);
    let policy = EXPO.clock(&server.clock).observe(&events);
    let stream = policy.stream(|token| server.connect(token)).healthy_after(secs(10));
    let mut stream = pin!(stream);
    assert_eq!(events.take(), "");
    assert!(poll_once(stream.as_mut()).is_pending());
    server.clock.advance(secs(1));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    assert_eq!(events.take(), "T1 B1 T2");
    server.clock.advance(millis(9_999));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!((events.take(), stream.is_connected()), (String::new(), true));
    server.clock.advance(millis(1));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!((events.take(), stream.is_connected()), ("S2".into(), true));
    server.clock.advance(secs(100));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!(events.take(), "");
}

#[test]
fn a_waker_is_woken_when_a_quiet_connection_has_become_a_success() {
    let server = Server::on(TestClock::manual(), [&[IsQuiet]]);
    let policy = EXPO.clock(&server.clock);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    let (count, waker) = crate::support::counting_waker();
    assert!(stream.as_mut().poll_next(&mut Context::from_waker(&waker)).is_pending());
    server.clock.advance(secs(30));
    assert_eq!(count.count(), 1);
}

#[test]
fn the_loss_of_a_healthy_connection_is_the_first_failure_of_a_new_run() {
    let events = Events::default();
    let server = Server::new([&[Resets], &[Lives(secs(40)), Sends(1), Resets], &[Resets]]);
    let policy = EXPO.max_tries(3).clock(&server.clock).observe(&events);
    let items = collect(policy.stream(|token| server.connect(token)));
    assert_eq!(items, [Ok(1), Err(Fault::Refused)]);
    assert_eq!(events.take(), "T1 B1 T2 S2 T1 B1 T2 B2 T3 G3:max_tries");
    assert_eq!(server.waits(), [1, 1, 2]);
}

#[test]
fn max_time_begins_with_the_loss() {
    let server = Server::new([&[Lives(secs(3600)), Sends(1), Resets]]);
    let policy = EXPO.max_time(secs(10)).clock(&server.clock);
    let items = collect(policy.stream(|token| server.connect(token)).explain());
    let error = items.into_iter().last().unwrap().unwrap_err();
    assert_eq!(server.waits(), [1, 2, 4, 3]);
    assert_eq!((error.reason(), error.elapsed()), (StopReason::MaxTime, secs(10)));
}

#[test]
fn with_a_time_of_zero_every_connection_is_a_success() {
    let server = Server::new([&[Resets], &[Resets], &[Resets]]);
    let policy = EXPO.max_tries(2).clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token)).healthy_after(Duration::ZERO);
    assert_eq!(collect(stream), [Err(Fault::Refused)]);
    assert_eq!(server.waits(), [1, 1, 1]);
}

#[test]
fn explain_says_why_the_stream_ended() {
    let server = Server::new([&[Sends(1), Resets]]);
    let policy = EXPO.max_tries(3).clock(&server.clock);
    let mut items = collect(policy.stream(|token| server.connect(token)).explain());
    let error = items.pop().unwrap().unwrap_err();
    assert_eq!(items.len(), 1);
    assert_eq!((error.reason(), error.tries()), (StopReason::MaxTries, 3));
    assert_eq!(error.elapsed(), secs(3));
    assert_eq!(error.into_error(), Some(Fault::Refused));

    let server = Server::new([&[Sends(1)]]);
    let policy = EXPO.clock(&server.clock);
    assert_eq!(collect(policy.stream(|token| server.connect(token)).explain()).len(), 1);
}

#[test]
fn an_attempt_to_connect_is_ended_at_its_timeout() {
    let events = Events::default();
    let clock = TestClock::manual();
    let calls = Cell::new(0);
    let connect = |_: Option<()>| {
        calls.set(calls.get() + 1);
        pending::<Result<stream::Empty<Result<u32, Fault>>, _>>()
    };
    let policy = EXPO.max_tries(2).clock(&clock).observe(&events);
    let mut stream = pin!(policy.stream(connect).connect_timeout(secs(5)));
    assert!(poll_once(stream.as_mut()).is_pending());
    clock.advance(millis(4_999));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!(events.take(), "T1");
    clock.advance(millis(1));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!((events.take(), calls.get()), ("B1".into(), 1));
    clock.advance(secs(1));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!((events.take(), calls.get()), ("T2".into(), 2));
    clock.advance(secs(5));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Err(Fault::TimedOut))));
    assert_eq!(events.take(), "G2:max_tries");
}

#[test]
fn a_connection_that_is_established_late_counts_if_it_is_there_when_it_is_polled() {
    let clock = TestClock::manual();
    let polls = Cell::new(0);
    let connect = |_: Option<()>| {
        future::poll_fn(|_| {
            polls.set(polls.get() + 1);
            if polls.get() == 1 { Poll::Pending } else { Poll::Ready(Ok(stream::iter([Ok(1)]))) }
        })
    };
    let policy = EXPO.max_tries(1).clock(&clock);
    let stream = policy.stream(connect).connect_timeout_with(secs(5), |_| "timed out");
    let mut stream = pin!(stream);
    assert!(poll_once(stream.as_mut()).is_pending());
    clock.advance(secs(60));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(1))));
}

#[test]
fn a_connection_is_lost_when_it_has_been_idle_for_too_long() {
    let server = Server::on(TestClock::manual(), [&[Sends(1), IsQuiet], &[Sends(2)]]);
    let policy = EXPO.clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token)).idle_timeout(secs(5));
    let mut stream = pin!(stream);
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    // The one who reads the stream is slow.
    server.clock.advance(secs(20));
    assert!(poll_once(stream.as_mut()).is_pending());
    server.clock.advance(millis(4_999));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!(server.dropped(), 0);
    server.clock.advance(millis(1));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!((server.dropped(), stream.is_connected()), (1, false));
    server.clock.advance(secs(1));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(2))));
}

#[test]
fn each_item_begins_the_idle_time_anew_and_its_error_names_the_time() {
    let clock = TestClock::manual();
    let (send, receive) = futures::channel::mpsc::unbounded::<Result<u32, Fault>>();
    let receive = Cell::new(Some(receive));
    let connect = |_: Option<()>| future::ok(receive.take().unwrap());
    let policy = EXPO.max_tries(1).clock(&clock);
    let mut stream = pin!(policy.stream(connect).idle_timeout(secs(5)));
    for number in 0..4 {
        assert!(poll_once(stream.as_mut()).is_pending());
        clock.advance(secs(4));
        send.unbounded_send(Ok(number)).unwrap();
        assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(number))));
    }
    assert!(poll_once(stream.as_mut()).is_pending());
    clock.advance(secs(5));
    let lost = Fault::Lost(Lost::Idle(secs(5)));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Err(lost))));
}

#[test]
fn a_cancelled_wait_ends_the_stream_with_the_last_error() {
    let (cancel, events) = (Cancel::new(), Events::default());
    let server = Server::on(TestClock::manual(), [&[Sends(1), Resets]]);
    let policy = EXPO.clock(&server.clock).cancelled_by(&cancel).observe(&events);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    assert!(poll_once(stream.as_mut()).is_pending());
    cancel.cancel();
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Err(Fault::Reset))));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(None));
    assert_eq!(events.take(), "T1 B1 G1:cancelled");
    assert_eq!(stream.stopped(), Some(StopReason::Cancelled));
    assert_eq!(server.tokens.borrow().len(), 1);
}

#[test]
fn a_connection_outlives_its_cancellation_and_is_the_last_one() {
    let cancel = Cancel::new();
    let server = Server::new([&[Sends(1), Lives(secs(60)), Sends(2), Resets]]);
    let policy = EXPO.clock(&server.clock).cancelled_by(&cancel);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert_eq!(block_on(stream.next()), Some(Ok(1)));
    cancel.cancel();
    let rest = block_on(stream.by_ref().collect::<Vec<_>>());
    assert_eq!(rest, [Ok(2), Err(Fault::Reset)]);
    assert_eq!(stream.stopped(), Some(StopReason::Cancelled));
    assert!(server.waits().is_empty());
}

#[test]
fn no_attempt_is_made_after_the_deadline_of_a_wait_that_took_too_long() {
    let server = Server::on(TestClock::manual(), [&[Sends(1), Resets]]);
    let policy = EXPO.max_time(secs(10)).no_attempt_after_deadline().clock(&server.clock);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    assert!(poll_once(stream.as_mut()).is_pending());
    server.clock.advance(secs(60));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Err(Fault::Reset))));
    assert_eq!(stream.stopped(), Some(StopReason::MaxTime));
    assert_eq!(server.tokens.borrow().len(), 1);
}

#[test]
fn a_budget_pays_for_each_attempt_to_reconnect_and_earns_by_success() {
    let budget = Budget::new().capacity(20).cost(5);
    let server = Server::new([&[Resets], &[Lives(secs(31)), Sends(1), Resets]]);
    let policy = EXPO.forever().budget(&budget).clock(&server.clock);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert_eq!(block_on(stream.next()), Some(Ok(1)));
    assert_eq!(budget.available(), 15);
    assert_eq!(block_on(stream.next()), Some(Err(Fault::Refused)));
    assert_eq!(stream.stopped(), Some(StopReason::Budget));
    // The success gave back the five of its retry, and four more were made.
    assert_eq!((budget.available(), server.waits().len()), (0, 5));
}

#[test]
fn a_cancelled_wait_gives_back_what_the_retry_cost() {
    let (budget, cancel) = (Budget::new().capacity(20).cost(5), Cancel::new());
    let server = Server::on(TestClock::manual(), []);
    let policy = EXPO.budget(&budget).clock(&server.clock).cancelled_by(&cancel);
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!(budget.available(), 15);
    cancel.cancel();
    assert!(poll_once(stream.as_mut()).is_ready());
    assert_eq!(budget.available(), 20);
}

#[test]
fn a_wait_that_the_server_asks_for_is_a_minimum() {
    let clock = TestClock::new();
    let connect = |_: Option<()>| {
        future::ready(Err::<stream::Empty<Result<u32, _>>, _>(Fault::Later(secs(30))))
    };
    let policy = EXPO.max_tries(3).clock(&clock).retry_after(|fault: &Fault| match fault {
        Fault::Later(wait) => Some(*wait),
        _ => None,
    });
    assert_eq!(collect(policy.stream(connect)), [Err(Fault::Later(secs(30)))]);
    assert_eq!(clock.waits(), [30, 30].map(secs));
}

#[test]
fn the_waits_are_those_of_a_run_with_the_same_seed() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_tries(8).max_wait(secs(9)).seed(7).clock(&clock);
    block_on(policy.run_async(|| future::err::<(), _>("down"))).unwrap_err();
    let run = clock.waits();
    let connect = |_: Option<()>| future::err::<stream::Empty<Result<u32, _>>, _>("down");
    collect(policy.stream(connect));
    assert_eq!(clock.waits()[run.len()..], run);
}

#[test]
fn a_stream_that_is_dropped_drops_its_connection_and_notifies_no_one() {
    let events = Events::default();
    let server = Server::on(TestClock::manual(), [&[Sends(1), IsQuiet], &[Resets]]);
    let policy = EXPO.clock(&server.clock).observe(&events);
    let mut connected = Box::pin(policy.stream(|token| server.connect(token)));
    assert_eq!(poll_once(connected.as_mut()), Poll::Ready(Some(Ok(1))));
    assert_eq!(server.dropped(), 0);
    drop(connected);
    assert_eq!((server.dropped(), events.take()), (1, "T1".into()));

    let mut waiting = Box::pin(policy.stream(|token| server.connect(token)));
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert_eq!((server.dropped(), events.take()), (2, "T1 B1".into()));
    drop(waiting);
    drop(policy.stream(|token| server.connect(token)));
    assert_eq!(events.take(), "");

    let alive = Rc::new(());
    let held = Rc::clone(&alive);
    let connect = move |_: Option<()>| {
        let held = Rc::clone(&held);
        async move {
            let outcome = pending::<Result<Connection, Fault>>().await;
            drop(held);
            outcome
        }
    };
    let mut connecting = Box::pin(policy.stream(connect));
    assert!(poll_once(connecting.as_mut()).is_pending());
    assert_eq!(Rc::strong_count(&alive), 3);
    drop(connecting);
    assert_eq!((Rc::strong_count(&alive), events.take()), (1, "T1".into()));
}

#[test]
fn a_connection_is_dropped_before_anyone_is_notified_of_its_loss() {
    let server = Server::new([&[Lives(secs(31)), Sends(1), Resets]]);
    let dropped = Mutex::new(Vec::new());
    let count = Arc::clone(&server.dropped);
    let policy = EXPO.max_tries(2).clock(&server.clock);
    let policy = policy.on_backoff(|_| dropped.lock().unwrap().push(count.load(Ordering::Relaxed)));
    collect(policy.stream(|token| server.connect(token)));
    drop(policy);
    assert_eq!(dropped.into_inner().unwrap(), [1]);
}

#[test]
fn an_error_is_dropped_before_the_wait_unless_the_wait_can_be_cut_short() {
    let alive = Rc::new(());
    let clock = TestClock::manual();
    let connect =
        |_: Option<()>| future::err::<stream::Empty<Result<u32, _>>, _>(Rc::clone(&alive));
    let mut stream = Box::pin(EXPO.clock(&clock).into_stream(connect));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!(Rc::strong_count(&alive), 1);

    let cancel = Cancel::new();
    let mut stream = Box::pin(EXPO.clock(&clock).cancelled_by(&cancel).into_stream(connect));
    assert!(poll_once(stream.as_mut()).is_pending());
    assert_eq!(Rc::strong_count(&alive), 2);
}

#[test]
fn a_panic_leaves_a_stream_that_is_over() {
    let connect = |_: Option<()>| -> future::Ready<Result<Connection, Fault>> { panic!("connect") };
    let policy = EXPO.clock(TestClock::new());
    let mut stream = pin!(policy.stream(connect));
    catch_unwind(AssertUnwindSafe(|| poll_once(stream.as_mut()))).unwrap_err();
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(None));

    let server = Server::new([&[Resets]]);
    let policy = EXPO.clock(&server.clock).on_backoff(|_| panic!("handler"));
    let mut stream = pin!(policy.stream(|token| server.connect(token)));
    catch_unwind(AssertUnwindSafe(|| poll_once(stream.as_mut()))).unwrap_err();
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(None));
}

#[test]
fn after_a_panic_of_what_it_was_given_a_stream_is_over_and_skips_no_item() {
    fn panics<S: FusedStream>(stream: S) {
        let mut stream = pin!(stream);
        catch_unwind(AssertUnwindSafe(|| while poll_once(stream.as_mut()).is_ready() {}))
            .unwrap_err();
        assert!(stream.is_terminated());
        assert!(matches!(poll_once(stream.as_mut()), Poll::Ready(None)));
    }
    let policy = EXPO.clock(TestClock::new());

    let server = Server::new([&[Sends(1), Sends(2)]]);
    panics(policy.stream(|token| server.connect(token)).resume_by(|_| panic!("token")));
    assert_eq!(server.dropped(), 1);

    let server = Server::new([&[Sends(1)]]);
    let lost: fn(Lost) -> Fault = |_| panic!("error");
    panics(policy.stream(|token| server.connect(token)).reconnect_at_end_with(lost));
    assert_eq!(server.dropped(), 1);

    let connection = || stream::poll_fn(|_| -> Poll<Option<Result<u32, Fault>>> { panic!("poll") });
    panics(policy.stream(|_: Option<()>| future::ok(connection())));

    let server = Server::new([&[Sends(1), Sends(2)]]);
    let observed = policy.on_success(|_| panic!("handler"));
    panics(observed.stream(|token| server.connect(token)).healthy_after(Duration::ZERO));
    assert_eq!(server.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_longest_times_never_come() {
    let server = Server::new([&[Sends(1), IsQuiet]]);
    let connect = |token| server.connect(token);
    let (policy, on_tokio) = (EXPO.clock(&server.clock), EXPO);
    let most = Duration::MAX;
    let stream = policy.stream(connect).healthy_after(most).idle_timeout(most);
    let mut stream = pin!(stream.connect_timeout(most));
    assert_eq!(poll_once(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    assert!(poll_once(stream.as_mut()).is_pending());
    server.clock.advance(secs(1 << 40));
    assert!(poll_once(stream.as_mut()).is_pending());

    let connect = |_: Option<()>| future::ok(stream::pending::<Result<u32, Fault>>());
    let stream = on_tokio.stream(connect).healthy_after(most).idle_timeout(most);
    let mut stream = pin!(stream.connect_timeout(most));
    assert!(poll_once(stream.as_mut()).is_pending());
    tokio::time::advance(secs(1 << 20)).await;
    assert!(poll_once(stream.as_mut()).is_pending());
}

#[test]
fn what_a_connection_does_is_inside_of_an_attempt() {
    /// The depth of a run that is made here.
    fn depth() -> u32 {
        let depth = AtomicU32::new(u32::MAX);
        let see = |details: &Details<'_, _, _>| depth.store(details.depth, Ordering::Relaxed);
        EXPO.on_success(see).run(|| Ok::<_, ()>(())).unwrap();
        depth.into_inner()
    }

    let seen = Mutex::new(Vec::new());
    let see = |_: &Details<'_, (), Fault>| seen.lock().unwrap().push(depth());
    let policy = EXPO.max_tries(2).clock(TestClock::new()).on_backoff(see).on_giveup(see);
    let connect = async |_: Option<()>| {
        let steps = [true, false].map(|sends| (depth(), sends));
        Ok(stream::iter(steps).map(|(connecting, sends)| {
            if sends { Ok((connecting, depth())) } else { Err(Fault::Reset) }
        }))
    };
    let items = collect(policy.stream(connect));
    assert_eq!(items, [Ok((1, 1)), Ok((1, 1)), Err(Fault::Reset)]);
    drop(policy);
    assert_eq!(seen.into_inner().unwrap(), [0, 0]);
}

/// Accepts every error, and no value.
struct Contrary;

impl<T, E> Condition<T, E> for Contrary {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        if details.error().is_some() { Verdict::Accept } else { Verdict::Retry }
    }
}

#[test]
fn an_error_that_a_condition_accepts_is_the_last_item() {
    let events = Events::default();
    let server = Server::new([&[Sends(1), Resets], &[Sends(2)]]);
    let policy = EXPO.condition(Contrary).clock(&server.clock).observe(&events);
    let items = collect(policy.stream(|token| server.connect(token)));
    assert_eq!(items, [Ok(1), Err(Fault::Reset)]);
    assert_eq!(events.take(), "T1 S1");
}

#[test]
fn a_connection_that_a_condition_does_not_accept_is_given_up() {
    let events = Events::default();
    let server = Server::new([&[Lives(secs(31)), Sends(1), IsQuiet], &[Sends(2)]]);
    let policy = EXPO.condition(Contrary).clock(&server.clock).observe(&events);
    let items = collect(policy.stream(|token| server.connect(token)));
    assert_eq!(items, [Ok(1), Ok(2), Err(Fault::Refused)]);
    assert_eq!(events.take(), "T1 B1 T2 B2 T3 S3");
    assert_eq!(server.dropped(), 2);
}

#[test]
fn a_stream_waits_on_the_clock_of_a_scope() {
    let clock = TestClock::new();
    let items = block_on(clock.scope(async {
        let policy = Retry::constant(secs(3600)).max_tries(5).jitter(Jitter::None);
        let connect = |_: Option<()>| future::err::<stream::Empty<Result<u32, _>>, _>("down");
        policy.into_stream(connect).collect::<Vec<_>>().await
    }));
    assert_eq!((items, clock.waits()), (vec![Err("down")], vec![secs(3600); 4]));
}

type Boxed = BoxStream<'static, io::Result<String>>;
type Connect = fn(Option<usize>) -> BoxFuture<'static, io::Result<Boxed>>;
type Named<P> = Reconnecting<
    P,
    Connect,
    BoxFuture<'static, io::Result<Boxed>>,
    usize,
    ByItem<fn(&String) -> usize>,
>;

assert_impl_all!(Named<Retry>: Send, std::fmt::Debug, FusedStream);
assert_impl_all!(Named<Arc<BoxedRetry<(), io::Error>>>: Send);
assert_not_impl_any!(Named<Retry>: Unpin);

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_static_policy_is_spawned_and_one_of_a_boxed_policy_is_kept() {
    static API: Retry = EXPO.max_tries(3);

    fn connect(token: Option<usize>) -> BoxFuture<'static, io::Result<Boxed>> {
        Box::pin(async move {
            let line = Ok("*".repeat(token.unwrap_or(0) + 1));
            let reset = Err(io::ErrorKind::ConnectionReset.into());
            Ok(stream::iter([line, reset]).boxed())
        })
    }

    const LENGTH: fn(&String) -> usize = String::len;
    let owned: Named<_> = API.into_stream(connect as Connect).resume_by(LENGTH);
    let boxed: BoxedRetry<(), io::Error> = API.on_backoff(|d| println!("{d}")).boxed();
    let kept: Named<_> = Reconnecting::new(Arc::new(boxed), connect as Connect).resume_by(LENGTH);
    let owned = tokio::spawn(owned.take(2).try_collect::<Vec<_>>());
    let kept = tokio::spawn(kept.take(2).try_collect::<Vec<_>>());
    let borrowed = tokio::spawn(async {
        let lines = API.stream(connect).resume_by(String::len);
        lines.take(2).try_collect::<Vec<_>>().await
    });
    for lines in [owned, kept, borrowed] {
        assert_eq!(lines.await.unwrap().unwrap(), ["*", "**"]);
    }
}

#[test]
fn a_stream_shows_its_target_and_its_try() {
    let server = Server::new([]);
    let policy = EXPO.target("the server").clock(&server.clock);
    let stream = policy.stream(|token| server.connect(token));
    let shown = format!("{stream:?}");
    assert_eq!(
        shown,
        r#"Reconnecting { target: "the server", tries: 1, is_connected: false, .. }"#
    );
}

#[test]
fn events_have_the_name_of_the_function_that_connects() {
    async fn lines(_: Option<()>) -> Result<stream::Empty<Result<u32, Fault>>, Fault> {
        Err(Fault::Refused)
    }
    let mut targets = Vec::new();
    let policy = EXPO.max_tries(1).clock(TestClock::new());
    let policy = policy.on_giveup(|d| targets.push(d.target().to_string()));
    collect(policy.stream(lines));
    drop(policy);
    assert_eq!(targets.len(), 1);
    assert!(targets[0].ends_with("lines"), "{targets:?}");
}
