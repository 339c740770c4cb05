//! What is never sent twice, unless the caller says so.

use relent::TestClock;
use relent_reqwest::{Repeat, RequestBuilderExt};
use reqwest::{Body, Method};

use crate::server::{OK, Server, Turn};
use crate::{QUICK, client, policy};

const DOWN: Turn = Turn::Answer("503 Service Unavailable", &["retry-after-ms: 2"]);

#[tokio::test]
async fn only_idempotent_methods_are_sent_again() {
    for (method, connections) in [
        ("GET", 2),
        ("HEAD", 2),
        ("PUT", 2),
        ("DELETE", 2),
        ("OPTIONS", 2),
        ("TRACE", 2),
        ("QUERY", 2),
        ("POST", 1),
        ("PATCH", 1),
        ("PURGE", 1),
        ("get", 1),
    ] {
        for first in [DOWN, Turn::Reset] {
            let server = Server::new(&[first, OK]).await;
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let outcome = client().request(method.clone(), server.url()).retry(&QUICK).await;
            assert_eq!(server.connections(), connections, "{method} {first:?}");
            assert_eq!(
                outcome.is_ok_and(|answer| answer.status() == 200),
                connections == 2,
                "{method} {first:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_post_that_was_not_sent_is_not_retried_either_unless_told() {
    let server = Server::refusing().await;
    for (repeat, retries) in [(Repeat::Idempotent, 0), (Repeat::Unsent, 2), (Repeat::Always, 2)] {
        let clock = TestClock::new();
        let error = client()
            .post(server.url())
            .body("x")
            .retry(&policy(&clock))
            .repeat(repeat)
            .await
            .unwrap_err();
        assert!(error.is_connect());
        assert_eq!(clock.waits().len(), retries, "{repeat:?}");
    }
}

#[tokio::test]
async fn a_post_that_may_have_been_sent_is_repeated_only_if_told() {
    for (repeat, connections) in [(Repeat::Idempotent, 1), (Repeat::Unsent, 1), (Repeat::Always, 2)]
    {
        for first in [DOWN, Turn::Reset, Turn::ResetInHeaders] {
            let server = Server::new(&[first, OK]).await;
            let outcome = client().post(server.url()).body("x").retry(&QUICK).repeat(repeat).await;
            assert_eq!(server.connections(), connections, "{repeat:?} {first:?}");
            drop(outcome);
        }
    }
}

#[tokio::test]
async fn an_empty_idempotency_key_is_none() {
    for (makes_key, connections) in [(false, 1), (true, 2)] {
        let server = Server::new(&[DOWN, OK]).await;
        let request = client().post(server.url()).header("idempotency-key", "").retry(&QUICK);
        let request = if makes_key { request.idempotency_key() } else { request };
        request.await.unwrap();
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn the_idempotency_key_is_the_same_in_each_attempt_of_a_run_and_in_no_other_run() {
    let server = Server::new(&[DOWN, DOWN, OK, OK]).await;
    let clock = TestClock::new();
    let policy = policy(&clock);
    for _ in 0..2 {
        let answer =
            client().post(server.url()).body("100").retry(&policy).idempotency_key().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let seen = server.seen();
    let keys: Vec<_> = seen.iter().map(|seen| seen.header("idempotency-key").unwrap()).collect();
    assert_eq!(keys[0].len(), 36);
    assert_eq!((keys[0], keys[0]), (keys[1], keys[2]));
    assert_ne!(keys[0], keys[3]);
    assert!(
        seen.iter().all(
            |seen| seen.body == "100" && seen.line == "POST /secret/path?token=secret HTTP/1.1"
        )
    );
}

#[tokio::test]
async fn a_key_of_the_caller_s_own_is_kept_and_makes_the_request_repeatable() {
    let server = Server::new(&[DOWN, OK]).await;
    let clock = TestClock::new();
    let request = client().post(server.url()).header("Idempotency-Key", "order-7");
    request.retry(&policy(&clock)).idempotency_key().await.unwrap();
    assert_eq!(server.seen().len(), 2);
    assert!(server.seen().iter().all(|seen| seen.header("idempotency-key") == Some("order-7")));
}

fn stream() -> Body {
    Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("part")]))
}

#[tokio::test]
async fn a_stream_is_refused_before_the_first_attempt() {
    let server = Server::new(&[OK]).await;
    let error = client().put(server.url()).body(stream()).retry(&QUICK).await.unwrap_err();
    assert!(error.is_stream());
    assert_eq!(
        error.to_string(),
        format!("PUT {}: the body is a stream, which cannot be sent twice", server.host())
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_stream_is_sent_once_if_the_caller_says_so() {
    for first in [OK, DOWN, Turn::Reset] {
        let server = Server::new(&[first, OK]).await;
        let request =
            client().put(server.url()).body(stream()).retry(&QUICK).repeat(Repeat::Always);
        let outcome = request.send_stream_once().await;
        assert_eq!(server.connections(), 1, "{first:?}");
        assert_eq!(outcome.is_ok(), !matches!(first, Turn::Reset), "{first:?}");
    }
}

#[tokio::test]
async fn not_even_the_policy_s_own_conditions_repeat_what_is_not_safe() {
    let server = Server::new(&[OK, OK]).await;
    let policy = QUICK.until(|answer: &reqwest::Response| answer.status() == 201);
    let error = client().post(server.url()).retry(&policy).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("POST {}: the request is not safe to send again", server.host())
    );
    assert_eq!(server.connections(), 1);

    let server = Server::new(&[OK, OK, OK]).await;
    let answer = client().get(server.url()).retry(&policy).await.unwrap();
    assert_eq!((answer.text().await.unwrap().as_str(), server.connections()), ("3", 3));
}
