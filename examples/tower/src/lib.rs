//! What is worth a retry over HTTP: a policy and a rule for requests, which the tests put into a client and a server.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use relent::run::BoxedRetry;
use relent::service::standard;
use relent::{Jitter, headers};

/// The policy of a client whose responses have bodies of type `B`: with a budget, and obedient to `Retry-After`.
///
/// The waits are short, so that the tests are.
pub fn policy<B, E>(
    on_event: impl Fn(String) + Clone + Send + Sync + 'static,
) -> Arc<BoxedRetry<Response<B>, E>>
where
    B: 'static,
    E: Error + 'static,
{
    let on_giveup = on_event.clone();
    let policy = standard()
        .first_wait(Duration::from_millis(5))
        .jitter(Jitter::Equal)
        .target("the upstream")
        .until(|response: &Response<B>| !matches!(response.status().as_u16(), 429 | 502..=504))
        .retry_after_value(|response: &Response<B>| headers::retry_after(response.headers()))
        .max_asked_wait(Duration::from_secs(2))
        .on_backoff(move |d| on_event(format!("{d}")))
        .on_giveup(move |d| on_giveup(format!("{d}")));
    Arc::new(policy.boxed())
}

/// Clones a request that may be sent twice: its method is idempotent, or it has a key by which the server knows it
/// again.
#[must_use]
pub fn repeat(request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
    let may_repeat =
        request.method().is_idempotent() || request.headers().contains_key("idempotency-key");
    may_repeat.then(|| request.clone())
}
