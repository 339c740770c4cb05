//! A run on an executor that has no timer: `cargo run --bin any_executor`

use std::time::{Duration, Instant};

use relent::clock::FuturesTimer;
use relent::{Jitter, Retry};

fn main() {
    let start = Instant::now();
    let policy = Retry::constant(Duration::from_millis(5))
        .jitter(Jitter::None)
        .max_tries(3)
        .clock(FuturesTimer);
    let run = policy
        .on_backoff(|d| {
            println!("try {} failed, waiting {:?} on a thread of its own", d.tries, d.wait);
        })
        .into_run_async(async || Err::<(), _>("down"));
    assert_eq!(futures::executor::block_on(run), Err("down"));
    assert!(start.elapsed() >= Duration::from_millis(10));
}
