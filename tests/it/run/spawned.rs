//! `run_with_async` in a spawned async block, whatever its arguments borrow (rust-lang/rust#126551).

use std::borrow::Cow;
use std::sync::Arc;

use relent::run::{BoxedRetry, RunAsync, RunLocal};
use relent::{Cancel, Details, Retry};

use crate::support::yields;

static API: Retry = Retry::expo().max_tries(3);

#[derive(Clone, Debug, PartialEq)]
struct Request<'a> {
    path: &'a str,
    body: Cow<'a, str>,
}

async fn get(url: &str) -> Result<usize, &'static str> {
    yields(1).await;
    if url.is_empty() { Err("no url") } else { Ok(url.len()) }
}

/// Spawns calls with each kind of argument.
macro_rules! spawn_each {
    ($policy:expr) => {{
        let text = tokio::spawn(async {
            let policy = $policy;
            policy.run_with_async("url", |url| async move { get(url).await }).await
        });
        assert_eq!(text.await.unwrap(), Ok(3));

        let pair = tokio::spawn(async {
            let (policy, client) = ($policy, Arc::new(String::from("client")));
            let call = |(url, client): (&'static str, Arc<String>)| async move {
                get(url).await.map(|n| n + client.len())
            };
            policy.run_with_async(("url", client), call).await
        });
        assert_eq!(pair.await.unwrap(), Ok(9));

        let owned = tokio::spawn(async {
            let policy = $policy;
            let call = |url: String| async move { get(&url).await };
            policy.run_with_async(String::from("url"), call).await
        });
        assert_eq!(owned.await.unwrap(), Ok(3));

        let lifetime = tokio::spawn(async {
            let (policy, body) = ($policy, String::from("body"));
            let request = Request { path: "path", body: Cow::Borrowed(&body) };
            let call = |request: Request<'_>| {
                let (path, length) = (request.path.len(), request.body.len());
                async move { get("url").await.map(|n| n + path + length) }
            };
            policy.run_with_async(request, call).await
        });
        assert_eq!(lifetime.await.unwrap(), Ok(11));

        let is_static = tokio::spawn(async {
            let request = Request { path: "path", body: Cow::Borrowed("body") };
            let policy = $policy;
            policy.run_with_async(request, |request| async move { get(request.path).await }).await
        });
        assert_eq!(is_static.await.unwrap(), Ok(4));

        let local = tokio::spawn(async {
            let (policy, url) = ($policy, String::from("local"));
            policy.run_with_async(url.as_str(), |_| async move { get("url").await }).await
        });
        assert_eq!(local.await.unwrap(), Ok(3));

        let fails = tokio::spawn(async {
            let policy = $policy;
            policy.run_with_async("", |url| async move { get(url).await }).await
        });
        assert_eq!(fails.await.unwrap(), Err("no url"));
    }};
}

#[tokio::test(start_paused = true)]
async fn a_static_policy_is_called_with_arguments_that_borrow() {
    spawn_each!(&API);
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_handlers_is_called_with_arguments_that_borrow() {
    spawn_each!(Retry::expo().max_tries(3).on_backoff(|_: &Details<'_, usize, &str>| {}));
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_async_handlers_is_called_with_arguments_that_borrow() {
    spawn_each!(
        Retry::expo().max_tries(3).on_backoff_async(|_: &Details<'_, usize, &str>| yields(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_can_be_cancelled_is_called_with_arguments_that_borrow() {
    spawn_each!(Retry::expo().max_tries(3).cancelled_by(&Cancel::new()));
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_run_options_is_called_with_arguments_that_borrow() {
    spawn_each!(API.show_args());
}

/// Any policy, called through its bound.
///
/// Its method is no `async fn`: whether the future of one is `Send` is asked where its types are known and their
/// lifetimes are not, and the compiler then cannot show that the closure takes the arguments.
struct Any<P>(P);

impl<P: RunAsync<usize, &'static str>> Any<P> {
    fn run_with_async<A, F, Fut>(
        &self,
        args: A,
        call: F,
    ) -> impl Future<Output = Result<usize, &'static str>> + Send
    where
        A: Clone + Send,
        F: FnMut(A) -> Fut + Send,
        Fut: Future<Output = Result<usize, &'static str>> + Send,
    {
        self.0.run_with_async(args, call)
    }
}

#[tokio::test(start_paused = true)]
async fn any_policy_is_called_with_arguments_that_borrow() {
    spawn_each!(Any(&API));
    spawn_each!(Any(Arc::new(Retry::expo().max_tries(3))));
    spawn_each!(Any(Retry::expo().max_tries(3).boxed()));
    spawn_each!(Any(Retry::expo().max_tries(3).cancelled_by(&Cancel::new())));
}

#[tokio::test(start_paused = true)]
async fn a_policy_whose_type_has_a_name_is_called_with_arguments_that_borrow() {
    struct Service<P> {
        retry: P,
    }

    impl Service<BoxedRetry<usize, &'static str>> {
        async fn get(&self, url: &str) -> Result<usize, &'static str> {
            self.retry.run_with_async((self, url), |(_, url)| async move { get(url).await }).await
        }
    }

    impl Service<Retry> {
        async fn get(&self, url: &str) -> Result<usize, &'static str> {
            self.retry.run_with_async((self, url), |(_, url)| async move { get(url).await }).await
        }
    }

    let service = Service { retry: Retry::expo().max_tries(3).boxed() };
    let task = tokio::spawn(async move { service.get("url").await });
    assert_eq!(task.await.unwrap(), Ok(3));
    let service = Service { retry: API };
    let task = tokio::spawn(async move { service.get("url").await });
    assert_eq!(task.await.unwrap(), Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_client_of_any_policy_borrows_what_it_is_called_with() {
    struct Client<P> {
        retry: P,
        host: &'static str,
    }

    impl<P: RunAsync<usize, &'static str>> Client<P> {
        fn get(&self, url: &str) -> impl Future<Output = Result<usize, &'static str>> + Send {
            let call = |(host, url): (&'static str, _)| async move {
                get(url).await.map(|length| host.len() + length)
            };
            self.retry.run_with_async((self.host, url), call)
        }

        fn ping(&self) -> impl Future<Output = Result<usize, &'static str>> + Send {
            self.retry.run_async(|| get(self.host))
        }
    }

    let client = Client { retry: API, host: "host" };
    let task = tokio::spawn(async move { (client.get("url").await, client.ping().await) });
    assert_eq!(task.await.unwrap(), (Ok(7), Ok(4)));
}

// Rust 1.85 takes the future of a generic policy for one of a single lifetime.
#[rustversion::since(1.95)]
#[tokio::test(start_paused = true)]
async fn a_bounded_policy_is_called_in_the_task_itself() {
    fn spawn<P>(policy: P) -> tokio::task::JoinHandle<Result<usize, &'static str>>
    where
        P: RunAsync<usize, &'static str> + Send + 'static,
    {
        tokio::spawn(async move {
            policy.run_with_async("url", |url| async move { get(url).await }).await
        })
    }
    assert_eq!(spawn(API).await.unwrap(), Ok(3));
    assert_eq!(spawn(Retry::expo().cancelled_by(&Cancel::new())).await.unwrap(), Ok(3));
}

#[tokio::test(start_paused = true)]
async fn arguments_of_one_thread_are_cloned_for_each_attempt_of_a_local_run() {
    let url = std::rc::Rc::new(String::from("url"));
    let run = RunLocal::run_with_local(&API, &url, |url| async move { get(url).await });
    assert_eq!(run.await, Ok(3));
}
