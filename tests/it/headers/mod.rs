//! What the headers of answers ask for. The real answers are in `answers.txt`.

mod dates;
mod key;
mod precedence;
mod safety;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use relent::headers::{Advice, advice_of, advice_of_at};

/// The client's clock, unless a test has another one: 9 September 2001, at 01:46:40.
const NOW: u64 = 1_000_000_000;

fn at(unix_time: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(unix_time)
}

/// What these headers ask for, one a line.
fn read(headers: &str) -> Advice {
    read_at(headers, NOW)
}

fn read_at(headers: &str, now: u64) -> Advice {
    advice_of_at(headers.lines().filter_map(|line| line.split_once(": ")), at(now))
}

fn retry_in(seconds: f64) -> Advice {
    Advice::RetryIn(Duration::from_secs_f64(seconds))
}

#[test]
fn real_answers_are_understood() {
    let mut cases = 0;
    for case in include_str!("answers.txt").split("\n== ").skip(1) {
        let (title, mut rest) = case.split_once('\n').unwrap();
        let mut field = |name: &str| {
            let (line, others) = rest.split_once('\n').unwrap();
            let value = line.strip_prefix(name)?.strip_prefix(": ")?;
            rest = others;
            Some(value)
        };
        assert!(field("source").is_some_and(|url| url.starts_with("https://")), "{title}");
        let now = field("now").map_or(NOW, |now| now.parse().unwrap());
        let expected = match field("advice").unwrap() {
            "stop" => Advice::Stop,
            "nothing" => Advice::Nothing,
            wait => retry_in(wait.strip_prefix("in ").unwrap().parse().unwrap()),
        };
        let headers = rest.trim();
        assert!(headers.lines().all(|line| line.contains(": ")), "{title}");
        assert_eq!(read_at(headers, now), expected, "{title}");

        let reversed: Vec<_> = headers.lines().rev().collect();
        assert_eq!(
            read_at(&reversed.join("\n"), now),
            expected,
            "{title}, from the last line to the first"
        );
        assert_eq!(read_at(&headers.to_lowercase(), now), expected, "{title}, in lower case");
        cases += 1;
    }
    assert!(cases >= 35, "{cases}");
}

#[test]
fn the_system_s_clock_is_read_where_there_is_no_date() {
    let later = SystemTime::now() + Duration::from_secs(100);
    let later = httpdate::fmt_http_date(later);
    let Advice::RetryIn(wait) = advice_of([("Retry-After", later)]) else { panic!("no wait") };
    assert!((90..=100).contains(&wait.as_secs()), "{wait:?}");
    // The answer's own clock comes first.
    let answer = [
        ("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"),
        ("Date", "Fri, 31 Dec 1999 23:59:29 GMT"),
    ];
    assert_eq!(advice_of(answer), retry_in(30.0));
}

#[test]
fn names_and_values_may_be_owned() {
    let owned = vec![(String::from("retry-after"), String::from("7"))];
    assert_eq!(advice_of(owned.iter().map(|(name, value)| (name, value))), retry_in(7.0));
    assert_eq!(advice_of(owned), retry_in(7.0));
    assert_eq!(advice_of(std::collections::HashMap::from([("retry-after", "7")])), retry_in(7.0));
}

#[cfg(feature = "http")]
#[test]
fn a_header_map_is_read_as_its_names_and_values_are() {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use relent::headers::{advice, advice_at, retry_after};

    let mut headers = HeaderMap::new();
    assert_eq!((advice(&headers), retry_after(&headers)), (Advice::Nothing, None));
    headers.append("retry-after", HeaderValue::from_static("7"));
    headers.append("retry-after", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    headers.append("retry-after", HeaderValue::from_static("9"));
    assert_eq!(
        (advice(&headers), retry_after(&headers)),
        (retry_in(9.0), Some(Duration::from_secs(9)))
    );
    headers.insert("retry-after", HeaderValue::from_static("Sun, 09 Sep 2001 01:47:40 GMT"));
    assert_eq!(advice_at(&headers, at(NOW)), retry_in(60.0));
    headers.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
    assert_eq!((advice(&headers), retry_after(&headers)), (Advice::Stop, None));
}

/// Names that are read, and values that resemble what is expected of them.
fn hostile() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        "date|age|retry-after|retry-after-ms|x-ms-retry-after-ms|x-amz-retry-after|ratelimit",
        "x-should-retry|grpc-retry-pushback-ms",
        "(x-rate-?limit|ratelimit|anthropic-ratelimit)(-(reset|remaining|tokens|after|resettime)){0,4}",
        ".{0,20}",
    ];
    let value = prop_oneof![
        "[0-9]{0,30}(\\.[0-9]{0,12})?(s|m|h|d|ms|us|µs|ns)?",
        "([0-9]{1,30}(\\.[0-9]{1,12})?(s|m|h|d|ms|us|µs|ns)){0,6}",
        "(\"[^\"]{0,5}\"|[a-z]{0,6})(;[rtqw]=[0-9]{0,22}){0,4}(, (limit|remaining|reset)=[0-9]{0,22}){0,3}",
        "[+-]?[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,20})?(Z|[+-][0-9]{2}:?[0-9]{2})?",
        "[A-Z][a-z]{2,8},? [0-9]{0,3}[ -](Jan|Feb|Dec)[ -][0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2}( GMT| [+-][0-9]{4})?",
        ".{0,40}",
        "(true|false|-[0-9]{1,20})",
    ];
    prop::collection::vec((name, value), 0..8)
}

proptest! {
    #[test]
    fn whatever_a_server_sends_is_read_without_a_panic(headers in hostile(), now in any::<u32>()) {
        let read = |headers: &[(String, String)]| {
            advice_of_at(headers.iter().map(|(name, value)| (name, value)), at(u64::from(now)))
        };
        let advice = read(&headers);
        prop_assert_eq!(advice, read(&headers));
        // A refusal that comes with it always wins.
        let mut refused = headers;
        refused.push(("X-Should-Retry".into(), "False".into()));
        prop_assert_eq!(read(&refused), Advice::Stop);
    }
}
