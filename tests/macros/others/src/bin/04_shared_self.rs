//! a method with `&self`, `async`
#![allow(dead_code, unused_imports)]

use others::*;

struct Client(String);

impl Client {
    #[cfg_attr(feature = "relent", relent::retry(expo, max_tries = 3))]
    #[cfg_attr(feature = "backon-macros", backon_macros::backon)]
    #[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
    #[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
    async fn get(&self) -> Result<u32, Failed> {
        send(&self.0)
    }
}

fn main() {}
