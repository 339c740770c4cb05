//! Dates and durations in all their forms, against the crate `httpdate` where it knows them.

use std::time::Duration;

use proptest::prelude::*;
use relent::headers::{Advice, advice_of_at};

use super::{NOW, at, read, retry_in};

fn retry_after(value: &str) -> Advice {
    read(&format!("Retry-After: {value}"))
}

fn reset(value: &str) -> Advice {
    read(&format!("x-ratelimit-remaining: 0\nx-ratelimit-reset: {value}"))
}

#[test]
fn seconds_are_rounded_up() {
    for (value, seconds) in
        [("0", 0.0), ("7", 7.0), ("007", 7.0), ("1.5", 2.0), ("0.000000000001", 1.0), ("2.0", 2.0)]
    {
        assert_eq!(retry_after(value), retry_in(seconds), "{value}");
    }
    assert_eq!(retry_after(" 7\t"), retry_in(7.0));
}

#[test]
fn numbers_that_overflow_saturate() {
    let most = Advice::RetryIn(Duration::from_secs(u64::MAX));
    assert_eq!(retry_after("18446744073709551615"), most);
    assert_eq!(retry_after(&"9".repeat(4000)), most);
    assert_eq!(retry_after(&format!("{}.{}", "9".repeat(4000), "9".repeat(4000))), most);
    assert_eq!(reset(&format!("{}h", "9".repeat(4000))), Advice::RetryIn(Duration::MAX));
    assert_eq!(reset("18446744073709551615s9h"), Advice::RetryIn(Duration::MAX));
    let millis = read(&format!("retry-after-ms: {}", "9".repeat(4000)));
    assert!(millis.wait() > Some(Duration::from_secs(u64::MAX / 1001)), "{millis:?}");
}

#[test]
fn dates_in_every_form_are_read() {
    let forms = [
        "Sun, 09 Sep 2001 01:47:40 GMT",
        "Sunday, 09-Sep-01 01:47:40 GMT",
        "Sun Sep  9 01:47:40 2001",
        "Sun, 09 Sep 2001 01:47:40 UTC",
        "Sun, 09 Sep 2001 01:47:40 Z",
        "sun, 9 sep 2001 01:47:40 gmt",
        "Sun, 09 Sep 2001 01:47:40 +0000",
        "Sun, 09 Sep 2001 01:47:40 -0000",
        "Sun, 09 Sep 2001 03:17:40 +0130",
        "Sat, 08 Sep 2001 20:47:40 -05:00",
        "Sun, 09-Sep-2001 01:47:40 GMT",
        "09 Sep 2001 01:47:40 GMT",
        "Sun, 09 Sep 2001 01:47:40",
        "Sun Sep  9 01:47:40 UTC 2001",
        "Mon, 09 Sep 2001 01:47:40 GMT", // it was a Sunday
        "2001-09-09T01:47:40Z",
        "2001-09-09t01:47:40z",
        "2001-09-09 01:47:40Z",
        "2001-09-09T01:47:40.000000000000Z",
        "2001-09-09T03:17:40+01:30",
        "2001-09-08T20:47:40-05:00",
    ];
    for form in forms {
        assert_eq!(retry_after(form), retry_in(60.0), "{form}");
        assert_eq!(reset(form), retry_in(60.0), "{form}");
    }
    assert_eq!(reset("2001-09-09T01:47:40.25Z"), retry_in(60.25));
    assert_eq!(retry_after("Sat, 08 Sep 2001 23:59:60 GMT"), retry_in(0.0), "a leap second");
}

#[test]
fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
    let year = |year: u64| Duration::from_secs(year * 31_556_952);
    let wait = |value: &str| retry_after(value).wait().unwrap();
    assert_eq!(wait("Sunday, 09-Sep-52 01:46:40 GMT"), Duration::ZERO); // 1952
    assert!(
        wait("Sunday, 09-Sep-50 01:46:40 GMT").abs_diff(year(49)) < Duration::from_secs(200_000)
    ); // 2050
    assert_eq!(wait("Sunday, 09-Sep-94 01:46:40 GMT"), Duration::ZERO); // 1994
    let answer = [("Retry-After", "Sunday, 01-Jan-01 00:00:00 GMT")];
    let in_2099 = advice_of_at(answer, at(4_070_908_800)).wait().unwrap();
    assert!(in_2099.abs_diff(year(2)) < Duration::from_secs(200_000), "{in_2099:?}"); // 2101
}

#[test]
fn the_past_is_no_wait() {
    for past in [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sun, 09 Sep 2001 01:46:39 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
    ] {
        assert_eq!(retry_after(past), retry_in(0.0), "{past}");
    }
    assert_eq!(reset("999999999"), retry_in(0.0));
    assert_eq!(reset("999999999999"), retry_in(0.0));
}

#[test]
fn a_date_is_waited_for_to_the_nanosecond() {
    let now = at(NOW) + Duration::from_nanos(300_000_001);
    let advice = advice_of_at([("Retry-After", "Sun, 09 Sep 2001 01:47:40 GMT")], now);
    assert_eq!(advice, Advice::RetryIn(Duration::new(59, 699_999_999)));
}

#[test]
fn what_is_neither_a_number_nor_a_date_is_ignored() {
    let garbage = [
        "",
        " ",
        "-1",
        "+5",
        "1e9",
        "5s",
        ".5",
        "5.",
        "1.2.3",
        "soon",
        "0x10",
        "1 2",
        "7,",
        ",7",
        "7, soon",
        "\u{663}",
        "Sun, 99 Sep 2001 01:46:40 GMT",
        "Sun, 00 Sep 2001 01:46:40 GMT",
        "Thu, 29 Feb 2001 01:46:40 GMT",
        "Sun, 09 Sep 2001 24:46:40 GMT",
        "Sun, 09 Sep 2001 01:60:40 GMT",
        "Sun, 09 Sep 2001 01:46:61 GMT",
        "Sun, 09 Sep 2001 1:46:40 GMT",
        "Sun, 09 Sep 2001 01:46 GMT",
        "Sun, 09 Sep 2001 01:46:40 XYZ",
        "Sun, 09 Sep 2001 01:46:40 +2500",
        "Sun, 09 Sep 2001 01:46:40 GMT GMT",
        "Sun, 09 Sept 2001 01:46:40 GMT",
        "Sun, 09 Sep 201 01:46:40 GMT",
        "Sun, 09 Sep 12001 01:46:40 GMT",
        "Sun, 09-Sep 2001 01:46:40 GMT",
        "Sun, 09-Sep-01-02 01:46:40 GMT",
        "Sun Sep 09 2001",
        "Sunday",
        "GMT",
        "2001-13-09T01:47:40Z",
        "2001-09-31T01:47:40Z",
        "2001-09-09T01:47:40",
        "2001-09-09T01:47:40.Z",
        "2001-09-09X01:47:40Z",
        "2001-09-09T01:47:40+0",
        "2001-09-0é",
        "2001-09-09T01:47:4\u{e9}Z",
        "0-0-0",
    ];
    for value in garbage {
        assert_eq!(retry_after(value), Advice::Nothing, "{value:?}");
    }
    let long = format!("Sun, 09 Sep 2001 01:47:40{}GMT", " ".repeat(100));
    assert_eq!(retry_after(&long), Advice::Nothing);
}

#[test]
fn durations_have_units() {
    let durations = [
        ("6m0s", 360.0),
        ("1s", 1.0),
        ("120ms", 0.12),
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("1h2m3s", 3723.0),
        ("1d", 86_400.0),
        ("1.5h", 5400.0),
        ("250us", 0.000_25),
        ("250µs", 0.000_25),
        ("250μs", 0.000_25),
        ("1ns", 0.000_000_001),
        ("0s", 0.0),
    ];
    for (value, seconds) in durations {
        assert_eq!(reset(value), retry_in(seconds), "{value}");
    }
    for garbage in ["6x", "m", "6m0", "s6", "6 m", "-6m", "1.2.3s", "6M", "ms", "1e3s"] {
        assert_eq!(reset(garbage), Advice::Nothing, "{garbage}");
    }
}

#[test]
fn large_numbers_are_unix_times() {
    assert_eq!(reset("1000000060"), retry_in(60.0));
    assert_eq!(reset("1000000060.25"), retry_in(60.25));
    assert_eq!(reset("1000000060250"), retry_in(60.25));
    assert_eq!(reset("3600"), retry_in(3600.0));
    assert_eq!(reset("99999999"), retry_in(99_999_999.0));
    assert_eq!(retry_after("1000000060"), retry_in(60.0));
    assert_eq!(retry_after("10000000000"), retry_in(10_000_000_000.0));
}

proptest! {
    #[test]
    fn dates_are_those_that_httpdate_writes_and_reads(seconds in 0_u64..253_402_300_800, now in 0_u64..4_000_000_000) {
        let date = httpdate::fmt_http_date(at(seconds));
        let advice = advice_of_at([("Retry-After", &date)], at(now));
        prop_assert_eq!(advice, Advice::RetryIn(Duration::from_secs(seconds.saturating_sub(now))), "{}", date);
        prop_assert_eq!(httpdate::parse_http_date(&date).unwrap(), at(seconds));
    }

    #[test]
    fn asctime_and_rfc_850_are_as_httpdate_reads_them(seconds in 10_u64..3_000_000_000) {
        let date = httpdate::fmt_http_date(at(seconds));
        let [weekday, day, month, year, clock] =
            <[&str; 5]>::try_from(date.split([' ', ',']).filter(|word| !word.is_empty()).take(5).collect::<Vec<_>>()).unwrap();
        let asctime = format!("{weekday} {month} {:>2} {clock} {year}", day.trim_start_matches('0'));
        prop_assert_eq!(httpdate::parse_http_date(&asctime).unwrap(), at(seconds));
        prop_assert_eq!(advice_of_at([("Retry-After", asctime)], at(0)), Advice::RetryIn(Duration::from_secs(seconds)));
        let rfc_850 = format!("Sunday, {day}-{month}-{} {clock} GMT", &year[2..]);
        prop_assert_eq!(advice_of_at([("Retry-After", rfc_850)], at(seconds - 10)), retry_in(10.0));
    }
}
