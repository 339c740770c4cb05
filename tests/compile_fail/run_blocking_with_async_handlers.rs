//! A blocking run cannot await handlers.
use relent::Retry;
use relent::run::RunBlocking;

fn load(retry: &impl RunBlocking<u32, String>) -> Result<u32, String> {
    retry.run(|| Ok(7))
}

fn main() {
    let policy = Retry::expo().on_backoff_async(|_| async {});
    drop(load(&policy));
}
