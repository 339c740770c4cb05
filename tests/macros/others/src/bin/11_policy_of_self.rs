//! a policy that is a field of `self`
#![allow(dead_code, unused_imports)]

use others::*;

struct Client {
    relent: relent::Retry,
    backon: backon::ExponentialBuilder,
    retry_if: ExponentialBackoffConfig,
}

impl Client {
    #[cfg_attr(feature = "relent", relent::retry(self.relent))]
    #[cfg_attr(feature = "backon-macros", backon_macros::backon(backoff = self.backon))]
    #[cfg_attr(feature = "retry-if", retry_if::retry(self.retry_if, is_err))]
    async fn get(&self, body: &str) -> Result<u32, Failed> {
        send(body)
    }
}

fn main() {}
