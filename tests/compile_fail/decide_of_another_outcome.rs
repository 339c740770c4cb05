//! The outcome is not of the type that the condition is about.
use std::io;

use relent::{Progress, Retry};

fn main() {
    let policy = Retry::expo().retry_if(|e: &io::Error| e.kind() == io::ErrorKind::TimedOut);
    let _ = policy.decide(&mut Progress::default(), &Err::<(), _>("down"));
}
