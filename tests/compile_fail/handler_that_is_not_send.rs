//! Policies are shared by threads, and their handlers with them. An observer need not be `Send`.
use std::cell::RefCell;
use std::rc::Rc;

use relent::Retry;

fn main() {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let policy = Retry::expo().on_backoff(|d| lines.borrow_mut().push(d.tries));
    let _ = policy.run(|| Err::<(), _>("down"));
}
