//! Async handlers cannot be boxed.
use relent::Retry;
use relent::run::BoxedRetry;

fn main() {
    let _: BoxedRetry<u32, String> = Retry::expo().on_backoff_async(|_| async {}).boxed();
}
