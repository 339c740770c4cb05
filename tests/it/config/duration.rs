//! Durations of configurations are those of the attribute `#[retry]`.

// The attribute's crate can export nothing but macros, so its file is compiled here once more.
#[path = "../../../crates/relent-macros/src/duration.rs"]
mod attribute;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::{line, read};

/// What a configuration reads.
fn parse(text: &str) -> Result<Duration, String> {
    let config = read(&json!({ "max_time": text }))?;
    Ok(config.policy().unwrap().get_max_time().unwrap())
}

/// What the attribute reads.
fn by_attribute(text: &str) -> Option<Duration> {
    attribute::parse(text).ok().map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

#[test]
fn a_configuration_and_the_attribute_accept_the_same_texts() {
    for text in [
        "100ms",
        "1s",
        "1.5s",
        "1m 30s",
        "1m30s",
        "2h 5m",
        "1d",
        "250us",
        "250µs",
        "7ns",
        "0s",
        " 10 s ",
        "1_000ms",
        "0.1ms",
        "18446744073709551615s",
        "",
        " ",
        "5",
        "ms",
        "-1s",
        "+1s",
        "1 minute",
        "1sec",
        "30s 1m",
        "1s 1s",
        "1..5s",
        "1.s",
        ".5s",
        "1s,",
        "1s, 5s",
        "1e3s",
        "18446744073709551616s",
        "18446744073709551615s 1000ms",
        "5M",
        "1S",
        "1.5.5s",
        "_1s",
        "__s",
        "1._5s",
        "1_.5s",
        "0.0000000001s",
        "1us 1µs",
        "99999999999999999999999999999999999999999d",
    ] {
        assert_eq!(parse(text).ok(), by_attribute(text), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn they_accept_the_same_of_random_texts(text in "( ?[0-9_.]{1,4} ?(ns|us|µs|ms|s|m|h|d|x)?){0,4}") {
        prop_assert_eq!(parse(&text).ok(), by_attribute(&text));
    }

    #[test]
    fn every_duration_reads_back_as_it_is_written(seconds in any::<u64>(), nanos in 0..1_000_000_000_u32) {
        for time in [Duration::new(seconds, nanos), Duration::new(seconds % 100_000, nanos)] {
            let config = relent::RetryConfig::try_from(&relent::Retry::expo().max_time(time)).unwrap();
            let document = serde_json::to_value(&config).unwrap();
            prop_assert_eq!(line(&config.to_string()).policy().unwrap().get_max_time(), Some(time));
            let written = document["max_time"].as_str().unwrap();
            prop_assert_eq!(parse(written), Ok(time));
            prop_assert_eq!(by_attribute(written), Some(time));
        }
    }
}
