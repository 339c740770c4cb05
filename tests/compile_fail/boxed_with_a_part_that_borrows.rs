//! The parts of a boxed policy are `'static`.
use relent::Retry;

fn main() {
    let mut tries = Vec::new();
    let policy = Retry::expo().on_backoff(|d| tries.push(d.tries)).boxed();
    let _ = policy.run(|| Err::<(), _>("down"));
}
