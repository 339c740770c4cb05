//! A worker that takes messages from a queue. Each message carries the progress of its own retries, so that any worker
//! can continue it: `cargo run --example queue`

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use relent::run::Decision;
use relent::{Budget, Jitter, Progress, Retry, StopReason};

/// Shared by all messages: enough for 6 retries. A success after retries returns one of them.
static BUDGET: Budget = Budget::new().capacity(30).cost(5);

struct Message {
    id: u32,
    sent_at: Duration,
    /// A real queue stores it with the message. With the feature `serde` it can be serialised.
    progress: Progress,
}

/// A queue with delays, in virtual time: taking a message moves the time to when it is due.
#[derive(Default)]
struct Queue {
    now: Duration,
    /// By due time, then in the order in which they were put here.
    messages: BTreeMap<(Duration, u32), Message>,
    puts: u32,
}

impl Queue {
    fn put(&mut self, message: Message, delay: Duration) {
        self.puts += 1;
        self.messages.insert((self.now + delay, self.puts), message);
    }

    fn take(&mut self) -> Option<Message> {
        let ((due, _), message) = self.messages.pop_first()?;
        self.now = due;
        Some(message)
    }
}

#[derive(Debug)]
enum Error {
    Busy(u32),
    Malformed(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(id) => write!(f, "message {id}: busy"),
            Self::Malformed(id) => write!(f, "message {id}: malformed"),
        }
    }
}

fn process(message: &Message) -> Result<(), Error> {
    match message.id {
        1 => Ok(()),
        2 if message.progress.tries == 2 => Ok(()),
        3 => Err(Error::Malformed(3)),
        id => Err(Error::Busy(id)),
    }
}

fn main() {
    let mut reports = Vec::new();
    let policy = Retry::expo()
        .max_tries(4)
        .max_time(Duration::from_secs(60))
        .jitter(Jitter::None)
        .retry_if(|e| matches!(e, Error::Busy(_)))
        .budget(&BUDGET)
        .target("worker")
        .on_giveup(|d| println!("{d}"))
        .on_giveup(|d| reports.push(d.reason));

    let mut queue = Queue::default();
    for id in 1..=5 {
        let message = Message { id, sent_at: queue.now, progress: Progress::default() };
        queue.put(message, Duration::ZERO);
    }

    let mut acknowledged = Vec::new();
    let mut dropped = Vec::new();
    while let Some(mut message) = queue.take() {
        let outcome = process(&message);
        // `decide` reads no clock: without this line, `max_time` would never apply.
        message.progress.elapsed = queue.now.saturating_sub(message.sent_at);
        match policy.decide(&mut message.progress, &outcome) {
            Decision::Done => acknowledged.push(message.id),
            Decision::Backoff(wait) => queue.put(message, wait),
            Decision::GiveUp(reason) => dropped.push((message.id, reason)),
        }
    }
    drop(policy);

    println!("acknowledged {acknowledged:?} in {:?}, dropped {dropped:?}", queue.now);
    assert_eq!(acknowledged, [1, 2]);
    let expected =
        [(3, StopReason::NotRetryable), (5, StopReason::Budget), (4, StopReason::MaxTries)];
    assert_eq!(dropped, expected);
    // Each message that was dropped was reported once.
    assert_eq!(reports, expected.map(|(_, reason)| Some(reason)));
    assert_eq!(BUDGET.available(), 0);
}
