//! Waits that are random already have no jitter.
use relent::wait::Decorrelated;
use relent::{Jitter, Retry};
use std::time::Duration;

static API: Retry<Decorrelated> =
    Retry::decorrelated(Duration::from_millis(100)).jitter(Jitter::Equal);

fn main() {
    let _ = API.run(|| Err::<(), _>("down"));
}
