//! tokio-retry2.

use std::time::Duration;

use tokio_retry2::strategy::{ExponentialFactorBackoff, FixedInterval, jitter};
use tokio_retry2::{Retry, RetryError};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{Failure, MAX_TRIES, count_backoff, operation_async};
use crate::tasks;

fn expo(first_wait: u64) -> ExponentialFactorBackoff {
    ExponentialFactorBackoff::from_millis(first_wait, 2.0).max_delay(Duration::from_secs(10))
}

fn waits(expo: &ExponentialFactorBackoff) -> impl Iterator<Item = Duration> + use<> {
    expo.clone().map(jitter).take(MAX_TRIES as usize - 1)
}

async fn transient() -> Result<u32, RetryError<Failure>> {
    operation_async().await.map_err(RetryError::transient)
}

async fn transient_state<const N: usize>() -> Result<u32, RetryError<Failure>> {
    state_of::<N>().await.map_err(RetryError::transient)
}

pub fn register(bench: &mut Bench) {
    bench.peer("tokio-retry2");
    let policy = shared(expo(100));
    bench.call(Row::AsyncFirstTry, || block_on(Retry::spawn(waits(policy), transient)));

    let mut endless = policy.clone().map(jitter);
    bench.wait(move || endless.next().expect("one more wait"));

    let zero = shared(expo(0));
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, || Retry::spawn(waits(zero), transient));
    }
    bench.tokio(Row::TokioHandler, || {
        Retry::spawn_notify(waits(zero), transient, |_: &_, _| count_backoff())
    });

    bench.size(0, &Retry::spawn(waits(policy), transient_state::<0>));
    bench.size(256, &Retry::spawn(waits(policy), transient_state::<256>));

    bench.tasks(|| {
        tasks::all(|| {
            let mut operation = tasks::fails_twice();
            let waits = FixedInterval::new(tasks::WAIT).take(MAX_TRIES as usize - 1);
            let condition = |_: &Failure| true;
            let nobody = |_: &Failure, _: Duration| {};
            tokio_retry2::RetryIf::spawn(
                waits,
                move || {
                    let outcome = operation();
                    async { outcome.await.map_err(RetryError::transient) }
                },
                condition,
                nobody,
            )
        })
    });
}
