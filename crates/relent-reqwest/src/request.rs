//! A request that is sent until it succeeds, or the policy gives up.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use relent::clock::AsyncClock;
use relent::condition::{Condition, RetryAfter, RetryIf};
use relent::future::After;
use relent::headers::{IdempotencyKey, is_idempotent};
use relent::observe::{Notify, NotifyBlocking};
use relent::run::{AttemptsAsync, PolicyFor, ShownArgs};
use relent::{Retry, TimedOut, Wait};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Body, Client, Method, Request, RequestBuilder, Response, ResponseBuilderExt};

use crate::error::{Described, Error};

mod sealed {
    pub trait Sealed {}

    impl Sealed for reqwest::RequestBuilder {}
}

/// Adds [`retry`](Self::retry) to [`reqwest::RequestBuilder`]. Sealed.
pub trait RequestBuilderExt: sealed::Sealed {
    /// Sends the request with this policy: awaits an answer, and retries what is worth it.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use relent_reqwest::RequestBuilderExt;
    /// use relent_reqwest::relent::Retry;
    ///
    /// static API: Retry = Retry::expo().max_tries(5).max_time(Duration::from_secs(60));
    ///
    /// async fn user(client: &reqwest::Client, id: u32) -> Result<String, Box<dyn std::error::Error>> {
    ///     let url = format!("https://api.example.com/users/{id}");
    ///     let answer = client.get(url).timeout(Duration::from_secs(10)).retry(&API).await?;
    ///     Ok(answer.error_for_status()?.text().await?)
    /// }
    /// ```
    ///
    /// Takes a reference to any [`Retry`]: a `static`, a field, one in an `Arc` or a `LazyLock`, one with handlers, conditions
    /// and budgets, or a [`BoxedRetry<Response, Error>`](relent::run::BoxedRetry). Only async handlers are not possible.
    fn retry<S, C, H, Z>(self, policy: &Retry<S, C, H, Z>) -> RetryRequest<'_, S, C, H, Z>
    where
        S: Wait<Response, Error>,
        C: Condition<Response, Error>,
        H: Notify<Response, Error> + NotifyBlocking,
        Z: AsyncClock;
}

impl RequestBuilderExt for RequestBuilder {
    fn retry<S, C, H, Z>(self, policy: &Retry<S, C, H, Z>) -> RetryRequest<'_, S, C, H, Z>
    where
        S: Wait<Response, Error>,
        C: Condition<Response, Error>,
        H: Notify<Response, Error> + NotifyBlocking,
        Z: AsyncClock,
    {
        let (client, request) = self.build_split();
        RetryRequest {
            client,
            request,
            policy,
            repeat: Repeat::Idempotent,
            sends_streams: false,
            reads_body: false,
        }
    }
}

/// Which requests may be sent again, after a failure that is worth a retry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// Those with an idempotent method, such as `GET` and `PUT`, and those with a header `Idempotency-Key`.
    #[default]
    Idempotent,
    /// Also those that were surely not sent, since no connection was made.
    Unsent,
    /// All of them: the server carries out a request twice without harm.
    Always,
}

/// A request that is retried: await it. [`RequestBuilderExt::retry`] makes it.
#[must_use = "a request does nothing until it is awaited"]
pub struct RetryRequest<'p, S, C, H, Z> {
    client: Client,
    request: reqwest::Result<Request>,
    policy: &'p Retry<S, C, H, Z>,
    repeat: Repeat,
    sends_streams: bool,
    reads_body: bool,
}

impl<S, C, H, Z> RetryRequest<'_, S, C, H, Z> {
    /// Sets which requests may be sent again. By default, only those that are idempotent.
    ///
    /// ```no_run
    /// # use relent_reqwest::relent::Retry;
    /// # use relent_reqwest::{Repeat, RequestBuilderExt};
    /// # static API: Retry = Retry::expo();
    /// # async fn search(client: reqwest::Client) -> Result<(), relent_reqwest::Error> {
    /// // The server only searches, whatever the method says.
    /// let found = client.post("https://api.example.com/search").body("retry").retry(&API).repeat(Repeat::Always).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Adds a random `Idempotency-Key`, the same in each attempt, by which the server knows the request again. It may then
    /// be sent again, whatever its method is.
    ///
    /// ```no_run
    /// # use relent_reqwest::relent::Retry;
    /// # use relent_reqwest::RequestBuilderExt;
    /// # static API: Retry = Retry::expo();
    /// # async fn pay(client: reqwest::Client) -> Result<(), relent_reqwest::Error> {
    /// let paid = client.post("https://api.example.com/payments").body("100").retry(&API).idempotency_key().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Only for servers that honour that header. A header that the request has already is kept: set one on the builder if the
    /// key must outlive this call.
    pub fn idempotency_key(mut self) -> Self {
        if let Ok(request) = &mut self.request {
            let key = HeaderValue::from_str(IdempotencyKey::new().as_str());
            if let (Ok(key), false) = (key, has_key(request)) {
                request.headers_mut().insert(HeaderName::from_static(IdempotencyKey::HEADER), key);
            }
        }
        self
    }

    /// Sends a request whose body is a stream, once. By default, such a request is refused before it is sent.
    ///
    /// A stream is used up when it is sent, so that there is nothing to send again. To retry it, make the request anew for
    /// each attempt: `API.run_async(|| async { client.put(url).body(open()).send().await })`.
    pub fn send_stream_once(mut self) -> Self {
        self.sends_streams = true;
        self
    }

    /// Reads the whole body within each attempt, so that one that breaks off is retried too. The answer then has it in
    /// memory.
    ///
    /// ```no_run
    /// # use relent_reqwest::relent::Retry;
    /// # use relent_reqwest::RequestBuilderExt;
    /// # static API: Retry = Retry::expo();
    /// # async fn page(client: reqwest::Client) -> Result<String, Box<dyn std::error::Error>> {
    /// let page = client.get("https://example.com").retry(&API).read_body().await?.text().await?;
    /// # Ok(page)
    /// # }
    /// ```
    ///
    /// Otherwise an attempt ends when the headers are there, and an error of the body is yours. Bodies of answers that are
    /// retried are read too, so that their connections can be used again. The size of a body is not limited.
    pub fn read_body(mut self) -> Self {
        self.reads_body = true;
        self
    }
}

fn has_key(request: &Request) -> bool {
    // By an empty one no server knows a request again.
    request.headers().get(IdempotencyKey::HEADER).is_some_and(|key| !key.is_empty())
}

/// The policy, with what is to be known of HTTP.
type Guarded<'p, S, C, H, Z> = GuardedOf<'p, 'p, 'p, 'p, S, C, H, Z>;

/// The same, where each part may be borrowed for a time of its own.
type GuardedOf<'s, 'c, 'h, 'z, S, C, H, Z> = Retry<
    &'s S,
    RetryAfter<RetryIf<&'c C, fn(&Error) -> bool>, fn(&Error) -> Option<Duration>>,
    &'h H,
    &'z Z,
>;

/// A request, as often as it may be sent.
struct Source {
    request: Option<Request>,
    may_repeat: bool,
}

impl Source {
    /// The request for the next attempt. One that is not sent again is not cloned.
    fn next(&mut self) -> Option<Request> {
        if self.may_repeat { self.request.as_ref()?.try_clone() } else { self.request.take() }
    }
}

impl<'p, S, C, H, Z> RetryRequest<'p, S, C, H, Z>
where
    Guarded<'p, S, C, H, Z>:
        PolicyFor<Response, Error, Observer: NotifyBlocking, Clock: AsyncClock>,
{
    /// Same as awaiting it, as a future that is not boxed, and that may be for one thread only.
    ///
    /// # Errors
    ///
    /// Returns the error of the last attempt.
    pub async fn send(self) -> Result<Response, Error> {
        let Self { client, request, policy, repeat, sends_streams, reads_body } = self;
        let request = request.map_err(|error| Error::of_request(None, error))?;
        let described = Described::of(&request);
        let is_stream = request.body().is_some_and(|body| body.as_bytes().is_none());
        if is_stream && !sends_streams {
            return Err(Error::of_stream(&described));
        }
        let is_safe = repeat == Repeat::Always
            || is_idempotent(request.method().as_str())
            || has_key(&request);
        let may_repeat = !is_stream && (is_safe || repeat == Repeat::Unsent);
        let target = target_of(request.method());
        let mut source = Source { request: Some(request), may_repeat };

        let policy: Guarded<'p, S, C, H, Z> = policy
            .by_ref()
            .retry_if(Error::is_retryable as fn(&Error) -> bool)
            .retry_after(Error::wait as fn(&Error) -> Option<Duration>);
        let attempts =
            AttemptsAsync::<_, Response, Error, _>::describing(policy, target, described.clone());
        let mut attempts = attempts.leave_time_for_attempts();
        loop {
            let left = attempts.remaining();
            let request = source.next();
            let attempt = attempts.attempt(async {
                let request = request.ok_or_else(|| Error::sent_again(&described))?;
                let outcome = attempt(&client, request, &described, reads_body).await;
                outcome.map_err(|error| {
                    let is_safe = is_safe || error.is_connect();
                    error.retryable_if(may_repeat && is_safe)
                })
            });
            let outcome = match left {
                Some(left) => {
                    let error = |timed_out: TimedOut| Error::of_deadline(&described, timed_out);
                    attempt.within_with(left, error).await
                }
                None => attempt.await,
            };
            if let ControlFlow::Break(end) = attempts.after(outcome).await {
                return end.or_else(Error::into_result);
            }
        }
    }
}

/// One attempt.
async fn attempt(
    client: &Client,
    request: Request,
    described: &Described,
    reads_body: bool,
) -> Result<Response, Error> {
    let outcome = client.execute(request).await;
    let outcome = match outcome {
        Ok(answer) if reads_body => with_body(answer).await,
        outcome => outcome,
    };
    Error::of_answer(described, outcome.map_err(|error| Error::of_request(Some(described), error))?)
}

/// The same answer, with its body in memory.
async fn with_body(answer: Response) -> reqwest::Result<Response> {
    // The URL is not a part of `http::Response`, and only its builder takes one.
    let url = http::Response::builder().url(answer.url().clone()).body(());
    let (mut head, body) = http::Response::<Body>::from(answer).into_parts();
    if let Ok(url) = url {
        head.extensions.extend(url.into_parts().0.extensions);
    }
    let body = Response::from(http::Response::new(body)).bytes().await?;
    Ok(http::Response::from_parts(head, body).into())
}

fn target_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        "QUERY" => "QUERY",
        _ => "request",
    }
}

/// The bounds are for any lifetimes, since the compiler forgets them before it checks whether a future is `Send`.
impl<'p, S, C, H, Z> IntoFuture for RetryRequest<'p, S, C, H, Z>
where
    for<'s, 'c, 'h, 'z> GuardedOf<'s, 'c, 'h, 'z, S, C, H, Z>:
        PolicyFor<Response, Error, Observer: NotifyBlocking, Clock: AsyncClock<Timer: Send>>,
    for<'a, 's, 'c, 'h, 'z> After<'a, GuardedOf<'s, 'c, 'h, 'z, S, C, H, Z>, Response, Error, ShownArgs<Described>>:
        Send,
    S: Sync + 'p,
    C: Sync + 'p,
    H: Sync + 'p,
    Z: Sync + 'p,
{
    type Output = Result<Response, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send + 'p>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<S, C, H, Z> fmt::Debug for RetryRequest<'_, S, C, H, Z> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.request.as_ref().ok().map(Described::of);
        f.debug_struct("RetryRequest")
            .field("request", &request)
            .field("repeat", &self.repeat)
            .field("sends_streams", &self.sends_streams)
            .field("reads_body", &self.reads_body)
            .finish_non_exhaustive()
    }
}
