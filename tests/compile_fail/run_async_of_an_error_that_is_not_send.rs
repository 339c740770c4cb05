//! The same through a bound.
use std::rc::Rc;

use relent::run::RunAsync;
use relent::{Cancel, Retry};

async fn load(retry: impl RunAsync<u32, Rc<str>>) -> Result<u32, Rc<str>> {
    retry.run_async(|| async { Ok(7) }).await
}

fn main() {
    let policy = Retry::expo().cancelled_by(&Cancel::new());
    drop(load(policy));
}
