//! `attempts_async` is awaited.
use std::ops::ControlFlow::Break;

use relent::Retry;

async fn call() -> Result<(), &'static str> {
    let policy = Retry::expo();
    let mut attempts = policy.attempts_async();
    loop {
        if let Break(end) = attempts.after(Err("down")) {
            break end;
        }
    }
}

fn main() {
    drop(call());
}
