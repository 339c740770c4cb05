//! HTTP: what a server's response advises about retries, and which requests are safe to repeat.
//!
//! [`advice_of`] reads the headers of a response,
#![cfg_attr(feature = "http", doc = "and [`advice`] those in an `http::HeaderMap`.")]
#![cfg_attr(
    not(feature = "http"),
    doc = "and `advice`, of the feature `http`, those in an `http::HeaderMap`."
)]
//! [`Advice::allows_retry`] also checks the status, and [`is_idempotent`] the request's method. An [`IdempotencyKey`]
//! makes other requests safe to repeat.
//!
//! ```
//! use std::time::Duration;
//! use relent::Retry;
//! use relent::headers::{self, Advice};
//!
//! # use relent::TestClock;
//! struct ApiError {
//!     status: u16,
//!     headers: Vec<(String, String)>,
//! }
//!
//! impl ApiError {
//!     fn advice(&self) -> Advice {
//!         headers::advice_of(self.headers.iter().map(|(name, value)| (name, value)))
//!     }
//! }
//!
//! static API: Retry = Retry::expo().max_tries(3).max_time(Duration::from_secs(60));
//!
//! let policy = API
//!     .retry_if(|e: &ApiError| e.advice().allows_retry(e.status))
//!     .retry_after(|e: &ApiError| e.advice().wait());
//!
//! # let clock = TestClock::new();
//! # let _scope = clock.enter();
//! let mut answers = [Some(("Retry-After", "7")), Some(("x-should-retry", "false")), None].into_iter();
//! let outcome = policy.run(|| match answers.next().unwrap() {
//!     None => Ok("body"),
//!     Some((name, value)) => Err(ApiError { status: 429, headers: vec![(name.into(), value.into())] }),
//! });
//! assert!(outcome.is_err()); // the second answer forbids a third attempt
//! assert!((7..=8).contains(&clock.elapsed().as_secs()));
//! ```

mod key;
mod read;
mod safety;
mod time;

pub use key::IdempotencyKey;
pub use safety::{is_idempotent, is_transient};

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the headers of a response advise about retries.
///
/// ```
/// use std::time::Duration;
/// use relent::headers::Advice;
///
/// assert_eq!(Advice::RetryIn(Duration::from_secs(7)).wait(), Some(Duration::from_secs(7)));
/// assert_eq!(Advice::Stop.wait(), None);
/// assert_eq!(Advice::Nothing.wait(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Retry after this time. It is zero if the response allows a retry and names no time.
    RetryIn(Duration),
    /// Do not retry.
    Stop,
    /// The headers contain nothing about retries.
    Nothing,
}

impl Advice {
    /// Returns the requested wait, if there is one: for [`Retry::retry_after`](crate::Retry::retry_after).
    #[must_use]
    pub const fn wait(self) -> Option<Duration> {
        match self {
            Self::RetryIn(wait) => Some(wait),
            Self::Stop | Self::Nothing => None,
        }
    }

    /// Returns whether a response with this advice and status is worth a retry, if the request is safe to repeat.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::headers::Advice;
    ///
    /// let wait = Advice::RetryIn(Duration::from_secs(60));
    /// assert!(wait.allows_retry(429) && Advice::Nothing.allows_retry(429) && !Advice::Stop.allows_retry(429));
    /// assert!(wait.allows_retry(403) && !Advice::Nothing.allows_retry(403)); // as GitHub refuses what exceeds a limit
    /// assert!(!wait.allows_retry(404) && !wait.allows_retry(200));
    /// ```
    ///
    /// This is so if the status [is transient](is_transient), unless the advice is to stop. With a requested wait, it
    /// is also so for 403 (Forbidden), 409 (Conflict), 413 (Content Too Large) and 423 (Locked), since servers use them
    /// for requests that they may accept later.
    #[must_use]
    pub const fn allows_retry(self, status: u16) -> bool {
        match self {
            Self::Stop => false,
            Self::Nothing => is_transient(status),
            Self::RetryIn(_) => is_transient(status) || matches!(status, 403 | 409 | 413 | 423),
        }
    }
}

/// Reads what the headers of a response advise, from pairs of names and values.
///
/// ```
/// use std::time::Duration;
/// use relent::headers::{Advice, advice_of};
///
/// assert_eq!(advice_of([("Retry-After", "120")]), Advice::RetryIn(Duration::from_secs(120)));
/// assert_eq!(advice_of([("Retry-After", "120"), ("x-should-retry", "false")]), Advice::Stop);
/// assert_eq!(advice_of([("Content-Type", "text/plain")]), Advice::Nothing);
///
/// // An answer of OpenAI's: only the tokens are used up.
/// let answer = [
///     ("x-ratelimit-remaining-requests", "59"),
///     ("x-ratelimit-reset-requests", "1s"),
///     ("x-ratelimit-remaining-tokens", "0"),
///     ("x-ratelimit-reset-tokens", "6m0s"),
/// ];
/// assert_eq!(advice_of(answer), Advice::RetryIn(Duration::from_secs(360)));
/// ```
///
/// It takes the headers of any client, and of any version of the crate `http`. Leave out values that are not text. The
/// order of headers does not matter, nor does the case of names. The first row with a header applies:
///
/// | headers | values | advice |
/// |---|---|---|
/// | `x-should-retry` | `false` | [`Stop`](Advice::Stop) |
/// | `grpc-retry-pushback-ms` | negative, or not a number | [`Stop`](Advice::Stop) |
/// | `grpc-retry-pushback-ms`, `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` | milliseconds | [`RetryIn`](Advice::RetryIn) |
/// | `Retry-After` | seconds, rounded up to whole ones, or a date | [`RetryIn`](Advice::RetryIn) |
/// | `x-ratelimit-reset*`, `x-rate-limit-reset*`, `ratelimit-reset*`, `anthropic-ratelimit-*-reset`, `RateLimit` | seconds, a Unix time in seconds or milliseconds, a duration such as `6m0s`, or a date | [`RetryIn`](Advice::RetryIn) |
/// | `x-should-retry` | `true` | [`RetryIn`](Advice::RetryIn) zero |
///
/// - **Limits** count only if their own `remaining` is zero: `x-ratelimit-reset-tokens` with
///   `x-ratelimit-remaining-tokens: 0`. If several limits are used up, the longest wait applies. For `RateLimit`, a
///   draft of the IETF, a used-up limit is `"default";r=0;t=30`, or in an older form `limit=10, remaining=0, reset=30`.
/// - **Several lines** of a header, or several headers in one row of the table: the longest wait applies.
/// - **Dates** may have any of the three formats of HTTP, with `GMT`, `UTC` or an offset such as `+0000`, or the format
///   of RFC 3339. Dates and Unix times are compared with the response's own `Date` plus its `Age`, so a wrong clock
///   does no harm. Without a `Date`, they are compared with the system's clock. `wasm32-unknown-unknown` has no clock,
///   so they are ignored there: use [`advice_of_at`].
/// - **The past** is a wait of zero. Unreadable values are ignored, and too large a number gives the longest
///   [`Duration`]. Nothing a server sends causes a panic.
///
/// The wait is not limited here. A run gives up if the wait does not fit into its `max_time`, or exceeds its
/// [`max_asked_wait`](crate::Retry::max_asked_wait).
#[must_use]
pub fn advice_of<N, V>(headers: impl IntoIterator<Item = (N, V)>) -> Advice
where
    N: AsRef<str>,
    V: AsRef<str>,
{
    read::read(headers, system_time())
}

/// Same as [`advice_of`], but compares dates with `now` if the response has no `Date`. For tests, and for
/// `wasm32-unknown-unknown`, where the system has no clock.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use relent::headers::{Advice, advice_of_at};
///
/// let answer = [("Retry-After", "Thu, 01 Jan 1970 00:02:00 GMT")];
/// let advice = advice_of_at(answer, SystemTime::UNIX_EPOCH);
/// assert_eq!(advice, Advice::RetryIn(Duration::from_secs(120)));
///
/// let answer = [answer[0], ("Date", "Thu, 01 Jan 1970 00:01:50 GMT")];
/// let advice = advice_of_at(answer, SystemTime::UNIX_EPOCH);
/// assert_eq!(advice, Advice::RetryIn(Duration::from_secs(10)));
/// ```
#[must_use]
pub fn advice_of_at<N, V>(headers: impl IntoIterator<Item = (N, V)>, now: SystemTime) -> Advice
where
    N: AsRef<str>,
    V: AsRef<str>,
{
    read::read(headers, Some(since_1970(now)))
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn system_time() -> Option<Duration> {
    let has_system_time = !cfg!(all(target_family = "wasm", target_os = "unknown"));
    has_system_time.then(|| since_1970(SystemTime::now()))
}

#[cfg(feature = "http")]
pub use map::{advice, advice_at, retry_after};

/// The only code that uses the crate `http`.
#[cfg(feature = "http")]
mod map {
    use core::time::Duration;
    use std::time::SystemTime;

    use http::HeaderMap;

    use super::{Advice, advice_of, advice_of_at};

    /// Reads what the headers of a response advise: [`advice_of`] lists the headers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use http::{HeaderMap, HeaderValue};
    /// use relent::headers::{Advice, advice};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("retry-after", HeaderValue::from_static("Fri, 31 Dec 1999 23:59:59 GMT"));
    /// headers.insert("date", HeaderValue::from_static("Fri, 31 Dec 1999 23:59:29 GMT"));
    /// assert_eq!(advice(&headers), Advice::RetryIn(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn advice(headers: &HeaderMap) -> Advice {
        advice_of(pairs(headers))
    }

    /// Same as [`advice`], but compares dates with `now` if the response has no `Date`: see [`advice_of_at`].
    #[must_use]
    pub fn advice_at(headers: &HeaderMap, now: SystemTime) -> Advice {
        advice_of_at(pairs(headers), now)
    }

    /// Returns the wait that the headers of a response request, if any: for
    /// [`Retry::retry_after`](crate::Retry::retry_after).
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
    /// This is [`advice`] without [`Advice::Stop`], which is for [`Retry::retry_if`](crate::Retry::retry_if).
    #[must_use]
    pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
        advice(headers).wait()
    }

    fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }
}
