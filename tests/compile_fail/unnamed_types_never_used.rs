//! A policy with handlers that no operation ever gives types to.
use relent::Retry;

fn main() {
    let policy = Retry::expo().on_backoff(|d| println!("{}", d.tries));
    drop(policy);
}
