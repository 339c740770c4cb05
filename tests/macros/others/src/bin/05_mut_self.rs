//! a method with `&mut self`, `async`
#![allow(dead_code, unused_imports)]

use others::*;

struct Client(u32);

impl Client {
    #[cfg_attr(feature = "relent", relent::retry(expo, max_tries = 3))]
    #[cfg_attr(feature = "backon-macros", backon_macros::backon)]
    #[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_err))]
    #[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
    async fn get(&mut self, body: &str) -> Result<u32, Failed> {
        self.0 += 1;
        send(body)
    }
}

fn main() {}
