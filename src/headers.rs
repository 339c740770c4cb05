//! HTTP headers: how long `Retry-After` asks clients to wait.
//!
//! Return the result of [`retry_after`] in the closure of [`Retry::retry_after`](crate::Retry::retry_after).

// No other file uses the crates `http` and `httpdate`.

use core::time::Duration;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Returns the wait in the header `Retry-After`, for [`Retry::retry_after`](crate::Retry::retry_after).
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
/// The header may be a number of seconds, or a date in any of the three formats of HTTP, which is compared with the
/// system's clock. Returns `None` for anything else, for a date in the past, and if there is no header: then the
/// strategy's wait applies. Dates are also ignored on `wasm32-unknown-unknown`, which has no system clock: use
/// [`retry_after_at`] there.
///
/// A server may request an absurdly long wait, and it is not shortened. Set [`max_time`](crate::Retry::max_time), so
/// that the run gives up instead.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let has_system_time = !cfg!(all(target_family = "wasm", target_os = "unknown"));
    wait_from(headers, has_system_time.then(SystemTime::now))
}

/// Same as [`retry_after`], but compares dates with `now` instead of the system's clock. For tests, and for
/// `wasm32-unknown-unknown`, where the system has none.
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
    wait_from(headers, Some(now))
}

/// The wait that the header asks for, a date only if the time is known.
fn wait_from(headers: &HeaderMap, now: Option<SystemTime>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) {
        // Too many digits for a `u64` are still a valid number of seconds.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    date.duration_since(now?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn parse(header: &[u8]) -> Option<Duration> {
        let value = HeaderValue::from_bytes(header).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        retry_after_at(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now)
    }

    #[test]
    fn seconds_are_read() {
        assert_eq!(parse(b"0"), Some(Duration::ZERO));
        assert_eq!(parse(b" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(parse(b"18446744073709551615"), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn seconds_that_overflow_saturate() {
        assert_eq!(parse(&[b'9'; 4000]), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn dates_in_all_three_forms_are_read() {
        let forms: [&[u8]; 3] = [
            b"Sun, 09 Sep 2001 01:47:40 GMT",
            b"Sunday, 09-Sep-01 01:47:40 GMT",
            b"Sun Sep  9 01:47:40 2001",
        ];
        for form in forms {
            assert_eq!(parse(form), Some(Duration::from_secs(60)), "{form:?}");
        }
    }

    #[test]
    fn a_date_is_waited_for_to_the_nanosecond() {
        let date = HeaderValue::from_static("Sun, 09 Sep 2001 01:47:40 GMT");
        let headers = HeaderMap::from_iter([(RETRY_AFTER, date)]);
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 300_000_001);
        assert_eq!(retry_after_at(&headers, now), Some(Duration::new(59, 699_999_999)));
    }

    #[test]
    fn dates_in_the_past_are_ignored() {
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:00 GMT"), None);
        assert_eq!(parse(b"Sun, 09 Sep 2001 01:46:39 GMT"), None);
    }

    #[test]
    fn garbage_is_ignored() {
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
            assert_eq!(parse(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_response_without_the_header_requests_no_wait() {
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
