//! A bad number in a static is found by the compiler.
use relent::{Jitter, Retry};

static API: Retry = Retry::expo().jitter(Jitter::Proportional(1.5));

fn main() {
    let _ = API.run(|| Err::<(), _>("down"));
}
