//! An operation that cannot fail is polled, not run.
use relent::Retry;

fn main() {
    let _ = Retry::expo().run(|| 7);
}
