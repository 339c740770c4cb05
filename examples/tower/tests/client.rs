//! A client of hyper-util with layers of tower and tower-http around and inside of the retries, and a scripted server.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use relent::service::RetryLayer;
use relent_tower_example::{policy, repeat};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};
use tower_http::set_header::SetRequestHeaderLayer;

type Body = hyper::body::Incoming;

/// What the server answers, in order, and what it was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<Vec<(u16, Option<&'static str>)>>,
    asked: Mutex<Vec<(Method, HeaderMap, Bytes)>>,
}

async fn answer(
    State(script): State<Arc<Script>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    script.asked.lock().unwrap().push((method, headers, body));
    let mut answers = script.answers.lock().unwrap();
    let (status, retry_after) = if answers.is_empty() { (200, None) } else { answers.remove(0) };
    let mut headers = HeaderMap::new();
    if let Some(wait) = retry_after {
        headers.insert("retry-after", HeaderValue::from_static(wait));
    }
    (StatusCode::from_u16(status).unwrap(), headers, "body")
}

async fn serve(answers: &[(u16, Option<&'static str>)]) -> (String, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers.to_vec()), ..Script::default() });
    let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/users/7", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, script)
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

type Events = Arc<Mutex<Vec<String>>>;

fn log() -> (Events, impl Fn(String) + Clone + Send + Sync + 'static) {
    let events = Events::default();
    let log = Arc::clone(&events);
    (events, move |line| log.lock().unwrap().push(line))
}

fn request(method: Method, url: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(url).body(Full::from("a question")).unwrap()
}

async fn text(response: Response<Body>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn a_request_is_repeated_whole_and_obeys_retry_after() {
    let (url, script) = serve(&[(503, Some("1")), (429, None)]).await;
    let (events, on_event) = log();
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new(policy(on_event)).clone_by(repeat))
        .layer(SetRequestHeaderLayer::overriding(
            http::header::USER_AGENT,
            HeaderValue::from_static("relent"),
        ))
        .service(client());
    let began = Instant::now();
    let response = client.oneshot(request(Method::PUT, &url)).await.unwrap();
    assert_eq!((response.status(), text(response).await), (StatusCode::OK, "body".into()));
    assert!(began.elapsed() >= Duration::from_secs(1));
    let asked = script.asked.lock().unwrap();
    assert_eq!(asked.len(), 3);
    for (method, headers, body) in asked.iter() {
        assert_eq!(
            (method, &headers["user-agent"], &body[..]),
            (&Method::PUT, &"relent".parse().unwrap(), &b"a question"[..])
        );
    }
    let events = events.lock().unwrap();
    assert!(
        events.len() == 2 && events[0].starts_with("Backing off the upstream for 1"),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_request_that_must_not_be_repeated_is_sent_once() {
    let (url, script) = serve(&[(503, None), (503, None)]).await;
    let (events, on_event) = log();
    let layer = RetryLayer::new(policy(on_event)).clone_by(repeat);
    let mut client = layer.layer(client());
    let response = client.ready().await.unwrap().call(request(Method::POST, &url)).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(script.asked.lock().unwrap().len(), 1);
    assert!(
        events.lock().unwrap()[0].starts_with("Giving up the upstream after 1 try"),
        "{events:?}"
    );

    let mut request = request(Method::POST, &url);
    request.headers_mut().insert("idempotency-key", HeaderValue::from_static("4f9a"));
    let response = client.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        script.asked.lock().unwrap()[1..]
            .iter()
            .all(|(_, headers, _)| headers["idempotency-key"] == "4f9a")
    );
}

#[tokio::test]
async fn connections_that_are_refused_or_die_are_failures() {
    // Accepts two connections, and reads from them before it drops them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.read_exact(&mut [0; 10]).await.unwrap();
        }
    });
    let (events, on_event) = log();
    let client = RetryLayer::new(policy(on_event)).clone_by(repeat).layer(client());
    let error = client.oneshot(request(Method::GET, &url)).await.unwrap_err();
    // The third attempt is refused.
    assert!(error.is_connect(), "{error:?}");
    server.await.unwrap();
    assert_eq!(events.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_timeout_inside_counts_for_each_attempt_and_one_outside_for_the_request() {
    let hangs = Arc::new(AtomicU32::new(0));
    let calls = Arc::clone(&hangs);
    let service = tower::service_fn(move |(): ()| {
        let first = calls.fetch_add(1, Relaxed) < 2;
        async move {
            if first {
                std::future::pending::<()>().await;
            }
            Ok::<_, BoxError>("body")
        }
    });
    let policy = relent::Retry::constant(Duration::from_millis(1)).max_tries(3);
    let inside = ServiceBuilder::new()
        .layer(policy.into_layer())
        .timeout(Duration::from_millis(20))
        .service(service.clone());
    assert_eq!(inside.oneshot(()).await.unwrap(), "body");
    assert_eq!(hangs.swap(0, Relaxed), 3);

    let outside = ServiceBuilder::new()
        .timeout(Duration::from_millis(20))
        .layer(policy.into_layer())
        .service(service.clone());
    assert!(outside.oneshot(()).await.unwrap_err().is::<tower::timeout::error::Elapsed>());
    assert_eq!(hangs.swap(0, Relaxed), 1);

    let layer = policy.into_layer().attempt_timeout(Duration::from_millis(20));
    assert_eq!(layer.layer(service).oneshot(()).await.unwrap(), "body");
}

#[tokio::test]
async fn limits_and_buffers_inside_count_each_attempt() {
    let calls = Arc::new(AtomicU32::new(0));
    let (counter, most) = (Arc::clone(&calls), Arc::new((AtomicU32::new(0), AtomicU32::new(0))));
    let at_once = Arc::clone(&most);
    let service = tower::service_fn(move |(): ()| {
        let fails = counter.fetch_add(1, Relaxed) % 3 != 2;
        let at_once = Arc::clone(&at_once);
        async move {
            let now = at_once.0.fetch_add(1, Relaxed) + 1;
            at_once.1.fetch_max(now, Relaxed);
            tokio::time::sleep(Duration::from_millis(1)).await;
            at_once.0.fetch_sub(1, Relaxed);
            if fails { Err(BoxError::from("busy")) } else { Ok("body") }
        }
    });
    let policy = relent::Retry::constant(Duration::from_millis(1)).max_tries(100);
    let service = ServiceBuilder::new()
        .layer(policy.into_layer())
        .buffer(4)
        .concurrency_limit(2)
        .service(service);
    let requests: Vec<_> = (0..10).map(|_| tokio::spawn(service.clone().oneshot(()))).collect();
    for request in requests {
        // More requests than the buffer has places: none is lost, and none is called without being asked.
        assert_eq!(request.await.unwrap().unwrap(), "body");
    }
    assert_eq!((calls.load(Relaxed), most.1.load(Relaxed)), (30, 2));
}
