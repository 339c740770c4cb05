//! Very many tasks at once on two workers, each failing twice with a constant wait between.

use std::future::{Future, Ready, ready};
use std::time::{Duration, Instant};

use crate::script::{Failure, Outcome};
use crate::times::processors;

const TASKS: usize = 100_000;
pub const WAIT: Duration = Duration::from_millis(10);

/// A task's own operation, with a state that moves into the task.
pub fn fails_twice() -> impl FnMut() -> Ready<Outcome> + Clone + Send + 'static {
    let mut calls = 0;
    move || {
        calls += 1;
        ready(if calls <= 2 { Err(Failure(calls)) } else { Ok(calls) })
    }
}

/// What all the tasks together took.
pub struct Took {
    pub wall: Duration,
    /// The time of all processors, which a busy machine disturbs less.
    pub processors: Duration,
}

/// Spawns them all, each of which must succeed at the third try.
pub fn all<F>(task: impl Fn() -> F) -> Took
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    let (start, before) = (Instant::now(), processors());
    let handles: Vec<_> = (0..TASKS).map(|_| runtime.spawn(task())).collect();
    runtime.block_on(async {
        for handle in handles {
            assert_eq!(handle.await.expect("a task that does not panic"), Ok(3));
        }
    });
    Took { wall: start.elapsed(), processors: processors().saturating_sub(before) }
}
