//! tokio-retry.

use std::time::Duration;

use tokio_retry::Retry;
use tokio_retry::strategy::{ExponentialBackoff, FixedInterval, jitter};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{MAX_TRIES, count_backoff, operation_async};
use crate::tasks;

/// Its exponent is also its base: 2 ms, 4 ms and so on, each times the factor.
fn expo(factor: u64) -> ExponentialBackoff {
    ExponentialBackoff::from_millis(2).factor(factor).max_delay(Duration::from_secs(10))
}

fn waits(expo: &ExponentialBackoff) -> impl Iterator<Item = Duration> + use<> {
    expo.clone().map(jitter).take(MAX_TRIES as usize - 1)
}

pub fn register(bench: &mut Bench) {
    bench.peer("tokio-retry");
    let policy = shared(expo(50));
    bench.call(Row::AsyncFirstTry, || block_on(Retry::start(waits(policy), operation_async)));

    let mut endless = policy.clone().map(jitter);
    bench.wait(move || endless.next().expect("one more wait"));

    let zero = shared(expo(0));
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, || Retry::start(waits(zero), operation_async));
    }
    bench.tokio(Row::TokioHandler, || {
        // Its way to be told of a back-off.
        Retry::start(waits(zero).inspect(|_| count_backoff()), operation_async)
    });

    bench.size(0, &Retry::start(waits(policy), state_of::<0>));
    bench.size(256, &Retry::start(waits(policy), state_of::<256>));

    bench.tasks(|| {
        tasks::all(|| {
            let waits = FixedInterval::new(tasks::WAIT).take(MAX_TRIES as usize - 1);
            Retry::start(waits, tasks::fails_twice())
        })
    });
}
