//! A run on compio, where neither the timer nor what an attempt uses is `Send`: `cargo run --bin compio`

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use relent::clock::AsyncFnClock;
use relent::{Jitter, Retry};

/// The connection of one thread, to a server that is busy twice.
struct Connection(RefCell<u32>);

impl Connection {
    async fn fetch(&self) -> Result<&'static str, &'static str> {
        compio::time::sleep(Duration::from_millis(1)).await;
        let calls = self.0.replace_with(|calls| *calls + 1);
        if calls < 2 { Err("busy") } else { Ok("hello") }
    }
}

#[compio::main]
async fn main() {
    let start = Instant::now();
    let clock = AsyncFnClock::new(move || start.elapsed(), compio::time::sleep);
    let policy =
        Retry::constant(Duration::from_millis(5)).jitter(Jitter::None).max_tries(5).clock(clock);

    let connection = Rc::new(Connection(RefCell::new(0)));
    let run = policy
        .on_backoff(|d| println!("try {} failed, waiting {:?} on compio's timer", d.tries, d.wait))
        .into_run_async(move || {
            let connection = Rc::clone(&connection);
            async move { connection.fetch().await }
        });
    let text = compio::runtime::spawn(run).await.expect("no panic");
    assert_eq!(text, Ok("hello"));
    assert!(start.elapsed() >= Duration::from_millis(10));
    println!("fetched {:?}", text.unwrap());
}
