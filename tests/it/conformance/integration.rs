//! The items of `test_integration.py`: a server that says when to come back. Its answers are
//! scripted; no network is needed to read a header.

use std::time::Duration;

use relent::{Details, Jitter, Retry, TestClock};

use crate::support::secs;

#[derive(Debug, PartialEq)]
struct Response {
    status: u16,
    retry_after: Option<&'static str>,
}

impl Response {
    const fn busy(retry_after: &'static str) -> Self {
        Self { status: 429, retry_after: Some(retry_after) }
    }

    /// The ancestor's `int(response.headers.get("Retry-After"))`.
    fn requested_wait(&self) -> Duration {
        secs(self.retry_after.expect("a busy server says so").parse().expect("a number"))
    }

    /// The ancestor's `response.raise_for_status()`.
    fn or_error(self) -> Result<Self, Self> {
        if self.status == 200 { Ok(self) } else { Err(self) }
    }
}

const OK: Response = Response { status: 200, retry_after: None };

fn answers() -> impl Iterator<Item = Response> {
    ["1", "3", "7"].map(Response::busy).into_iter().chain([OK])
}

/// `test_integration.py::test_on_predicate_runtime`
#[test]
fn a_response_says_how_long_to_wait() {
    let (clock, mut answers) = (TestClock::new(), answers());
    let response = Retry::runtime(|d: &Details<'_, Response, &str>| {
        d.value().expect("no call fails").requested_wait()
    })
    .until(|response: &Response| response.status != 429)
    .jitter(Jitter::None)
    .clock(&clock)
    .run(|| answers.next().ok_or("no more answers"));
    assert_eq!(response, Ok(OK));
    assert_eq!(clock.waits(), [1, 3, 7].map(secs));
}

/// `test_integration.py::test_on_exception_runtime`
#[test]
fn an_error_says_how_long_to_wait() {
    let (clock, mut answers) = (TestClock::new(), answers());
    let response = Retry::runtime(|d: &Details<'_, Response, Response>| {
        d.error().expect("every value is good").requested_wait()
    })
    .jitter(Jitter::None)
    .clock(&clock)
    .run(|| answers.next().unwrap().or_error());
    assert_eq!(response, Ok(OK));
    assert_eq!(clock.waits(), [1, 3, 7].map(secs));
}

/// Both items at once, by the settings that are meant for it: the header is read by the feature
/// `http`, and the policy's own waits are shorter than those that are asked for.
#[cfg(feature = "http")]
#[test]
fn the_feature_http_reads_how_long_to_wait() {
    use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    fn requested_wait(response: &Response) -> Option<Duration> {
        let header = response.retry_after.map(|text| (RETRY_AFTER, HeaderValue::from_static(text)));
        relent::headers::retry_after(&HeaderMap::from_iter(header))
    }

    let policy = Retry::expo().first_wait(Duration::from_millis(1)).jitter(Jitter::None);
    let policy = policy.until(|response: &Response| response.status != 429);
    let policy = policy.retry_after_value(requested_wait).retry_after(requested_wait);
    for raises in [false, true] {
        let (clock, mut answers) = (TestClock::new(), answers());
        let outcome = policy.clock(&clock).run(|| {
            let response = answers.next().unwrap();
            if raises { response.or_error() } else { Ok(response) }
        });
        assert_eq!(outcome, Ok(OK));
        assert_eq!(clock.waits(), [1, 3, 7].map(secs), "{raises}");
    }
}
