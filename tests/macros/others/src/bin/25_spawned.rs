//! the future is `Send`, with an argument that is not `Sync`
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(expo, max_tries = 3))]
#[cfg_attr(feature = "backon-macros", backon_macros::backon(context = true))]
#[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
#[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
async fn get(calls: std::cell::Cell<u32>) -> Result<u32, Failed> {
    calls.set(calls.get() + 1);
    send("17")
}

fn is_send(_: impl Send) {}

fn main() {
    is_send(get(std::cell::Cell::new(0)));
}
