//! An async closure is awaited, not run.
use relent::Retry;

fn main() {
    let _ = Retry::expo().run(async || Err::<(), _>("down"));
}
