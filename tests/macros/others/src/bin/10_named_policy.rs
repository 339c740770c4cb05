//! a policy that has a name
#![allow(dead_code, unused_imports)]

use others::*;

static POLICY: relent::Retry = relent::Retry::expo().max_tries(3);

#[cfg_attr(feature = "relent", relent::retry(POLICY))]
#[cfg_attr(feature = "backon-macros", backon_macros::backon(backoff = policy))]
#[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
async fn get(body: &str) -> Result<u32, Failed> {
    send(body)
}

fn main() {}
