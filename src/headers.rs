//! The wait that an HTTP response asks for: the header `Retry-After`. The only file that knows of HTTP.

use core::time::Duration;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// How long the header `Retry-After` asks to wait, for [`Retry::retry_after`](crate::Retry::retry_after).
///
/// ```
/// use std::time::Duration;
/// use relent::Retry;
///
/// # use http::{HeaderMap, HeaderValue};
/// struct ApiError { headers: HeaderMap }
///
/// let policy = Retry::expo()
///     .max_time(Duration::from_secs(60))
///     .retry_after(|e: &ApiError| relent::headers::retry_after(&e.headers));
/// # assert!(policy.run(|| Ok::<_, ApiError>(())).is_ok());
///
/// let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("120"))]);
/// assert_eq!(relent::headers::retry_after(&headers), Some(Duration::from_secs(120)));
/// ```
///
/// It reads a number of seconds, and a date in any form that HTTP knows, which is compared with the
/// system's clock. Anything else, and a date that has passed, asks for nothing: the strategy's wait
/// stands.
///
/// What a server asks for may be absurd, and is not shortened: with
/// [`max_time`](crate::Retry::max_time) a run gives up instead of waiting for it.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry_after_at(headers, SystemTime::now())
}

/// [`retry_after`] at a time of your own, for tests.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
///
/// let date = HeaderValue::from_static("Thu, 01 Jan 1970 00:02:00 GMT");
/// let headers = HeaderMap::from_iter([(RETRY_AFTER, date)]);
/// let wait = relent::headers::retry_after_at(&headers, SystemTime::UNIX_EPOCH);
/// assert_eq!(wait, Some(Duration::from_secs(120)));
/// ```
#[must_use]
pub fn retry_after_at(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !asked.is_empty() && asked.bytes().all(|digit| digit.is_ascii_digit()) {
        // More seconds than there are numbers for is still a number of seconds.
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(asked).ok()?;
    date.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn asked(header: &[u8]) -> Option<Duration> {
        let value = HeaderValue::from_bytes(header).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        retry_after_at(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now)
    }

    #[test]
    fn seconds_are_read() {
        assert_eq!(asked(b"0"), Some(Duration::ZERO));
        assert_eq!(asked(b" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(asked(b"18446744073709551615"), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn seconds_beyond_all_numbers_are_as_many_as_there_are() {
        assert_eq!(asked(&[b'9'; 4000]), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn dates_in_all_three_forms_are_read() {
        let forms: [&[u8]; 3] = [
            b"Sun, 09 Sep 2001 01:47:40 GMT",
            b"Sunday, 09-Sep-01 01:47:40 GMT",
            b"Sun Sep  9 01:47:40 2001",
        ];
        for form in forms {
            assert_eq!(asked(form), Some(Duration::from_secs(60)), "{form:?}");
        }
    }

    #[test]
    fn dates_that_have_passed_ask_for_nothing() {
        assert_eq!(asked(b"Thu, 01 Jan 1970 00:00:00 GMT"), None);
        assert_eq!(asked(b"Sun, 09 Sep 2001 01:46:39 GMT"), None);
    }

    #[test]
    fn garbage_asks_for_nothing() {
        let garbage: [&[u8]; 12] = [
            b"",
            b" ",
            b"-1",
            b"+5",
            b"1.5",
            b"1e9",
            b"5s",
            b"soon",
            b"\xff\xfe",
            b"0x10",
            b"Sun, 99 Sep 2001 01:46:40 GMT",
            b"1 2",
        ];
        for header in garbage {
            assert_eq!(asked(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_response_without_the_header_asks_for_nothing() {
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
