//! Which header counts where there are several.

use relent::headers::Advice;

use super::{read, read_at, retry_in};

#[test]
fn a_refusal_wins() {
    for refusal in [
        "x-should-retry: false",
        "X-Should-Retry: FALSE",
        "grpc-retry-pushback-ms: -1",
        "grpc-retry-pushback-ms: soon",
    ] {
        let answer = format!("Retry-After: 7\nretry-after-ms: 7\nx-should-retry: true\n{refusal}");
        assert_eq!(read(&answer), Advice::Stop, "{refusal}");
    }
    assert_eq!(read("x-should-retry: maybe"), Advice::Nothing);
}

#[test]
fn milliseconds_come_before_seconds_and_those_before_limits() {
    let limits = "x-ratelimit-remaining: 0\nx-ratelimit-reset: 3600";
    assert_eq!(read(limits), retry_in(3600.0));
    assert_eq!(read(&format!("{limits}\nRetry-After: 7")), retry_in(7.0));
    for name in
        ["retry-after-ms", "x-ms-retry-after-ms", "x-amz-retry-after", "grpc-retry-pushback-ms"]
    {
        assert_eq!(
            read(&format!("{limits}\nRetry-After: 7\n{name}: 6500")),
            retry_in(6.5),
            "{name}"
        );
    }
    assert_eq!(
        read(&format!("{limits}\nRetry-After: soon")),
        retry_in(3600.0),
        "what cannot be read does not count"
    );
}

#[test]
fn of_several_lines_the_longest_wait_counts() {
    assert_eq!(
        read("Retry-After: 7\nRetry-After: 9\nRetry-After: soon\nRetry-After: 8"),
        retry_in(9.0)
    );
    assert_eq!(read("Retry-After: 7\nRetry-After: Sun, 09 Sep 2001 01:47:40 GMT"), retry_in(60.0));
    assert_eq!(read("retry-after-ms: 7\nx-ms-retry-after-ms: 1.5"), retry_in(0.007));
}

#[test]
fn an_answer_that_may_be_retried_at_once_asks_for_no_wait() {
    assert_eq!(read("x-should-retry: true"), retry_in(0.0));
    assert_eq!(read("x-should-retry: true\nRetry-After: 7"), retry_in(7.0));
    assert_eq!(read("Retry-After: 0"), retry_in(0.0));
}

#[test]
fn only_limits_that_are_used_up_count() {
    let tokens = "x-ratelimit-reset-tokens: 60\nx-ratelimit-remaining-tokens: 0";
    let requests = "x-ratelimit-reset-requests: 90\nx-ratelimit-remaining-requests";
    assert_eq!(read(&format!("{tokens}\n{requests}: 1")), retry_in(60.0));
    assert_eq!(read(&format!("{tokens}\n{requests}: 0")), retry_in(90.0));
    assert_eq!(read(&format!("{tokens}\n{requests}: 0.0")), retry_in(90.0));
    for unknown in ["-1", "", "none", "0x0", "1, 0"] {
        assert_eq!(
            read(&format!("{tokens}\n{requests}: {unknown}")),
            retry_in(60.0),
            "{unknown:?}"
        );
    }
    assert_eq!(read(&format!("{tokens}\n{requests}: 0, 0;w=60")), retry_in(90.0));
    assert_eq!(read("x-ratelimit-reset: 60"), Advice::Nothing);
    assert_eq!(read("x-ratelimit-remaining: 0"), Advice::Nothing);
    assert_eq!(read("x-ratelimit-reset: 60\nanthropic-ratelimit-remaining: 0"), Advice::Nothing);
    assert_eq!(read("x-ratelimit-reset-day: 60\nx-ratelimit-remaining-hour: 0"), Advice::Nothing);
}

#[test]
fn the_words_of_a_limit_s_name_may_be_in_any_order() {
    let names = [
        ("x-ratelimit-reset-input-tokens", "x-ratelimit-input-tokens-remaining"),
        ("x-ratelimit-requests-reset", "x-ratelimit-remaining-requests"),
        ("x-rate-limit-reset-tokens", "x-ratelimit-remaining-tokens"),
        ("x-ratelimit-reset-after", "x-ratelimit-remaining"),
        ("RateLimit-Reset", "ratelimit-remaining"),
        ("anthropic-ratelimit-unified-reset", "anthropic-ratelimit-unified-remaining"),
    ];
    for (reset, remaining) in names {
        assert_eq!(read(&format!("{reset}: 60\n{remaining}: 0")), retry_in(60.0), "{reset}");
    }
}

#[test]
fn the_draft_is_read_in_both_forms() {
    for (value, advice) in [
        (r#""default";r=0;t=30"#, retry_in(30.0)),
        (r#""default"; t=30 ; r=0"#, retry_in(30.0)),
        (r#""burst";r=0;t=5, "daily";r=0;t=3600, "x";r=1;t=9999"#, retry_in(3600.0)),
        (r#""a,b;r=1\",";r=0;t=30"#, retry_in(30.0)),
        ("default;r=0;t=30", retry_in(30.0)),
        ("limit=10, remaining=0, reset=30", retry_in(30.0)),
        ("reset=30,remaining=0", retry_in(30.0)),
        ("limit=10, remaining=1, reset=30", Advice::Nothing),
        (r#""default";r=1;t=30"#, Advice::Nothing),
        (r#""default";r=0"#, Advice::Nothing),
        (r#""default;r=0;t=30"#, Advice::Nothing),
        ("", Advice::Nothing),
        (";;,,=;=", Advice::Nothing),
    ] {
        assert_eq!(read(&format!("RateLimit: {value}")), advice, "{value}");
    }
}

#[test]
fn a_wrong_clock_does_no_harm() {
    let answer = "Date: Sun, 09 Sep 2001 01:46:40 GMT\nRetry-After: Sun, 09 Sep 2001 01:47:40 GMT";
    let limits = "Date: Sunday, 09-Sep-01 01:46:40 GMT\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1000000060";
    for clock in [0, 1_000_000_000, 1_200_000_000] {
        assert_eq!(read_at(answer, clock), retry_in(60.0), "{clock}");
        assert_eq!(read_at(limits, clock), retry_in(60.0), "{clock}");
        // It has been in a cache for 45 seconds.
        assert_eq!(read_at(&format!("{answer}\nAge: 45"), clock), retry_in(15.0), "{clock}");
    }
    assert_eq!(
        read_at("Date: yesterday\nRetry-After: Sun, 09 Sep 2001 01:47:40 GMT", 1_000_000_000),
        retry_in(60.0)
    );
}
