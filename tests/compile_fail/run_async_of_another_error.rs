//! The policy's condition is about another error than the bound's.
use std::io;

use relent::Retry;
use relent::run::RunAsync;

async fn load(retry: impl RunAsync<u32, String>) -> Result<u32, String> {
    retry.run_async(|| async { Ok(7) }).await
}

fn main() {
    let policy = Retry::expo().retry_if(|e: &io::Error| e.kind() == io::ErrorKind::TimedOut);
    drop(load(policy));
}
