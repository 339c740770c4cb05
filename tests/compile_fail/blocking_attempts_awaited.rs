//! `attempts` waits by blocking the thread; `attempts_async` is awaited.
use std::ops::ControlFlow::Break;

use relent::Retry;

async fn call() -> Result<(), &'static str> {
    let policy = Retry::expo();
    let mut attempts = policy.attempts();
    loop {
        if let Break(end) = attempts.after(Err("down")).await {
            break end;
        }
    }
}

fn main() {
    drop(call());
}
