//! A wait of zero in a static is found by the compiler.
use std::time::Duration;

use relent::Retry;

static API: Retry = Retry::expo().max_wait(Duration::ZERO);

fn main() {
    let _ = API.run(|| Err::<(), _>("down"));
}
