//! Asks again until the value is the wanted one: `cargo run --example polling`

use std::cell::Cell;
use std::time::Duration;

use relent::{Jitter, Retry};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Job {
    Running(u32),
    Done,
}

/// A job that is done when it has been looked at four times.
#[derive(Default)]
struct Queue(Cell<u32>);

impl Queue {
    fn status(&self) -> Job {
        self.0.set(self.0.get() + 1);
        if self.0.get() < 4 { Job::Running(self.0.get() * 25) } else { Job::Done }
    }

    async fn status_async(&self) -> Job {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.status()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn polling_in_async_code() {
    let queue = Queue::default();
    let last = Retry::constant(Duration::from_millis(5))
        .until(|job: &Job| *job == Job::Done)
        .poll_async(|| queue.status_async())
        .await;
    assert_eq!(last, Job::Done);
}

fn main() {
    // An even rhythm has no jitter.
    let policy = Retry::constant(Duration::from_millis(5))
        .jitter(Jitter::None)
        .until(|job: &Job| *job == Job::Done);

    let queue = Queue::default();
    let last = policy.on_backoff(|d| println!("not yet: {:?}", d.value())).poll(|| queue.status());
    assert_eq!(last, Job::Done);

    // Who loses patience gets the last value, whatever it is.
    let queue = Queue::default();
    assert_eq!(policy.max_tries(2).poll(|| queue.status()), Job::Running(50));

    // Where looking may fail, `run` retries the errors too.
    let queue = Queue::default();
    let done: Result<Job, &str> = policy.run(|| match queue.status() {
        Job::Running(25) => Err("connection reset"),
        job => Ok(job),
    });
    assert_eq!(done, Ok(Job::Done));

    polling_in_async_code();
    println!("done");
}
