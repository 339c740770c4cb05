//! a closure that decides what is retried
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(expo, retry_if = |e| e.to_string() == "failed"))]
#[cfg_attr(
    feature = "backon-macros",
    backon_macros::backon(when = |e: &Failed| e.to_string() == "failed")
)]
#[cfg_attr(
    feature = "retry-if",
    retry_if::retry(CONFIG, |outcome: &Result<u32, Failed>| outcome.is_err())
)]
async fn get(body: &str) -> Result<u32, Failed> {
    send(body)
}

fn main() {}
