//! Methods of traits: plain, async, and by `async_trait`.

use std::cell::Cell;
use std::future::Future;

use async_trait::async_trait;
use relent::retry;

use crate::support::{Fault, NOTED, Noted, flaky, noted, same, same_local, same_spawned};

struct Client {
    policy: Noted,
    connection: Cell<u32>,
}

impl Client {
    fn new() -> Self {
        Self { policy: noted(), connection: Cell::new(0) }
    }
}

trait Fetch {
    type Item;

    fn fetch(&self, id: u32) -> Result<Self::Item, Fault>;

    #[retry(*NOTED)]
    fn provided(&self, id: u32) -> Result<Self::Item, Fault> {
        self.fetch(id)
    }
}

impl Fetch for Client {
    type Item = u32;

    #[retry(self.policy)]
    fn fetch(&self, id: u32) -> Result<Self::Item, Fault> {
        flaky().map(|value| value + id)
    }
}

struct Other;

impl Fetch for Other {
    type Item = u32;

    fn fetch(&self, id: u32) -> Result<u32, Fault> {
        flaky().map(|value| value + id)
    }
}

trait FetchAsync {
    fn fetch(&mut self, id: u32) -> impl Future<Output = Result<u32, Fault>> + Send;
}

impl FetchAsync for Client {
    #[retry(*NOTED)]
    async fn fetch(&mut self, id: u32) -> Result<u32, Fault> {
        self.connection.set(id);
        tokio::task::yield_now().await;
        flaky()
    }
}

#[allow(async_fn_in_trait)]
trait Native {
    async fn get(&self) -> Result<u32, Fault>;

    #[retry(*NOTED)]
    async fn provided(&self) -> Result<u32, Fault> {
        self.get().await
    }
}

impl Native for Other {
    async fn get(&self) -> Result<u32, Fault> {
        flaky()
    }
}

#[async_trait]
trait Boxed {
    async fn by_reference(&self, id: u32) -> Result<u32, Fault>;
    async fn by_mutable_reference(&mut self, text: &str, owned: String) -> Result<usize, Fault>;
    async fn generic<T: Send + Sync + Clone>(&self, value: &T) -> Result<T, Fault>;
    async fn pattern(&self, pair: (u32, u32)) -> Result<u32, Fault>;
    async fn consumed(&self, text: String) -> Result<Vec<u8>, Fault>;
    async fn associated(cell: Cell<u32>) -> Result<u32, Fault>;
    async fn by_value(self) -> Result<u32, Fault>;
    async fn cloned(self) -> Result<Self, Fault>
    where
        Self: Sized;

    #[retry(*NOTED)]
    async fn provided(&mut self) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        flaky()
    }
}

struct Service {
    policy: Noted,
    name: String,
    calls: u32,
}

impl Service {
    fn new() -> Self {
        Self { policy: noted(), name: "service".into(), calls: 0 }
    }
}

impl Clone for Service {
    fn clone(&self) -> Self {
        Self::new()
    }
}

#[async_trait]
impl Boxed for Service {
    #[retry(self.policy)]
    async fn by_reference(&self, id: u32) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        if id == 0 {
            return Err(Fault);
        }
        flaky().map(|value| value + id)
    }

    #[retry(*NOTED, show(text, owned))]
    async fn by_mutable_reference(&mut self, text: &str, owned: String) -> Result<usize, Fault> {
        self.calls += 1;
        tokio::task::yield_now().await;
        flaky()?;
        Ok(text.len() + owned.len())
    }

    #[retry(self.policy)]
    async fn generic<T: Send + Sync + Clone>(&self, value: &T) -> Result<T, Fault> {
        flaky()?;
        Ok(value.clone())
    }

    #[retry(*NOTED)]
    async fn pattern(&self, (one, other): (u32, u32)) -> Result<u32, Fault> {
        flaky().map(|value| value + one + other)
    }

    #[retry(self.policy, clone(text))]
    async fn consumed(&self, text: String) -> Result<Vec<u8>, Fault> {
        flaky()?;
        Ok(text.into_bytes())
    }

    #[retry(*NOTED)]
    async fn associated(cell: Cell<u32>) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        flaky().map(|value| value + cell.get())
    }

    #[retry(*NOTED)]
    async fn by_value(self) -> Result<u32, Fault> {
        flaky().map(|value| value + self.calls)
    }

    #[retry(*NOTED, clone(self))]
    async fn cloned(self) -> Result<Self, Fault> {
        flaky()?;
        Ok(Self { name: self.name, ..Self::new() })
    }
}

#[test]
fn plain_traits() {
    same(|| Client::new().fetch_plain());
    same(|| Other.provided_plain());
}

impl Client {
    fn fetch_plain(&self) -> Result<u32, Fault> {
        Fetch::fetch(self, 1)
    }
}

impl Other {
    fn provided_plain(&self) -> Result<u32, Fault> {
        Fetch::provided(self, 1)
    }
}

#[test]
fn async_traits() {
    same_spawned(|| async { FetchAsync::fetch(&mut Client::new(), 1).await });
    same_local(|| async { Native::provided(&Other).await });
}

#[test]
fn boxed_by_async_trait() {
    same_spawned(|| async { Service::new().by_reference(1).await });
    same_spawned(|| async { Service::new().by_mutable_reference("a", "b".into()).await });
    same_spawned(|| async { Service::new().generic(&1).await });
    same_spawned(|| async { Service::new().pattern((1, 2)).await });
    same_spawned(|| async { Service::new().consumed("a".into()).await });
    same_spawned(|| Service::associated(Cell::new(1)));
    same_spawned(|| Service::new().by_value());
    same_spawned(|| async { Service::new().cloned().await.map(drop) });
    same_spawned(|| async { Service::new().provided().await });
}
