//! the number of tries and the first wait, written in place
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(expo, max_tries = 3, first_wait = "100ms"))]
#[cfg_attr(
    feature = "backon-macros",
    backon_macros::backon(
        backoff = backon::ExponentialBuilder::new()
            .with_max_times(2)
            .with_min_delay(std::time::Duration::from_millis(100))
    )
)]
#[cfg_attr(
    feature = "retry-if",
    retry_if::retry(
        ExponentialBackoffConfig { max_retries: 2, t_wait: std::time::Duration::from_millis(100), ..CONFIG },
        is_err
    )
)]
#[cfg_attr(
    feature = "retrying",
    retrying::retry(stop = attempts(3), wait = exponential(multiplier = 0.1))
)]
async fn get(body: &str) -> Result<u32, Failed> {
    send(body)
}

fn main() {}
