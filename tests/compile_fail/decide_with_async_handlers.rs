//! `decide` cannot await handlers.
use relent::{Progress, Retry};

fn main() {
    let policy = Retry::expo().on_backoff_async(|_| async {});
    let _ = policy.decide(&mut Progress::default(), &Err::<(), _>("down"));
}
