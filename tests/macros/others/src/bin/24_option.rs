//! an `Option`, with `?` in the body
#![allow(dead_code, unused_imports)]

use others::*;

#[cfg_attr(feature = "relent", relent::retry(expo, until = Option::is_some))]
#[cfg_attr(feature = "backon-macros", backon_macros::backon)]
#[cfg_attr(feature = "retry-if", retry_if::retry(CONFIG, is_none))]
#[cfg_attr(feature = "retrying", retrying::retry(stop = attempts(3)))]
async fn first(body: &str) -> Option<char> {
    let first = body.chars().next()?;
    Some(first.to_ascii_uppercase())
}

fn main() {}
