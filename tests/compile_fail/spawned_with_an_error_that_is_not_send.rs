//! A run that can be cancelled keeps its last outcome through its waits.
use std::rc::Rc;

use relent::{Cancel, Retry};

fn spawn(_: impl Future + Send + 'static) {}

fn main() {
    let policy = Retry::expo().cancelled_by(&Cancel::new());
    spawn(policy.into_run_async(async || Err::<(), Rc<str>>("down".into())));
}
