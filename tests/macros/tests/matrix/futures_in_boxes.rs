//! Functions that return futures: the loop is in the future.
#![expect(clippy::manual_async_fn, reason = "that form is what is tested")]

use std::future::Future;
use std::pin::Pin;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};
use relent::retry;

use crate::support::{Fault, NOTED, flaky, same_local, same_spawned};

#[retry(*NOTED)]
fn impl_future(number: u32) -> impl Future<Output = Result<u32, Fault>> + Send {
    async move {
        tokio::task::yield_now().await;
        flaky().map(|value| value + number)
    }
}

#[retry(*NOTED)]
fn with_statements(text: &str) -> impl Future<Output = Result<usize, Fault>> + use<> {
    let text = text.to_owned();
    async move {
        flaky()?;
        Ok(text.len())
    }
}

#[retry(*NOTED)]
fn box_future(text: &str) -> BoxFuture<'_, Result<&str, Fault>> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        flaky()?;
        Ok(text)
    })
}

#[retry(*NOTED)]
fn boxed_by_a_method(text: String) -> BoxFuture<'static, Result<usize, Fault>> {
    async move {
        flaky()?;
        Ok(text.len())
    }
    .boxed()
}

#[retry(*NOTED)]
fn pin_box(text: &str) -> Pin<Box<dyn Future<Output = Result<&str, Fault>> + Send + '_>> {
    Box::pin(async move {
        flaky()?;
        Ok(text)
    })
}

#[retry(*NOTED)]
fn local(number: u32) -> LocalBoxFuture<'static, Result<u32, Fault>> {
    async move { flaky().map(|value| value + number) }.boxed_local()
}

#[retry(*NOTED, clone(text))]
fn consumed(text: String) -> impl Future<Output = Result<Vec<u8>, Fault>> {
    async move {
        flaky()?;
        Ok(text.into_bytes())
    }
}

struct Client {
    calls: u32,
}

impl Client {
    #[retry(*NOTED)]
    fn method(&mut self) -> impl Future<Output = Result<u32, Fault>> + Send + use<'_> {
        async move {
            self.calls += 1;
            tokio::task::yield_now().await;
            flaky()
        }
    }

    #[retry(*NOTED)]
    fn by_value(self) -> BoxFuture<'static, Result<u32, Fault>> {
        Box::pin(async move { flaky().map(|value| value + self.calls) })
    }
}

#[test]
fn functions() {
    same_spawned(|| impl_future(1));
    same_spawned(|| with_statements("a"));
    same_spawned(|| box_future("a"));
    same_spawned(|| boxed_by_a_method("a".into()));
    same_spawned(|| pin_box("a"));
    same_spawned(|| consumed("a".into()));
    same_spawned(|| async { Client { calls: 0 }.method().await });
    same_spawned(|| Client { calls: 0 }.by_value());
    same_local(|| local(1));
}
