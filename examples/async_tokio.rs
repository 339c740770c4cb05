//! Awaits a retried future in a tokio program, and spawns one: `cargo run --example async_tokio`

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use relent::Retry;

static POLICY: Retry = Retry::expo().first_wait(Duration::from_millis(10)).max_tries(5);

/// A client of a service that is busy twice.
#[derive(Default)]
struct Client {
    requests: AtomicU32,
}

impl Client {
    async fn get(&self, id: u32) -> Result<String, &'static str> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        match self.requests.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err("busy"),
            _ => Ok(format!("user {id}")),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Awaited on the spot, it may borrow whatever is around it.
    let client = Client::default();
    let user = POLICY
        .on_backoff(|d| println!("try {}: {}", d.tries, d.error().unwrap()))
        .run_async(|| client.get(7))
        .await?;
    assert_eq!(user, "user 7");
    assert_eq!(client.requests.into_inner(), 3);

    // A spawned future owns what it uses: the policy by `into_run_async`, a client for each attempt.
    let client = Arc::new(Client::default());
    let task = tokio::spawn(POLICY.into_run_async(move || {
        let client = Arc::clone(&client);
        async move { client.get(8).await }
    }));
    assert_eq!(task.await??, "user 8");

    // Or an async block owns the client, and the attempts borrow it.
    let client = Client::default();
    let task = tokio::spawn(async move { POLICY.run_async(|| client.get(9)).await });
    assert_eq!(task.await??, "user 9");

    // It is cancelled as any future is: by dropping it.
    let down = Retry::expo().forever().into_run_async(async || Err::<(), _>("down"));
    assert!(tokio::time::timeout(Duration::from_millis(50), down).await.is_err());

    println!("got three users, and gave up on a fourth");
    Ok(())
}
