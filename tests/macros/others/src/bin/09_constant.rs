//! the number of tries, from a constant
#![allow(dead_code, unused_imports)]

use others::*;

const TRIES: u32 = 3;

#[cfg_attr(feature = "relent", relent::retry(expo, max_tries = TRIES))]
#[cfg_attr(
    feature = "backon-macros",
    backon_macros::backon(backoff = backon::ExponentialBuilder::new().with_max_times(TRIES as usize - 1))
)]
#[cfg_attr(
    feature = "retry-if",
    retry_if::retry(ExponentialBackoffConfig { max_retries: TRIES as i32 - 1, ..CONFIG }, is_err)
)]
#[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(TRIES)))]
async fn get(body: &str) -> Result<u32, Failed> {
    send(body)
}

fn main() {}
