//! `until` is about another value than the operation's.
use relent::Retry;

fn main() {
    let policy = Retry::expo().until(|n: &u32| *n > 1);
    let _ = policy.run(|| Ok::<String, ()>("up".into()));
}
