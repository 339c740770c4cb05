//! An attempt that took too long must be an error of the operation's.

use std::time::Duration;

use relent::Retry;

#[derive(Debug)]
struct ApiError;

async fn fetch() -> Result<(), ApiError> {
    let timed = Retry::expo();
    timed.attempt_timeout(Duration::from_secs(5)).run_async(async || Err(ApiError)).await
}

fn main() {
    drop(fetch());
}
