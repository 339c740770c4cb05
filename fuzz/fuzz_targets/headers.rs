//! Headers that a hostile server sends: whatever they are, they are read without a panic, and the advice keeps its
//! promises.

#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use relent::headers::{Advice, advice_of_at};

fuzz_target!(|input: (u32, &str)| {
    let (now, text) = input;
    let now = UNIX_EPOCH + Duration::from_secs(u64::from(now));
    let headers: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(':')).collect();
    let read = |headers: &[(&str, &str)]| advice_of_at(headers.iter().copied(), now);

    let advice = read(&headers);

    // A header that is not known changes nothing, and a refusal always wins.
    let more = |header| {
        let mut more = headers.clone();
        more.push(header);
        read(&more)
    };
    assert_eq!(more(("x-unknown", "1")), advice);
    assert_eq!(more(("X-Should-Retry", "false")), Advice::Stop);
    if advice != Advice::Stop {
        // Permission by itself asks for no wait, and keeps those that are asked for.
        let wait = advice.wait().unwrap_or_default();
        assert_eq!(more(("x-should-retry", "true")), Advice::RetryIn(wait));
        // Of several lines the longest wait counts.
        let exact = more(("retry-after-ms", "5")).wait().unwrap();
        assert!(exact >= Duration::from_millis(5));
    }
});
