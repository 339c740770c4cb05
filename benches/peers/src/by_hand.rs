//! The loops that one would write by hand: one with the features of a policy, and one that only counts.

mod parts;

use std::future::Future;
use std::hint::black_box;
use std::thread;
use std::time::Duration;

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{
    MAX_TIME, MAX_TRIES, Outcome, TINY_WAIT, count_backoff, operation, operation_async,
};
use crate::tasks;

/// Exponential waits, full jitter, a cap, a number of tries.
#[derive(Clone, Copy)]
struct ByHand {
    first_wait: Duration,
    max_wait: Duration,
    max_tries: u32,
}

impl ByHand {
    const FREE: Self = Self {
        first_wait: Duration::from_millis(100),
        max_wait: Duration::from_secs(10),
        max_tries: MAX_TRIES,
    };
    const ZERO: Self = Self { first_wait: Duration::ZERO, ..Self::FREE };

    fn jittered(&self, wait: Duration) -> Duration {
        wait.min(self.max_wait).mul_f64(fastrand::f64())
    }

    fn run<T, E>(
        &self,
        mut operation: impl FnMut() -> Result<T, E>,
        sleep: impl Fn(Duration),
        mut on_backoff: impl FnMut(&E, Duration),
    ) -> Result<T, E> {
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation() {
                Err(error) if tries < self.max_tries => {
                    let jittered = self.jittered(wait);
                    on_backoff(&error, jittered);
                    sleep(jittered);
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The same waits in whole nanoseconds, drawn as a product: what one would write who counts
    /// instructions.
    fn run_in_integers<T, E>(
        &self,
        mut operation: impl FnMut() -> Result<T, E>,
        sleep: impl Fn(Duration),
    ) -> Result<T, E> {
        let nanos = |wait: Duration| u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        let (mut wait, most) = (nanos(self.first_wait), nanos(self.max_wait));
        let mut tries = 1;
        loop {
            match operation() {
                Err(_) if tries < self.max_tries => {
                    let factor = u128::from(wait.min(most)) + 1;
                    let drawn = (u128::from(fastrand::u64(..)) * factor) >> 64;
                    sleep(Duration::from_nanos(drawn as u64));
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The first loop, with a limit on the time as well.
    fn run_in_time<T, E>(
        &self,
        max_time: Duration,
        mut operation: impl FnMut() -> Result<T, E>,
        now: impl Fn() -> Duration,
        sleep: impl Fn(Duration),
    ) -> Result<T, E> {
        let begin = now();
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation() {
                Err(error) => {
                    let left = max_time.saturating_sub(now().saturating_sub(begin));
                    if tries == self.max_tries || left.is_zero() {
                        return Err(error);
                    }
                    sleep(self.jittered(wait).min(left));
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn run_async<T, E, F, S>(
        &self,
        mut operation: impl FnMut() -> F,
        sleep: impl Fn(Duration) -> S,
        mut on_backoff: impl FnMut(&E, Duration),
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        S: Future<Output = ()>,
    {
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation().await {
                Err(error) if tries < self.max_tries => {
                    let jittered = self.jittered(wait);
                    on_backoff(&error, jittered);
                    drop(error);
                    sleep(jittered).await;
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

fn no_time() -> Duration {
    black_box(Duration::ZERO)
}

fn no_sleep(wait: Duration) {
    black_box(wait);
}

fn no_sleep_async(wait: Duration) -> impl Future<Output = ()> {
    black_box(wait);
    std::future::ready(())
}

fn nobody<E>(_: &E, _: Duration) {}

fn counted<E>(_: &E, _: Duration) {
    count_backoff();
}

pub fn register(bench: &mut Bench) {
    bench.peer("hand");
    let policy = shared(ByHand::FREE);
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || policy.run(operation, no_sleep, nobody));
    }
    bench.call(Row::SyncBuiltInside, || ByHand::FREE.run(operation, no_sleep, nobody));
    bench.call(Row::SyncHandler, || policy.run(operation, no_sleep, counted));

    let mut wait = policy.first_wait;
    bench.wait(move || {
        let jittered = policy.jittered(wait);
        // What the loop does for the wait after this one, which must not grow beyond reason here.
        wait = black_box(black_box(policy.first_wait).saturating_mul(2));
        jittered
    });

    for row in [Row::AsyncFirstTry, Row::AsyncThreeFailures, Row::AsyncGivesUp] {
        bench.call(row, || block_on(policy.run_async(operation_async, no_sleep_async, nobody)));
    }
    bench.call(Row::AsyncHandler, || {
        block_on(policy.run_async(operation_async, no_sleep_async, counted))
    });

    let zero = shared(ByHand::ZERO);
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, || zero.run_async(operation_async, tokio::time::sleep, nobody));
    }
    bench.tokio(Row::TokioHandler, || zero.run_async(operation_async, tokio::time::sleep, counted));

    bench.size(0, &policy.run_async(state_of::<0>, tokio::time::sleep, nobody));
    bench.size(256, &policy.run_async(state_of::<256>, tokio::time::sleep, nobody));

    bench.tasks(|| {
        tasks::all(|| async {
            let mut operation = tasks::fails_twice();
            let mut tries = 1;
            loop {
                match operation().await {
                    Err(_) if tries < MAX_TRIES => {
                        tokio::time::sleep(tasks::WAIT).await;
                        tries += 1;
                    }
                    outcome => break outcome,
                }
            }
        })
    });

    for failures in Row::GROWTH {
        let policy = shared(ByHand { max_tries: u32::MAX, ..ByHand::FREE });
        bench.call(Row::Growth("expo", failures), || policy.run(operation, no_sleep, nobody));
    }

    seen_through(bench);

    let max_time = shared(MAX_TIME);
    bench.call(Row::SyncMaxTime, || policy.run_in_time(*max_time, operation, no_time, no_sleep));

    parts::register(bench);

    bench.peer("integers");
    let policy = shared(ByHand::FREE);
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || policy.run_in_integers(operation, no_sleep));
    }

    bench.peer("bare");
    let max_tries = shared(MAX_TRIES);
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || bare(*max_tries));
    }
    bench.call(Row::SyncBuiltInside, || bare(MAX_TRIES));
    for row in [Row::AsyncFirstTry, Row::AsyncThreeFailures, Row::AsyncGivesUp] {
        bench.call(row, || block_on(bare_async(*max_tries)));
    }

    bench.peer("operation");
    bench.call(Row::SyncFirstTry, operation);
    bench.wait(|| Duration::ZERO);
    bench.call(Row::AsyncFirstTry, || block_on(operation_async()));
    bench.tokio(Row::TokioFirstTry, operation_async);
}

/// What one has in a `static`, not hidden from the compiler.
fn seen_through(bench: &mut Bench) {
    static TINY: ByHand = ByHand { first_wait: TINY_WAIT, ..ByHand::FREE };
    static API: ByHand = ByHand::FREE;
    static ZERO: ByHand = ByHand::ZERO;
    for row in [
        Row::StaticSyncFirstTry,
        Row::StaticSyncThreeFailures,
        Row::DecoratedSyncFirstTry,
        Row::DecoratedSyncThreeFailures,
    ] {
        bench.call(row, || TINY.run(operation, thread::sleep, nobody));
    }
    for row in [
        Row::StaticAsyncFirstTry,
        Row::StaticAsyncThreeFailures,
        Row::DecoratedAsyncFirstTry,
        Row::DecoratedAsyncThreeFailures,
    ] {
        bench.call(row, || {
            block_on(API.run_async(|| async { operation() }, no_sleep_async, nobody))
        });
    }
    for row in [Row::StaticTokioFirstTry, Row::StaticTokioThreeFailures] {
        bench.tokio(row, || ZERO.run_async(|| async { operation() }, tokio::time::sleep, nobody));
    }
}

fn bare(max_tries: u32) -> Outcome {
    let mut tries = 1;
    loop {
        match operation() {
            Err(_) if tries < max_tries => tries += 1,
            outcome => return outcome,
        }
    }
}

async fn bare_async(max_tries: u32) -> Outcome {
    let mut tries = 1;
    loop {
        match operation_async().await {
            Err(_) if tries < max_tries => tries += 1,
            outcome => return outcome,
        }
    }
}
