//! Shares a policy: a `static` one for operations of any type, one in a struct, and one with
//! handlers among threads: `cargo run --example shared_policy`

use std::cell::Cell;
use std::fmt;
use std::num::ParseIntError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use relent::Retry;
use relent::condition::{AnyError, RetryIf};
use relent::wait::Expo;

/// One policy for the whole program. A bad number in it would be a compile error.
static POLICY: Retry = Retry::expo().first_wait(Duration::from_millis(5)).max_tries(4);

#[derive(Debug, PartialEq)]
enum ApiError {
    Busy,
    NotFound,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Busy { "busy" } else { "not found" })
    }
}

/// The condition's type has a name because its function is a function pointer.
type RetryBusy = RetryIf<AnyError, fn(&ApiError) -> bool>;

/// A client that keeps its policy in a field.
struct Client {
    retry: Retry<Expo, RetryBusy>,
    requests: Cell<u32>,
}

impl Client {
    fn new() -> Self {
        let is_busy: fn(&ApiError) -> bool = |e| *e == ApiError::Busy;
        Self { retry: POLICY.retry_if(is_busy), requests: Cell::new(0) }
    }

    fn get(&self, id: u32) -> Result<u32, ApiError> {
        self.retry.run(|| {
            self.requests.set(self.requests.get() + 1);
            match self.requests.get() {
                1 | 2 => Err(ApiError::Busy),
                _ if id == 0 => Err(ApiError::NotFound),
                _ => Ok(id),
            }
        })
    }
}

fn main() {
    // Other values, other errors, the same policy.
    let number: Result<i32, ParseIntError> = POLICY.run(|| "17".parse());
    let text: Result<String, fmt::Error> = POLICY.run(|| Ok(String::from("text")));
    assert_eq!((number, text), (Ok(17), Ok(String::from("text"))));

    // A field.
    let client = Client::new();
    assert_eq!(client.get(7), Ok(7));
    assert_eq!(client.get(0), Err(ApiError::NotFound));
    assert_eq!(client.requests.get(), 4);

    // Handlers belong to one pair of types. Such a policy is shared by reference or in an `Arc`.
    let backoffs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&backoffs);
    let policy = Arc::new(POLICY.on_backoff(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    }));
    let threads: Vec<_> = (0..4)
        .map(|id| {
            let policy = Arc::clone(&policy);
            thread::spawn(move || {
                let mut calls = 0;
                policy.run(|| {
                    calls += 1;
                    if calls == 1 { Err(ApiError::Busy) } else { Ok(id) }
                })
            })
        })
        .collect();
    for (id, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), Ok(id));
    }
    assert_eq!(backoffs.load(Ordering::Relaxed), 4);

    println!("one policy served two types, a client and four threads");
}
