//! A predicate answers at once: one that returns a future would never be awaited.
use relent::Retry;

fn main() {
    let _ = Retry::expo().until(async |value: &bool| *value);
}
