//! The observer wants errors that can be displayed.
use std::fmt::Display;

use relent::{Observe, Retry};

struct Log;

impl<T, E: Display> Observe<T, E> for Log {}

struct Opaque;

fn main() {
    let _ = Retry::expo().observe(Log).run(|| Err::<(), _>(Opaque));
}
