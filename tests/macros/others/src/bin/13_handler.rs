//! a closure that is called before each wait
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(
    feature = "relent",
    relent::retry(expo, on_backoff = |d| eprintln!("{:?}: {:?}", d.error(), d.wait))
)]
#[cfg_attr(
    feature = "backon-macros",
    backon_macros::backon(notify = |e: &Failed, wait| eprintln!("{e:?}: {wait:?}"))
)]
async fn get(body: &str) -> Result<u32, Failed> {
    send(body)
}

fn main() {}
