//! a method in the `impl` of a trait, `async`
#![allow(dead_code, unused_imports)]

use others::*;

trait Get {
    async fn get(&self, body: &str) -> Result<u32, Failed>;
}

struct Client;

impl Get for Client {
    #[cfg_attr(feature = "relent", relent::retry(expo, max_tries = 3))]
    #[cfg_attr(feature = "backon-macros", backon_macros::backon)]
    #[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
    #[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
    async fn get(&self, body: &str) -> Result<u32, Failed> {
        send(body)
    }
}

fn main() {}
