//! An async closure that changes what it captures lends it to its future.
use relent::Retry;

async fn call() -> Result<u32, &'static str> {
    let mut calls = 0;
    Retry::expo()
        .run_async(async || {
            calls += 1;
            if calls < 3 { Err("busy") } else { Ok(calls) }
        })
        .await
}

fn main() {
    drop(call());
}
