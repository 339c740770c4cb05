//! tryhard, which has no jitter.

use std::future::ready;
use std::time::Duration;

use tryhard::backoff_strategies::ExponentialBackoff;
use tryhard::{NoOnRetry, RetryFutureConfig, retry_fn};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{Failure, MAX_TRIES, count_backoff, operation_async};
use crate::tasks;

fn expo(first_wait: Duration) -> RetryFutureConfig<ExponentialBackoff, NoOnRetry> {
    RetryFutureConfig::new(MAX_TRIES - 1)
        .exponential_backoff(first_wait)
        .max_delay(Duration::from_secs(10))
}

pub fn register(bench: &mut Bench) {
    bench.peer("tryhard");
    let policy = shared(expo(Duration::from_millis(100)));
    bench.call(Row::AsyncFirstTry, || block_on(retry_fn(operation_async).with_config(*policy)));

    let zero = shared(expo(Duration::ZERO));
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, || retry_fn(operation_async).with_config(*zero));
    }
    bench.tokio(Row::TokioHandler, || {
        // It spawns a task for what the handler returns.
        let counted = |_: u32, _: Option<Duration>, _: &Failure| {
            count_backoff();
            ready(())
        };
        retry_fn(operation_async).with_config(zero.on_retry(counted))
    });

    bench.size(0, &retry_fn(state_of::<0>).with_config(*policy));
    bench.size(256, &retry_fn(state_of::<256>).with_config(*policy));

    bench.tasks(|| {
        tasks::all(|| {
            retry_fn(tasks::fails_twice()).retries(MAX_TRIES - 1).fixed_backoff(tasks::WAIT)
        })
    });
}
