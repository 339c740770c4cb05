//! A stream that reconnects when its connection is lost. Its struct holds the attempts, a timer and the connection,
//! and `poll_next` polls them by hand: `cargo run --example reconnecting_stream`

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::stream::{self, BoxStream, Stream, StreamExt};
use relent::run::{AttemptsAsync, BoxedRetry, Decision};
use relent::{Jitter, Retry, StopReason};
use tokio::time::{Instant, Sleep, sleep};

type Error = &'static str;

/// The numbers received over one connection, until it is lost.
type Connection = BoxStream<'static, Result<u32, Error>>;

/// A policy with handlers. Boxed, it has a type that the struct below can name.
type Policy = BoxedRetry<u32, Error>;

/// Yields the server's numbers across connections. If it gives up, the last item is the reason.
struct Reconnecting {
    server: Server,
    connection: Option<Connection>,
    /// An attempt connects and receives until the connection is lost.
    attempts: AttemptsAsync<Arc<Policy>, u32, Error>,
    /// The wait before the next attempt.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Reconnecting {
    fn new(server: Server, policy: Arc<Policy>) -> Self {
        Self { server, connection: None, attempts: AttemptsAsync::new(policy), timer: None }
    }
}

impl Stream for Reconnecting {
    type Item = Result<u32, StopReason>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { server, connection, attempts, timer } = self.get_mut();
        loop {
            if attempts.stopped().is_some() {
                return Poll::Ready(None);
            }
            if let Some(sleep) = timer {
                ready!(sleep.as_mut().poll(context));
                *timer = None;
            }
            let Some(connected) = connection else {
                match attempts.next_try() {
                    Ok(()) => *connection = Some(server.connect()),
                    // Only for policies with `cancelled_by` or `no_attempt_after_deadline`.
                    Err(reason) => return Poll::Ready(Some(Err(reason))),
                }
                continue;
            };
            let item = ready!(connected.poll_next_unpin(context));
            if let Some(Ok(number)) = item {
                // The connection works: its loss will be the first failure of a new run.
                attempts.reset();
                return Poll::Ready(Some(Ok(number)));
            }
            *connection = None;
            match attempts.decide(&item.unwrap_or(Err("connection lost"))) {
                Decision::Backoff(wait) => *timer = Some(Box::pin(sleep(wait))),
                Decision::GiveUp(reason) => return Poll::Ready(Some(Err(reason))),
                Decision::Done => unreachable!("the policy accepts no error"),
            }
        }
    }
}

/// A server that sends these numbers over its first connections, and refuses all others.
struct Server(VecDeque<Vec<Result<u32, Error>>>);

impl Server {
    fn connect(&mut self) -> Connection {
        let refused = || vec![Err("connection refused")];
        stream::iter(self.0.pop_front().unwrap_or_else(refused)).boxed()
    }
}

// On tokio's paused clock, waiting takes no time.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let server = Server(VecDeque::from([
        vec![Ok(1), Ok(2)],
        vec![Err("connection refused")],
        vec![Ok(3)],
        vec![Ok(4)],
    ]));

    let backoffs = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&backoffs);
    let policy = Retry::expo()
        .max_tries(4)
        .jitter(Jitter::None)
        .target("the server")
        .on_backoff(|d| println!("{d}"))
        .on_backoff(move |d| log.lock().unwrap().push((d.tries, d.wait.as_secs())))
        .on_giveup(|d| println!("{d}"))
        .boxed();

    let start = Instant::now();
    let numbers = Reconnecting::new(server, Arc::new(policy));
    let task = tokio::spawn(numbers.inspect(|item| println!("{item:?}")).collect::<Vec<_>>());
    let items = task.await.unwrap();

    assert_eq!(items, [Ok(1), Ok(2), Ok(3), Ok(4), Err(StopReason::MaxTries)]);
    // Each of the three losses is the first failure of a run. After the last, the server refuses all connections.
    assert_eq!(*backoffs.lock().unwrap(), [(1, 1), (2, 2), (1, 1), (1, 1), (2, 2), (3, 4)]);
    assert_eq!(start.elapsed(), Duration::from_secs(11));
}
