//! The policy's handler is for another error than the bound's.
use std::io;

use relent::run::RunBlocking;
use relent::{Details, Retry};

fn load(retry: &impl RunBlocking<u32, String>) -> Result<u32, String> {
    retry.run(|| Ok(7))
}

fn main() {
    let policy = Retry::expo().on_backoff(|d: &Details<'_, u32, io::Error>| println!("{}", d.tries));
    drop(load(&policy));
}
