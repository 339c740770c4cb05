//! A jitter is a function of the wait.
use std::time::Duration;

use relent::{Jitter, Retry};

fn main() {
    let _ = Retry::expo().jitter(Jitter::Custom(|| Duration::from_secs(1)));
}
