//! How far a run is, as it is kept.

use std::time::Duration;

use relent::Progress;
use static_assertions::assert_impl_all;

assert_impl_all!(Progress: Copy, Default, Eq, Send, Sync, Unpin, std::fmt::Debug);

#[test]
fn a_run_that_has_not_begun_has_made_no_progress() {
    let Progress { tries, elapsed, last_wait, last_retry, .. } = Progress::new(3);
    assert_eq!((tries, elapsed, last_wait, last_retry), (3, Duration::ZERO, Duration::ZERO, None));
    assert_eq!(Progress::new(0), Progress::default());
}

#[cfg(feature = "serde")]
mod serialised {
    use std::time::Duration;

    use proptest::prelude::*;
    use relent::event::RetryKind;
    use relent::run::Decision;
    use relent::{Progress, Retry, StopReason};
    use serde_json::json;

    use crate::support::{millis, secs};

    fn any_progress() -> impl Strategy<Value = Progress> {
        // Up to a century.
        let time = || 0..3_000_000_000_000_u64;
        let retry = prop_oneof![
            Just(None),
            Just(Some(RetryKind::Poll)),
            Just(Some(RetryKind::Transient)),
            Just(Some(RetryKind::Throttled)),
        ];
        (any::<u32>(), time(), time(), retry).prop_map(|(tries, elapsed, last_wait, retry)| {
            let mut progress = Progress::new(tries);
            (progress.elapsed, progress.last_wait) = (millis(elapsed), millis(last_wait));
            progress.last_retry = retry;
            progress
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(progress in any_progress()) {
            let text = serde_json::to_string(&progress).unwrap();
            let value = serde_json::to_value(progress).unwrap();
            let reads: [Progress; 2] =
                [serde_json::from_str(&text).unwrap(), serde_json::from_value(value).unwrap()];
            for mut read in reads {
                // The last bit of a float is half a microsecond after a century.
                let within = Duration::from_micros(1);
                prop_assert!(read.elapsed.abs_diff(progress.elapsed) < within);
                prop_assert!(read.last_wait.abs_diff(progress.last_wait) < within);
                (read.elapsed, read.last_wait) = (progress.elapsed, progress.last_wait);
                prop_assert_eq!(read, progress);
            }
        }
    }

    #[test]
    fn a_run_goes_on_from_its_message() {
        let policy = Retry::sequence([secs(1), secs(2)]).jitter(relent::Jitter::None);
        let mut message = String::from("{}");
        let mut decisions = Vec::new();
        for _ in 0..3 {
            let mut progress: Progress = serde_json::from_str(&message).unwrap();
            decisions.push(policy.decide(&mut progress, &Err::<(), _>("down")));
            message = serde_json::to_string(&progress).unwrap();
        }
        let end = Decision::GiveUp(StopReason::WaitsExhausted);
        assert_eq!(decisions, [Decision::Backoff(secs(1)), Decision::Backoff(secs(2)), end]);
        assert_eq!(
            message,
            r#"{"tries":3,"elapsed":0.0,"last_wait":2.0,"last_retry":"transient"}"#
        );
    }

    #[test]
    fn what_is_missing_is_that_of_a_new_run_and_what_is_unknown_is_ignored() {
        let read = |value| serde_json::from_value::<Progress>(value).unwrap();
        assert_eq!(read(json!({})), Progress::default());
        assert_eq!(read(json!({ "tries": 3 })), Progress::new(3));
        assert_eq!(
            read(json!({ "tries": 3, "last_retry": null, "by": { "a": [1] } })),
            Progress::new(3)
        );
        let mut waited = Progress::default();
        waited.elapsed = millis(1500);
        assert_eq!(read(json!({ "elapsed": 1.5 })), waited);
        waited.elapsed = secs(2);
        assert_eq!(read(json!({ "elapsed": 2 })), waited, "a whole number of seconds");
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused_readably() {
        for (text, said) in [
            (
                r#"{"elapsed":-1.0}"#,
                "invalid value: floating point `-1.0`, expected a number of seconds",
            ),
            (r#"{"last_wait":-0.5}"#, "expected a number of seconds"),
            (r#"{"elapsed":1e300}"#, "expected a number of seconds"),
            (r#"{"elapsed":"1s"}"#, "invalid type: string \"1s\""),
            (r#"{"elapsed":null}"#, "invalid type: null"),
            (r#"{"tries":-1}"#, "invalid value: integer `-1`, expected u32"),
            (r#"{"tries":4294967296}"#, "expected u32"),
            (r#"{"tries":1.5}"#, "expected u32"),
            (r#"{"last_retry":1}"#, "invalid type: integer `1`, expected a string"),
            ("[2, 1.5, 1.0]", "invalid length 3, expected four fields"),
            ("[2, -1.5, 1.0, null]", "expected a number of seconds"),
            ("3", "invalid type: integer `3`, expected the progress of a run"),
        ] {
            let error = serde_json::from_str::<Progress>(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_kind_of_retry_of_a_later_version_is_none() {
        let read = |text| serde_json::from_str::<Progress>(text).unwrap().last_retry;
        assert_eq!(read(r#"{"last_retry":"sometimes"}"#), None);
        assert_eq!(read(r#"{"last_retry":"poll"}"#), Some(RetryKind::Poll));
    }

    #[test]
    fn formats_that_write_structs_as_sequences_are_read() {
        let mut progress = Progress::new(2);
        progress.elapsed = millis(1500);
        progress.last_wait = secs(1);
        progress.last_retry = Some(RetryKind::Transient);
        let read = serde_json::from_str::<Progress>(r#"[2, 1.5, 1.0, "transient"]"#);
        assert_eq!(read.unwrap(), progress);
    }

    #[test]
    fn the_longest_times_are_read_again() {
        let mut progress = Progress::new(1);
        progress.elapsed = Duration::MAX;
        let text = serde_json::to_string(&progress).unwrap();
        let read = serde_json::from_str::<Progress>(&text);
        assert!(read.is_ok(), "{text}: {read:?}");
    }
}
