//! Policies of every kind, as programs keep them; and that their futures can be spawned.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use relent::condition::{AnyError, RetryIf};
use relent::run::BoxedRetry;
use relent::wait::Expo;
use relent::{Budget, Cancel, Jitter, Retry, Schedule};
use relent_reqwest::{Error, RequestBuilderExt};
use reqwest::Response;

use crate::server::{OK, Server, Turn};
use crate::{MILLI, QUICK, client};

const DOWN: Turn = Turn::Answer("503 Service Unavailable", &[]);

fn is_not_500(error: &Error) -> bool {
    error.status().is_none_or(|status| status != 500)
}

type ApiRetry = Retry<Expo, RetryIf<AnyError, fn(&Error) -> bool>>;

static LAZY: LazyLock<ApiRetry> =
    LazyLock::new(|| QUICK.retry_if(is_not_500 as fn(&Error) -> bool));
static BUDGET: Budget = Budget::new();

#[tokio::test]
async fn every_kind_of_policy_works_and_can_be_spawned() {
    let arc = Arc::new(QUICK);
    let boxed: Arc<BoxedRetry<Response, Error>> =
        Arc::new(QUICK.retry_if(is_not_500).on_backoff(|_| ()).boxed());
    let budgeted = Arc::new(QUICK.budget(&BUDGET));
    let chosen = Arc::new(Retry::new(Schedule::Expo(Expo::new(MILLI, 2.0))).max_tries(3));
    let cancel = Cancel::new();
    let cancelled = Arc::new(QUICK.cancelled_by(&cancel));
    let punctual = Arc::new(QUICK.max_time(Duration::from_secs(60)).no_attempt_after_deadline());

    macro_rules! each {
        ($($policy:expr),*) => { $({
            let server = Server::new(&[DOWN, Turn::Reset, OK]).await;
            let policy = $policy;
            let url = server.url();
            let task = tokio::spawn(async move { client().get(url).retry(&policy).await });
            assert_eq!(task.await.unwrap().unwrap().status(), 200, stringify!($policy));
        })* };
    }
    each!(
        QUICK,
        arc.clone(),
        boxed.clone(),
        budgeted.clone(),
        chosen.clone(),
        cancelled.clone(),
        punctual.clone()
    );
    let server = Server::new(&[DOWN, Turn::Reset, OK]).await;
    let task = tokio::spawn(client().get(server.url()).retry(&LAZY).into_future());
    assert_eq!(task.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_policy_that_borrows_works_where_it_is() {
    let backoffs = Mutex::new(Vec::new());
    let limit = 500;
    let policy = QUICK
        .retry_if(|e: &Error| e.status().is_none_or(|status| status.as_u16() != limit))
        .on_backoff(|d| backoffs.lock().unwrap().push(d.tries));
    let server = Server::new(&[DOWN, Turn::Answer("500 _", &[])]).await;
    let answer = client().get(server.url()).retry(&policy).await.unwrap();
    assert_eq!(answer.status(), 500);
    drop(policy);
    assert_eq!(backoffs.into_inner().unwrap(), [1]);
}

/// A client as programs write it, generic over nothing.
struct Api {
    client: reqwest::Client,
    retry: BoxedRetry<Response, Error>,
}

impl Api {
    async fn get(&self, url: &str) -> Result<u16, Error> {
        Ok(self.client.get(url).retry(&self.retry).await?.status().as_u16())
    }
}

#[tokio::test]
async fn a_client_may_keep_its_policy_in_a_field() {
    let server = Server::new(&[DOWN, OK]).await;
    let api =
        Arc::new(Api { client: client(), retry: QUICK.on_giveup(|d| eprintln!("{d}")).boxed() });
    let task = tokio::spawn(async move { api.get(&server.url()).await });
    assert_eq!(task.await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn a_cancelled_run_returns_its_last_answer() {
    let server = Server::new(&[DOWN, OK]).await;
    let cancel = Cancel::new();
    let policy =
        Retry::constant(Duration::from_secs(60)).jitter(Jitter::None).cancelled_by(&cancel);
    let policy = policy.on_backoff(|_| cancel.cancel());
    let answer = client().get(server.url()).retry(&policy).await.unwrap();
    assert_eq!((answer.status().as_u16(), server.connections()), (503, 1));
}

/// Counts back-offs, on one thread.
struct Count<'c>(&'c std::cell::Cell<u32>);
impl<T, E> relent::Observe<T, E> for Count<'_> {
    fn on_backoff(&self, _: &relent::Details<'_, T, E>) {
        self.0.set(self.0.get() + 1);
    }
}

#[tokio::test]
async fn a_policy_for_one_thread_is_sent_without_a_box() {
    let server = Server::new(&[DOWN, OK]).await;
    let seen = std::cell::Cell::new(0);
    let policy = QUICK.observe(Count(&seen));
    assert_eq!(client().get(server.url()).retry(&policy).send().await.unwrap().status(), 200);
    assert_eq!(seen.get(), 1);
}
