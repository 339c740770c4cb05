//! A jitter that is more than the whole wait is found by the compiler.
use relent::{Jitter, Retry};

const API: Retry = Retry::expo().jitter(Jitter::Proportional(1.5));

fn main() {
    let _ = API.run(|| Err::<(), _>("down"));
}
