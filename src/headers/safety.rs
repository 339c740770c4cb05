//! Which responses and which requests are worth a retry.

/// Returns whether the next response may differ from one with this status.
///
/// ```
/// use relent::headers::is_transient;
///
/// assert!([408, 425, 429, 500, 502, 503, 504, 529].into_iter().all(is_transient));
/// assert!(![200, 304, 400, 401, 403, 404, 409, 501, 505].into_iter().any(is_transient));
/// ```
///
/// These are 408 (Request Timeout), 425 (Too Early), 429 (Too Many Requests), 500 (Internal Server Error), 502 (Bad
/// Gateway), 503 (Service Unavailable) and 504 (Gateway Timeout). Two kinds are not registered: 529 (overloaded), and
/// 520 to 524, which Cloudflare sends if it cannot reach the server.
///
/// With other statuses, the same request gets the same response, such as 501 (Not Implemented) or 505 (HTTP Version Not
/// Supported). Or something must change first, such as for 401 (Unauthorized), 421 (Misdirected Request), 507
/// (Insufficient Storage) or 511 (Network Authentication Required). The headers of a response may override this: see
/// [`Advice`](super::Advice). GitHub does so with 403.
#[must_use]
pub const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529)
}

/// Returns whether requests with this method are idempotent: carrying one out twice has the same effect as once.
///
/// ```
/// use relent::headers::is_idempotent;
///
/// assert!(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].into_iter().all(is_idempotent));
/// assert!(!["POST", "PATCH", "CONNECT", "get"].into_iter().any(is_idempotent));
/// ```
///
/// These are the methods that [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110.html#section-9.2.2) defines as
/// idempotent, and `QUERY`. Methods are case-sensitive, and an unknown method is not idempotent. Other requests are
/// safe to repeat if they were certainly not sent, or if the server recognises their
/// [`IdempotencyKey`](super::IdempotencyKey).
#[must_use]
pub fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY")
}
