//! a `&mut` argument, `async`
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(expo, max_tries = 3))]
#[cfg_attr(feature = "backon-macros", backon_macros::backon(context = true))]
#[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
#[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
async fn get(body: &str, calls: &mut u32) -> Result<u32, Failed> {
    *calls += 1;
    send(body)
}

fn main() {}
