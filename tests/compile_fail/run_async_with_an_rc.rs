//! The futures of `RunAsync` are `Send`. For others there is `RunLocal`.
use std::rc::Rc;

use relent::run::RunAsync;

async fn load(retry: impl RunAsync<u32, String>) -> Result<u32, String> {
    let id = Rc::new(7);
    retry.run_async(|| async { Ok(*id) }).await
}

fn main() {
    drop(load(relent::Retry::expo()));
}
