//! An async handler reads the details first: its future cannot borrow them.
use relent::{Details, Retry};

async fn call() -> Result<(), &'static str> {
    let policy = Retry::expo().on_backoff_async(|d: &Details<'_, (), &'static str>| async move {
        println!("{}", d.tries);
    });
    policy.run_async(async || Err("down")).await
}

fn main() {
    drop(call());
}
