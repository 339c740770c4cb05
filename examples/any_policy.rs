//! A client that accepts any policy: a plain one by default, one chosen by configuration at run time, and a mock in
//! tests: `cargo run --example any_policy`

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use relent::Retry;
use relent::run::{AttemptFn, BoxedRetry, RunAsync, RunLocal};

#[derive(Debug, PartialEq)]
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("busy")
    }
}

/// A client of a service that is busy twice.
struct Client<P = Retry> {
    retry: P,
    requests: AtomicU32,
}

impl<P: RunAsync<String, Busy>> Client<P> {
    fn new(retry: P) -> Self {
        Self { retry, requests: AtomicU32::new(0) }
    }

    async fn user(&self, id: u32) -> Result<String, Busy> {
        self.retry.run_async(|| self.request(id)).await
    }

    async fn request(&self, id: u32) -> Result<String, Busy> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        match self.requests.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(Busy),
            _ => Ok(format!("user {id}")),
        }
    }
}

/// Parses a strategy and the maximum number of tries, such as `expo 5`. The policies are of different types: `boxed`
/// makes them the same.
fn policy(config: &str) -> Result<BoxedRetry<String, Busy>, Box<dyn Error>> {
    if config == "none" {
        return Ok(Retry::expo().max_tries(1).boxed());
    }
    let (strategy, tries) = config.split_once(' ').ok_or("no number of tries")?;
    let tries = tries.parse()?;
    match strategy {
        "expo" => {
            let policy = Retry::expo().try_max_tries(tries)?.target("the user service");
            Ok(policy.on_backoff(|d| println!("{d}")).boxed())
        }
        "fibo" => Ok(Retry::fibo().try_max_tries(tries)?.boxed()),
        _ => Err(format!("no such strategy: {strategy}").into()),
    }
}

/// A policy for tests: counts runs, and makes a single attempt in each.
#[derive(Default)]
struct Mock {
    runs: AtomicU32,
}

impl<T, E> RunAsync<T, E> for Mock {
    async fn run_async<F>(&self, mut operation: F) -> Result<T, E>
    where
        F: AttemptFn<T, E, Attempt: Send> + Send,
    {
        self.runs.fetch_add(1, Ordering::Relaxed);
        operation().await
    }
}

// Required by `RunAsync`: the same without `Send`.
impl<T, E> RunLocal<T, E> for Mock {
    async fn run_local<F: AttemptFn<T, E>>(&self, mut operation: F) -> Result<T, E> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        operation().await
    }
}

// On tokio's paused clock, waiting takes no time.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    // `Client` alone is a client with a plain policy. Any client can be spawned.
    let client: Client = Client::new(Retry::expo());
    let task = tokio::spawn(async move { client.user(7).await });
    assert_eq!(task.await?, Ok(String::from("user 7")));

    // All configured clients have the same type.
    let mut users = Vec::new();
    for config in ["expo 5", "fibo 3", "fibo 2", "none"] {
        let client: Client<BoxedRetry<String, Busy>> = Client::new(policy(config)?);
        let user = tokio::spawn(async move { client.user(8).await }).await?;
        println!("{config}: {user:?}");
        users.push(user.is_ok());
    }
    assert_eq!(users, [true, true, false, false]);

    // A bad configuration is an error, and not a panic.
    for config in ["expo 0", "random 3"] {
        let refused = policy(config).err().unwrap();
        println!("{config}: {refused}");
    }

    // In a test, the mock shows that the client makes its requests through the policy.
    let client = Client::new(Mock::default());
    assert_eq!(client.user(9).await, Err(Busy));
    assert_eq!(client.retry.runs.into_inner(), 1);
    assert_eq!(client.requests.into_inner(), 1);
    Ok(())
}
