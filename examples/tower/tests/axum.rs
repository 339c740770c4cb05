//! An axum service: one whose handlers call an upstream through a client with the layer, and one with the layer on its
//! routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use relent::Retry;
use relent::run::BoxedRetry;
use relent::service::{ByFn, RetryLayer, RetryService};
use relent::wait::Constant;
use relent_tower_example::{policy, repeat};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};

type Http = Client<HttpConnector, Full<Bytes>>;
type Upstream = RetryService<
    Http,
    Arc<BoxedRetry<Response<hyper::body::Incoming>, hyper_util::client::legacy::Error>>,
    ByFn<fn(&Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>>>,
>;

/// In the state of a router: its type has a name, and is `Clone + Send + Sync + 'static`.
#[derive(Clone)]
struct App {
    upstream: Upstream,
    url: String,
}

async fn user(State(App { upstream, url }): State<App>) -> Result<Bytes, StatusCode> {
    let request = Request::get(url).body(Full::default()).map_err(|_| StatusCode::BAD_REQUEST)?;
    let response = upstream.oneshot(request).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let body = response.into_body().collect().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(body.to_bytes())
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// Fails twice.
fn flaky(calls: &Arc<AtomicU32>) -> Router {
    let calls = Arc::clone(calls);
    Router::new().fallback(move |body: Bytes| async move {
        match calls.fetch_add(1, Relaxed) {
            0 | 1 => (StatusCode::SERVICE_UNAVAILABLE, Bytes::new()),
            _ => (StatusCode::OK, [b"user 7 ", &body[..]].concat().into()),
        }
    })
}

async fn send(router: Router, method: Method, body: &'static str) -> (StatusCode, Bytes) {
    let request = Request::builder().method(method).uri("/").body(Body::from(body)).unwrap();
    let response = router.oneshot(request).await.unwrap();
    (response.status(), response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_handler_calls_an_upstream_with_retries() {
    let calls = Arc::new(AtomicU32::new(0));
    let url = serve(flaky(&calls)).await;
    let client: Http = Client::builder(TokioExecutor::new()).build_http();
    let layer = RetryLayer::new(policy(|line| println!("{line}"))).clone_by(repeat as fn(&_) -> _);
    let app = App { upstream: layer.layer(client), url };
    let router = Router::new().route("/", get(user)).with_state(app);
    assert_eq!(send(router, Method::GET, "").await, (StatusCode::OK, "user 7 ".into()));
    assert_eq!(calls.load(Relaxed), 3);
}

/// A body of axum cannot be cloned, and is not read here: only requests without one are repeated.
fn without_body(request: &Request<Body>) -> Option<Request<Body>> {
    use axum::body::HttpBody;
    let is_empty = request.body().is_end_stream();
    (is_empty && request.method().is_safe()).then(|| {
        let mut clone = Request::new(Body::empty());
        *clone.method_mut() = request.method().clone();
        *clone.uri_mut() = request.uri().clone();
        clone.headers_mut().clone_from(request.headers());
        clone.extensions_mut().clone_from(request.extensions());
        clone
    })
}

#[tokio::test]
async fn a_layer_on_routes_repeats_what_it_may() {
    static ROUTES: Retry<Constant> = Retry::constant(Duration::from_millis(1)).max_tries(5);

    let calls = Arc::new(AtomicU32::new(0));
    let policy = ROUTES.until(|response: &Response<Body>| !response.status().is_server_error());
    let layer = RetryLayer::new(Arc::new(policy)).clone_by(without_body);
    let router = flaky(&calls).layer(layer);
    assert_eq!(send(router.clone(), Method::GET, "").await, (StatusCode::OK, "user 7 ".into()));
    assert_eq!(calls.swap(0, Relaxed), 3);
    let refused = (StatusCode::SERVICE_UNAVAILABLE, Bytes::new());
    assert_eq!(send(router.clone(), Method::POST, "a").await, refused);
    assert_eq!(send(router.clone(), Method::GET, "a").await, refused);
    assert_eq!(send(router, Method::POST, "a").await, (StatusCode::OK, "user 7 a".into()));
    assert_eq!(calls.load(Relaxed), 3);
}
