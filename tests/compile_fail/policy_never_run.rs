//! A policy that is not run does nothing.
#![deny(unused_must_use)]
use relent::Retry;

fn main() {
    Retry::expo().max_tries(5).retry_if(|e: &String| e.is_empty());
}
