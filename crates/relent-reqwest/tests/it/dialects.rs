//! What the server asks for, in each of its dialects.

use std::time::Duration;

use relent::TestClock;
use relent_reqwest::RequestBuilderExt;

use crate::server::{OK, Server, Turn};
use crate::{client, policy};

/// The wait after this answer, or none if it is the last one.
async fn wait_after(status: &'static str, headers: &'static [&'static str]) -> Option<Duration> {
    let server = Server::new(&[Turn::Answer(status, headers), OK]).await;
    let clock = TestClock::new();
    let answer = client().get(server.url()).retry(&policy(&clock)).await.unwrap();
    assert_eq!(answer.status().as_u16() == 200, server.connections() == 2);
    clock.waits().first().copied()
}

#[tokio::test]
async fn every_dialect_is_obeyed() {
    const TOO_MANY: &str = "429 Too Many Requests";
    let dialects: [(&[&str], f64); 14] = [
        (&[], 1.0), // the policy's own wait
        (&["retry-after: 7"], 7.0),
        (&["retry-after: 6.2"], 7.0),
        (
            &["date: Sun, 09 Sep 2001 01:46:40 GMT", "retry-after: Sun, 09 Sep 2001 01:46:47 GMT"],
            7.0,
        ),
        (
            &["date: Sun, 09 Sep 2001 01:46:40 GMT", "retry-after: Sunday, 09-Sep-01 01:46:47 GMT"],
            7.0,
        ),
        (&["retry-after: 3", "retry-after: 7"], 7.0),
        (&["retry-after-ms: 2500", "retry-after: 3"], 2.5),
        (&["x-ms-retry-after-ms: 2500"], 2.5),
        (&["x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 6m0s"], 360.0),
        (
            &[
                "date: Tue, 20 Aug 2013 14:50:41 GMT",
                "x-ratelimit-remaining: 0",
                "x-ratelimit-reset: 1377010251",
            ],
            10.0,
        ),
        (
            &[
                "date: Tue, 26 Mar 2024 19:59:51 GMT",
                "anthropic-ratelimit-requests-remaining: 0",
                "anthropic-ratelimit-requests-reset: 2024-03-26T20:00:00Z",
            ],
            9.0,
        ),
        (&[r#"ratelimit: "default";r=0;t=30"#], 30.0),
        (&["grpc-retry-pushback-ms: 2000"], 2.0),
        (&["retry-after: 0"], 1.0),
    ];
    for (headers, seconds) in dialects {
        let wait = wait_after(TOO_MANY, headers).await;
        assert_eq!(wait, Some(Duration::from_secs_f64(seconds)), "{headers:?}");
    }
}

#[tokio::test]
async fn a_refusal_ends_the_run() {
    assert_eq!(
        wait_after("429 Too Many Requests", &["retry-after: 7", "x-should-retry: false"]).await,
        None
    );
    assert_eq!(wait_after("503 Service Unavailable", &["grpc-retry-pushback-ms: -1"]).await, None);
}

#[tokio::test]
async fn these_statuses_are_retried() {
    for status in ["408 _", "425 _", "429 _", "500 _", "502 _", "503 _", "504 _", "522 _", "529 _"]
    {
        assert_eq!(wait_after(status, &[]).await, Some(Duration::from_secs(1)), "{status}");
    }
    for status in ["400 _", "401 _", "403 _", "404 _", "409 _", "501 _", "505 _"] {
        assert_eq!(wait_after(status, &[]).await, None, "{status}");
    }
    assert_eq!(wait_after("403 _", &["retry-after: 7"]).await, Some(Duration::from_secs(7)));
    assert_eq!(wait_after("409 _", &["x-should-retry: true"]).await, Some(Duration::from_secs(1)));
    assert_eq!(wait_after("404 _", &["retry-after: 7"]).await, None);
}

#[tokio::test]
async fn a_server_that_asks_for_hours_ends_the_run() {
    assert_eq!(wait_after("503 Service Unavailable", &["retry-after: 86400"]).await, None);
}

#[tokio::test]
async fn the_last_answer_is_returned_with_its_body() {
    let server =
        Server::new(&[Turn::Answer("503 Service Unavailable", &["x-hint: down"]); 3]).await;
    let clock = TestClock::new();
    let answer = client().get(server.url()).retry(&policy(&clock)).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-hint"]),
        (503, &"down".parse().unwrap())
    );
    assert!(answer.error_for_status_ref().is_err());
    assert_eq!(answer.text().await.unwrap(), "3");
    assert_eq!(clock.waits(), [1, 2].map(Duration::from_secs));
}
