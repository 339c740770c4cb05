//! The loops that one would write by hand for what else a policy can have: one loop for each part, with only that part.

use std::fmt::Display;
use std::future::Future;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{ByHand, no_sleep, no_sleep_async};
use crate::bench::{Bench, block_on, shared};
use crate::rows::Row;
use crate::script::{
    ATTEMPT_TIMEOUT, Failure, MAX_TIME, Outcome, TINY_WAIT, operation, operation_async,
};

/// What a run returns that says how it ended.
type Explained<T, E> = Result<(T, u32, Duration), (E, u32, Duration)>;

impl ByHand {
    /// The time is limited, on the system's clock.
    fn run_until_late<T, E>(
        &self,
        max_time: Duration,
        mut operation: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = Instant::now();
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation() {
                Err(error) => {
                    let left = max_time.saturating_sub(begin.elapsed());
                    if tries == self.max_tries || left.is_zero() {
                        return Err(error);
                    }
                    thread::sleep(self.jittered(wait).min(left));
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn run_explained<T, E>(&self, mut operation: impl FnMut() -> Result<T, E>) -> Explained<T, E> {
        let begin = Instant::now();
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation() {
                Ok(value) => return Ok((value, tries, begin.elapsed())),
                Err(_) if tries < self.max_tries => {
                    thread::sleep(self.jittered(wait));
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                Err(error) => return Err((error, tries, begin.elapsed())),
            }
        }
    }

    fn run_logged<T, E: Display>(
        &self,
        name: &str,
        mut operation: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation() {
                Err(error) if tries < self.max_tries => {
                    let jittered = self.jittered(wait);
                    log::info!("Backing off {name} for {jittered:?} ({error})");
                    no_sleep(jittered);
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                Err(error) => {
                    log::error!("Giving up {name} after {tries} tries ({error})");
                    return Err(error);
                }
                success => return success,
            }
        }
    }

    fn run_traced<T, E: Display>(
        &self,
        name: &str,
        mut operation: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            tracing::trace!(target = name, tries, "trying");
            match operation() {
                Err(error) if tries < self.max_tries => {
                    let jittered = self.jittered(wait);
                    tracing::info!(target = name, tries, wait = ?jittered, %error, "backing off");
                    no_sleep(jittered);
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                Err(error) => {
                    tracing::error!(target = name, tries, %error, "giving up");
                    return Err(error);
                }
                success => {
                    tracing::debug!(target = name, tries, "succeeded");
                    return success;
                }
            }
        }
    }

    async fn run_with_timeouts<T, E, F>(
        &self,
        most: Duration,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<tokio::time::error::Elapsed>,
    {
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            let in_time = tokio::time::timeout(most, operation()).await;
            match in_time.unwrap_or_else(|elapsed| Err(elapsed.into())) {
                Err(error) if tries < self.max_tries => {
                    drop(error);
                    tokio::time::sleep(self.jittered(wait)).await;
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The last outcome is kept during the waits, to be returned if one is cancelled.
    async fn run_until_cancelled<T, E, F>(
        &self,
        token: &CancellationToken,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut wait = self.first_wait;
        let mut tries = 1;
        loop {
            match operation().await {
                Err(error) if tries < self.max_tries => {
                    let sleep = tokio::time::sleep(self.jittered(wait));
                    if token.run_until_cancelled(sleep).await.is_none() {
                        return Err(error);
                    }
                    wait = wait.saturating_mul(2);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

fn in_line(policy: &ByHand) -> Outcome {
    let mut wait = policy.first_wait;
    let mut tries = 1;
    loop {
        match operation() {
            Err(_) if tries < policy.max_tries => {
                no_sleep(policy.jittered(wait));
                wait = wait.saturating_mul(2);
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn in_line_async(policy: &ByHand) -> Outcome {
    let mut wait = policy.first_wait;
    let mut tries = 1;
    loop {
        match operation_async().await {
            Err(_) if tries < policy.max_tries => {
                no_sleep_async(policy.jittered(wait)).await;
                wait = wait.saturating_mul(2);
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

pub fn register(bench: &mut Bench) {
    static TINY: ByHand = ByHand { first_wait: TINY_WAIT, ..ByHand::FREE };
    static ZERO: ByHand = ByHand::ZERO;
    for row in [Row::ClockMaxTimeFirstTry, Row::ClockMaxTimeThreeFailures] {
        bench.call(row, || TINY.run_until_late(MAX_TIME, operation));
    }
    bench.call(Row::ClockExplainFirstTry, || -> Outcome {
        match black_box(TINY.run_explained(operation)) {
            Ok((value, ..)) => Ok(value),
            Err((error, ..)) => Err(error),
        }
    });

    let policy = shared(ByHand::FREE);
    for row in [Row::LogOffFirstTry, Row::LogOffThreeFailures] {
        bench.call(row, || policy.run_logged("operation", operation));
    }
    for row in [Row::TracingOffFirstTry, Row::TracingOffThreeFailures] {
        bench.call(row, || policy.run_traced("operation", operation));
    }
    for row in [Row::MetricsOffFirstTry, Row::MetricsOffThreeFailures] {
        bench.call(row, || policy.run(operation, no_sleep, |_, _| ()));
    }
    for row in [Row::InlineSyncFirstTry, Row::InlineSyncThreeFailures] {
        bench.call(row, || in_line(policy));
    }
    for row in [Row::InlineAsyncFirstTry, Row::InlineAsyncThreeFailures] {
        bench.call(row, || block_on(in_line_async(policy)));
    }

    for row in [Row::TimeoutFirstTry, Row::TimeoutThreeFailures] {
        bench.tokio(row, || {
            ZERO.run_with_timeouts::<u32, Failure, _>(ATTEMPT_TIMEOUT, operation_async)
        });
    }
    let token = shared(CancellationToken::new());
    for row in [Row::CancelFirstTry, Row::CancelThreeFailures] {
        bench.tokio(row, || ZERO.run_until_cancelled(token, operation_async));
    }
}
