//! A future that is not awaited does nothing.
#![deny(unused_must_use)]
use relent::Retry;

fn main() {
    Retry::expo().run_async(async || Err::<(), _>("down"));
}
