//! A bad number in a const is found by the compiler.
use relent::Retry;

const API: Retry = Retry::expo().factor(-1.0);

fn main() {
    let _ = API.run(|| Err::<(), _>("down"));
}
