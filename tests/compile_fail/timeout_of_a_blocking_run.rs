//! A call that blocks cannot be interrupted.

use std::io;
use std::time::Duration;

use relent::Retry;

fn main() -> io::Result<()> {
    Retry::expo().attempt_timeout(Duration::from_secs(5)).run(|| Ok::<_, io::Error>(()))
}
