//! Which answers and which requests are worth a retry.

/// Returns whether an answer with this status may be another one the next time.
///
/// ```
/// use relent::headers::is_transient;
///
/// assert!([408, 425, 429, 500, 502, 503, 504, 529].into_iter().all(is_transient));
/// assert!(![200, 304, 400, 401, 403, 404, 409, 501, 505].into_iter().any(is_transient));
/// ```
///
/// Those are 408 (Request Timeout), 425 (Too Early), 429 (Too Many Requests), 500 (Internal Server Error), 502 (Bad
/// Gateway), 503 (Service Unavailable) and 504 (Gateway Timeout), and two that are not registered: 529 (overloaded), and
/// 520 to 524, by which Cloudflare says that it does not reach the server.
///
/// All others say that the same request gets the same answer, such as 501 (Not Implemented) or 505 (HTTP Version Not
/// Supported), or that something has to change first, such as 401 (Unauthorized), 421 (Misdirected Request), 507
/// (Insufficient Storage) or 511 (Network Authentication Required). A server may say otherwise in the headers of any
/// answer: see [`Advice`](super::Advice). GitHub does so with 403.
#[must_use]
pub const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529)
}

/// Returns whether requests with this method are idempotent: to carry one out twice does no more than once.
///
/// ```
/// use relent::headers::is_idempotent;
///
/// assert!(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].into_iter().all(is_idempotent));
/// assert!(!["POST", "PATCH", "CONNECT", "get"].into_iter().any(is_idempotent));
/// ```
///
/// Those are the methods that [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110.html#section-9.2.2) calls idempotent,
/// and `QUERY`. Methods are case-sensitive, and one that is unknown is not idempotent. Others are safe to repeat if the
/// request was surely not sent, or if the server knows it again by its [`IdempotencyKey`](super::IdempotencyKey).
#[must_use]
pub fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY")
}
