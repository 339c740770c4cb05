//! A bad number in a static is found by the compiler.
use relent::Retry;

static API: Retry = Retry::expo().max_tries(0);

fn main() {
    let _ = API.run(|| Err::<(), _>("down"));
}
