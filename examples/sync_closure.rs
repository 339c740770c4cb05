//! Wraps a closure in a sync program: `cargo run --example sync_closure`

use std::io::{Error, ErrorKind};
use std::time::Duration;

use relent::Retry;

fn main() -> Result<(), Error> {
    // A sync program needs no tokio: `default-features = false, features = ["std"]`.
    let policy = Retry::expo().first_wait(Duration::from_millis(10)).max_tries(5);

    // The closure may change what it captures, and what the last call returns comes back as it is.
    let mut calls = 0;
    let text = policy.run(|| {
        calls += 1;
        read(calls)
    })?;
    assert_eq!((text.as_str(), calls), ("ready", 3));

    // The same policy again, and an error that no patience helps against.
    let mut calls = 0;
    let outcome = policy.retry_if(|e: &Error| e.kind() == ErrorKind::ResourceBusy).run(|| {
        calls += 1;
        Err::<(), _>(Error::from(ErrorKind::PermissionDenied))
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(calls, 1);

    println!("read {text:?} at the third try");
    Ok(())
}

/// Something that is busy at first.
fn read(call: u32) -> Result<String, Error> {
    if call < 3 { Err(ErrorKind::ResourceBusy.into()) } else { Ok(String::from("ready")) }
}
