//! Failures in every phase of a request.

use std::time::{Duration, Instant};

use relent::{Jitter, Retry};
use relent_reqwest::RequestBuilderExt;
use reqwest::StatusCode;

use crate::server::{OK, Server, Turn};
use crate::{MILLI, QUICK, client};

#[tokio::test]
async fn an_answer_ends_the_run() {
    let server = Server::new(&[OK]).await;
    let answer = client().get(server.url()).retry(&QUICK).await.unwrap();
    assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, "1"));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_refused_connection_is_retried() {
    let server = Server::refusing().await;
    let began = Instant::now();
    let error = client().get(server.url()).retry(&QUICK).await.unwrap_err();
    assert!(error.is_connect() && !error.is_timeout(), "{error:?}");
    assert!(began.elapsed() >= 3 * MILLI); // the waits of 1 and 2 ms
}

#[tokio::test]
async fn a_reset_before_or_in_the_headers_is_retried() {
    let server = Server::new(&[Turn::Reset, Turn::ResetInHeaders, OK]).await;
    let answer = client().get(server.url()).retry(&QUICK).await.unwrap();
    assert_eq!((answer.status(), server.connections()), (StatusCode::OK, 3));
}

#[tokio::test]
async fn the_last_error_is_returned() {
    let server = Server::new(&[Turn::Reset, Turn::Reset, Turn::ResetInHeaders, OK]).await;
    let error = client().get(server.url()).retry(&QUICK).await.unwrap_err();
    assert!(!error.is_connect() && !error.is_timeout() && error.status().is_none(), "{error:?}");
    assert_eq!(error.to_string(), format!("GET {}: the connection broke", server.host()));
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_reset_in_the_body_is_retried_if_the_attempt_reads_it() {
    let server = Server::new(&[Turn::ResetInBody, Turn::ResetInBody, OK]).await;
    let answer = client().get(server.url()).retry(&QUICK).read_body().await.unwrap();
    assert_eq!(
        answer.url().as_str().split('?').next(),
        server.url().split('?').next().map(|url| url.replace("user:password@", "")).as_deref()
    );
    assert_eq!(answer.headers()["content-length"], "1");
    assert_eq!(answer.content_length(), Some(1));
    assert_eq!(answer.text().await.unwrap(), "3");

    let server = Server::new(&[Turn::ResetInBody; 3]).await;
    let error = client().get(server.url()).retry(&QUICK).read_body().await.unwrap_err();
    assert_eq!(error.to_string(), format!("GET {}: the body broke off", server.host()));
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_timeout_includes_the_body_that_is_read() {
    let server = Server::new(&[Turn::HangInBody, OK]).await;
    let request = client().get(server.url()).timeout(Duration::from_millis(300));
    let answer = request.retry(&QUICK).read_body().await.unwrap();
    assert_eq!((answer.text().await.unwrap().as_str(), server.connections()), ("2", 2));

    let policy = QUICK.max_time(Duration::from_millis(400));
    let server = Server::new(&[Turn::HangInBody; 2]).await;
    let error = client().get(server.url()).retry(&policy).read_body().await.unwrap_err();
    assert_eq!(error.to_string(), format!("GET {}: no time is left", server.host()));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_last_answer_has_its_body_in_memory_too() {
    let server =
        Server::new(&[Turn::Answer("503 Service Unavailable", &["x-hint: down"]); 3]).await;
    let answer = client().get(server.url()).retry(&QUICK).read_body().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.content_length()), (503, Some(1)));
    assert_eq!(
        (&answer.headers()["x-hint"], answer.version()),
        (&"down".parse().unwrap(), reqwest::Version::HTTP_11)
    );
    assert_eq!(answer.text().await.unwrap(), "3");
}

#[tokio::test]
async fn a_reset_in_the_body_is_the_caller_s_otherwise() {
    let server = Server::new(&[Turn::ResetInBody, OK]).await;
    let answer = client().get(server.url()).retry(&QUICK).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap_err();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_request_s_timeout_is_that_of_each_attempt() {
    let server = Server::new(&[Turn::Hang, Turn::Hang, OK]).await;
    let request = client().get(server.url()).timeout(Duration::from_millis(300));
    let answer = request.retry(&QUICK).await.unwrap();
    assert_eq!((answer.status(), server.connections()), (StatusCode::OK, 3));

    let server = Server::new(&[Turn::Hang; 3]).await;
    let request = client().get(server.url()).timeout(Duration::from_millis(30));
    let error = request.retry(&QUICK).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect(), "{error:?}");
    assert_eq!(error.to_string(), format!("GET {}: timed out", server.host()));
}

#[tokio::test]
async fn max_time_ends_attempts_too() {
    static API: Retry = Retry::expo().first_wait(MILLI).max_time(Duration::from_millis(400));
    let server = Server::new(&[Turn::Reset, Turn::Hang, OK]).await;
    let began = Instant::now();
    let error = client().get(server.url()).retry(&API).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.to_string(), format!("GET {}: no time is left", server.host()));
    assert!((400..5000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn no_attempt_is_made_for_which_no_time_is_left() {
    let policy = Retry::constant(Duration::from_secs(60))
        .jitter(Jitter::None)
        .max_time(Duration::from_secs(10));
    let server = Server::new(&[Turn::Answer("503 Service Unavailable", &[]); 2]).await;
    let began = Instant::now();
    let answer = client().get(server.url()).retry(&policy).await.unwrap();
    assert_eq!((answer.status(), server.connections()), (StatusCode::SERVICE_UNAVAILABLE, 1));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_not_sent() {
    let error = client().get("no url").retry(&QUICK).await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.method(), error.host()),
        ("the request is not valid", None, None)
    );
    let error = client().get("ftp://127.0.0.1/").retry(&QUICK).await.unwrap_err();
    assert_eq!(error.to_string(), "GET 127.0.0.1: the request is not valid");
}
