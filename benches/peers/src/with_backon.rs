//! backon.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::time::Duration;

use backon::{BackoffBuilder, BlockingRetryable, ConstantBuilder, ExponentialBuilder, Retryable};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{ATTEMPT_TIMEOUT, MAX_TRIES, count_backoff, operation, operation_async};
use crate::tasks;

fn expo() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_factor(2.0)
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(MAX_TRIES as usize - 1)
        .with_jitter()
}

fn no_sleep(wait: Duration) {
    black_box(wait);
}

fn no_sleep_async(wait: Duration) -> Ready<()> {
    black_box(wait);
    ready(())
}

pub fn register(bench: &mut Bench) {
    bench.peer("backon");
    let policy = shared(expo());
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || BlockingRetryable::retry(operation, *policy).sleep(no_sleep).call());
    }
    bench.call(Row::SyncBuiltInside, || {
        BlockingRetryable::retry(operation, expo()).sleep(no_sleep).call()
    });
    bench.call(Row::SyncHandler, || {
        BlockingRetryable::retry(operation, *policy)
            .sleep(no_sleep)
            .notify(|_, _| count_backoff())
            .call()
    });

    let mut waits = expo().without_max_times().build();
    bench.wait(move || waits.next().expect("one more wait"));

    for row in [Row::AsyncFirstTry, Row::AsyncThreeFailures, Row::AsyncGivesUp] {
        bench.call(row, || {
            block_on(async { operation_async.retry(*policy).sleep(no_sleep_async).await })
        });
    }
    bench.call(Row::AsyncHandler, || {
        block_on(async {
            operation_async
                .retry(*policy)
                .sleep(no_sleep_async)
                .notify(|_, _| count_backoff())
                .await
        })
    });

    let zero = shared(expo().with_min_delay(Duration::ZERO));
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, move || async move { operation_async.retry(*zero).await });
    }
    bench.tokio(Row::TokioHandler, move || async move {
        operation_async.retry(*zero).notify(|_, _| count_backoff()).await
    });

    bench.size(0, &state_of::<0>.retry(*policy));
    bench.size(256, &state_of::<256>.retry(*policy));

    bench.tasks(|| {
        const CONSTANT: ConstantBuilder =
            ConstantBuilder::new().with_delay(tasks::WAIT).with_max_times(MAX_TRIES as usize - 1);
        tasks::all(|| async { tasks::fails_twice().retry(CONSTANT).await })
    });

    parts(bench);
}

/// What has to be written beside it, or is a part of it. It reads no clock, and cannot be cancelled.
fn parts(bench: &mut Bench) {
    let policy = shared(expo());
    for row in [Row::LogOffFirstTry, Row::LogOffThreeFailures] {
        bench.call(row, || {
            BlockingRetryable::retry(operation, *policy)
                .sleep(no_sleep)
                .notify(|error, wait| log::info!("Backing off operation for {wait:?} ({error})"))
                .call()
        });
    }
    for row in [Row::TracingOffFirstTry, Row::TracingOffThreeFailures] {
        bench.call(row, || {
            BlockingRetryable::retry(operation, *policy)
                .sleep(no_sleep)
                .notify(|error, wait| tracing::info!(target = "operation", ?wait, %error, "backing off"))
                .call()
        });
    }
    for row in [Row::InlineSyncFirstTry, Row::InlineSyncThreeFailures] {
        bench.call(row, || {
            let mut waits = policy.build();
            loop {
                match operation() {
                    Ok(value) => break Ok(value),
                    Err(error) => match waits.next() {
                        Some(wait) => no_sleep(wait),
                        None => break Err(error),
                    },
                }
            }
        });
    }
    for row in [Row::InlineAsyncFirstTry, Row::InlineAsyncThreeFailures] {
        bench.call(row, || {
            block_on(async {
                let mut waits = policy.build();
                loop {
                    match operation_async().await {
                        Ok(value) => break Ok(value),
                        Err(error) => match waits.next() {
                            Some(wait) => no_sleep_async(wait).await,
                            None => break Err(error),
                        },
                    }
                }
            })
        });
    }
    let zero = shared(expo().with_min_delay(Duration::ZERO));
    for row in [Row::TimeoutFirstTry, Row::TimeoutThreeFailures] {
        bench.tokio(row, move || async move {
            let in_time = || async {
                let outcome = tokio::time::timeout(ATTEMPT_TIMEOUT, operation_async()).await;
                outcome.unwrap_or_else(|elapsed| Err(elapsed.into()))
            };
            in_time.retry(*zero).await
        });
    }
}
