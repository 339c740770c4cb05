//! A policy of any parts needs bounds too; the policy as a whole needs one.
use relent::Retry;

fn load<S, C, H>(retry: &Retry<S, C, H>) -> Result<u32, String> {
    retry.run(|| Ok(7))
}

fn main() {
    drop(load(&Retry::expo()));
}
