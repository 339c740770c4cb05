//! `return` in the body, of an error
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(expo, first_wait = "1ms", max_tries = 3))]
#[cfg_attr(feature = "backon-macros", backon_macros::backon(backoff = policy))]
#[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
#[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
async fn get(body: &str) -> Result<u32, Failed> {
    begins();
    if body.is_empty() {
        return Err(Failed);
    }
    send(body)
}

fn main() {
    expect_three_attempts(get(""));
}
