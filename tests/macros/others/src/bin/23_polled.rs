//! a plain value that is polled until it is accepted
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(constant("2s"), until = |progress| *progress >= 100))]
#[cfg_attr(feature = "backon-macros", backon_macros::backon)]
#[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_small))]
#[cfg_attr(feature = "retrying", retrying::retry(wait = fixed(2)))]
async fn progress(job: &str) -> u32 {
    send(job).unwrap_or(0)
}

fn main() {}
