//! Which statuses and methods are worth a retry.

use relent::headers::{is_idempotent, is_transient};

#[test]
fn these_statuses_and_no_others_are_transient() {
    let transient: Vec<u16> = (0..=u16::MAX).filter(|status| is_transient(*status)).collect();
    assert_eq!(transient, [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529]);
}

#[test]
fn methods_are_case_sensitive() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"] {
        assert!(is_idempotent(method), "{method}");
        assert!(!is_idempotent(&method.to_lowercase()), "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "LOCK", "PROPPATCH", ""] {
        assert!(!is_idempotent(method), "{method}");
    }
}
