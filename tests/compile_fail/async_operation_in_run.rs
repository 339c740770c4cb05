//! An async operation is awaited, not run.
use relent::Retry;

async fn fetch() -> Result<(), &'static str> {
    Err("down")
}

fn main() {
    let _ = Retry::expo().run(|| fetch());
}
