//! What handlers and observers see: the method, the host and the status, and no secret.

use std::sync::Mutex;

use relent::{Details, Observe, StopReason, TestClock};
use relent_reqwest::RequestBuilderExt;

use crate::server::{OK, Server, Turn};
use crate::{client, policy};

/// All that an observer of any types may write.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl<T, E: std::fmt::Display + std::fmt::Debug> Observe<T, E> for Log {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let error = details.error().map(|error| format!("{error:#} {error:?}"));
        let args = details.args().unwrap();
        self.0
            .lock()
            .unwrap()
            .push(format!("{details} | {args:?} | {} | {error:?}", details.target()));
    }
}

#[tokio::test]
async fn events_have_the_method_the_host_and_the_status() {
    const DOWN: Turn = Turn::Answer("503 Service Unavailable", &["x-token: secret"]);
    let server = Server::new(&[DOWN, Turn::Reset, OK, DOWN, DOWN, DOWN]).await;
    let (clock, log) = (TestClock::new(), Log::default());
    let mut lines = Vec::new();
    {
        let lines = Mutex::new(&mut lines);
        let keep = |line: String| lines.lock().unwrap().push(line);
        let policy = policy(&clock)
            .on_backoff(|d: &Details<'_, reqwest::Response, _>| keep(d.to_string()))
            .on_success(|d| keep(format!("{d}, status {}", d.value().unwrap().status().as_u16())))
            .on_giveup(|d: &Details<'_, _, relent_reqwest::Error>| {
                let error = d.error().unwrap();
                assert_eq!(
                    (error.method().unwrap().as_str(), error.host()),
                    ("GET", Some(&*server.host()))
                );
                assert_eq!(error.status().unwrap().as_u16(), 503);
                assert_eq!((d.reason, d.tries), (Some(StopReason::MaxTries), 3));
                keep(d.to_string());
            })
            .observe(&log);
        client().get(server.url()).retry(&policy).await.unwrap();
        client().get(server.url()).retry(&policy).await.unwrap();
    }
    let host = server.host();
    let expected = [
        format!("Backing off GET for 1.0s after 1 try (GET {host}: 503 Service Unavailable)"),
        format!("Backing off GET for 2.0s after 2 tries (GET {host}: the connection broke)"),
        "Succeeded GET after 3 tries, status 200".to_owned(),
        format!("Backing off GET for 1.0s after 1 try (GET {host}: 503 Service Unavailable)"),
        format!("Backing off GET for 2.0s after 2 tries (GET {host}: 503 Service Unavailable)"),
        format!("Giving up GET after 3 tries (GET {host}: 503 Service Unavailable)"),
    ];
    assert_eq!(lines, expected);
    let log = log.0.into_inner().unwrap();
    assert_eq!(log.len(), 12);
    for line in log {
        assert!(line.contains(&format!("| GET {host} | GET |")), "{line}");
        assert!(
            !line.contains("secret") && !line.contains("password") && !line.contains("token"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_policy_s_own_target_comes_first() {
    let server = Server::new(&[OK]).await;
    let clock = TestClock::new();
    let mut seen = None;
    let policy = policy(&clock).target("users").on_success(|d| seen = Some(d.target().to_string()));
    client().get(server.url()).retry(&policy).await.unwrap();
    drop(policy);
    assert_eq!(seen.as_deref(), Some("users"));
}

#[tokio::test]
async fn the_causes_are_there_without_the_url() {
    let server = Server::refusing().await;
    let clock = TestClock::new();
    let error = client().get(server.url()).retry(&policy(&clock)).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with(&format!("GET {}: cannot connect: ", server.host())), "{text}");
    assert!(text.to_lowercase().contains("refused"), "{text}");
    assert!(!format!("{text}{error:?}").contains("secret"), "{text} {error:?}");
    assert!(error.reqwest_error().unwrap().url().is_none());
}

#[tokio::test]
async fn a_request_that_must_not_be_repeated_gives_up() {
    let server = Server::new(&[Turn::Answer("503 Service Unavailable", &[])]).await;
    let clock = TestClock::new();
    let mut reason = None;
    let policy = policy(&clock).on_giveup(|d| reason = d.reason);
    let answer = client().post(server.url()).retry(&policy).await.unwrap();
    drop(policy);
    assert_eq!((answer.status().as_u16(), reason), (503, Some(StopReason::NotRetryable)));
}
