//! A run on smol: `cargo run --bin smol`

use std::time::{Duration, Instant};

use relent::clock::AsyncIo;
use relent::{Jitter, Retry};

fn main() {
    let start = Instant::now();
    let policy =
        Retry::constant(Duration::from_millis(5)).jitter(Jitter::None).max_tries(3).clock(AsyncIo);
    let run = policy
        .on_backoff(|d| {
            println!("try {} failed, waiting {:?} on smol's timer", d.tries, d.wait);
        })
        .into_run_async(async || Err::<(), _>("down"));
    assert_eq!(smol::block_on(smol::spawn(run)), Err("down"));
    assert!(start.elapsed() >= Duration::from_millis(10));
}
