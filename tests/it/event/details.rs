//! Which events a run tells, in which order, and all that each of them says.

use std::time::Duration;

use relent::{Details, EventKind, InvalidSetting, Jitter, Retry, StopReason};

use crate::support::{Fault, Outcome, Step, Told, at_once, play, secs};

#[test]
fn a_run_tells_tries_and_backoffs_in_turn_and_then_one_end() {
    type Limit = fn(Retry) -> Retry;
    const WANTED: u32 = 9;
    let unlimited: Limit = |policy| policy;
    let table: [(&str, Limit, &[Outcome], &str, Outcome); 11] = [
        ("accepted at once", unlimited, &[Ok(WANTED)], "TS", Ok(WANTED)),
        ("fails once", unlimited, &[Err(Fault::Busy), Ok(WANTED)], "TBTS", Ok(WANTED)),
        ("not there yet", unlimited, &[Ok(1), Ok(2), Ok(WANTED)], "TBTBTS", Ok(WANTED)),
        ("value and error", unlimited, &[Ok(1), Err(Fault::Busy), Ok(9)], "TBTBTS", Ok(9)),
        ("fatal at once", unlimited, &[Err(Fault::Fatal)], "TG", Err(Fault::Fatal)),
        ("fatal later", unlimited, &[Ok(1), Err(Fault::Fatal)], "TBTG", Err(Fault::Fatal)),
        ("one try", |p| p.max_tries(1), &[Err(Fault::Busy)], "TG", Err(Fault::Busy)),
        ("tries", |p| p.max_tries(3), &[Err(Fault::Busy)], "TBTBTG", Err(Fault::Busy)),
        ("never there", |p| p.max_tries(2), &[Ok(1), Ok(2)], "TBTG", Ok(2)),
        ("last is good", |p| p.max_tries(2), &[Ok(1), Ok(9)], "TBTS", Ok(9)),
        ("no time", |p| p.max_time(Duration::ZERO), &[Ok(1)], "TG", Ok(1)),
    ];
    for (name, limit, outcomes, kinds, result) in table {
        let script: Vec<_> = outcomes.iter().copied().map(at_once).collect();
        let policy = limit(Retry::expo()).seed(1);
        let policy = policy.until(|n: &u32| *n == WANTED).retry_if(Fault::is_transient);
        let story = play(policy, &script);
        assert_eq!((story.kinds().as_str(), story.result), (kinds, result), "{name}");
    }
}

#[test]
fn every_event_says_all_that_is_known() {
    let script = [
        Step { outcome: Err(Fault::Busy), takes: secs(2) },
        Step { outcome: Ok(1), takes: secs(3) },
        Step { outcome: Err(Fault::Busy), takes: secs(5) },
    ];
    let policy = Retry::fibo().first_wait(secs(10)).jitter(Jitter::None).max_tries(3);
    let told = play(policy.until(|n: &u32| *n > 1), &script).told;
    let expected = |event, tries, elapsed, wait, last_wait, reason, outcome| Told {
        event,
        target: String::from("scripted"),
        tries,
        elapsed: secs(elapsed),
        wait: secs(wait),
        last_wait: secs(last_wait),
        reason,
        outcome,
    };
    let (busy, early) = (Some(Err(Fault::Busy)), Some(Ok(1)));
    assert_eq!(
        told,
        [
            expected(EventKind::Try, 1, 0, 0, 0, None, None),
            expected(EventKind::Backoff, 1, 2, 10, 0, None, busy),
            expected(EventKind::Try, 2, 12, 0, 10, None, None),
            expected(EventKind::Backoff, 2, 15, 10, 10, None, early),
            expected(EventKind::Try, 3, 25, 0, 10, None, None),
            expected(EventKind::GiveUp, 3, 30, 0, 10, Some(StopReason::MaxTries), busy),
        ]
    );
}

#[test]
fn a_success_at_the_first_try_is_told() {
    let story = play(Retry::expo(), &[Step { outcome: Ok(7), takes: secs(4) }]);
    let end = story.end();
    assert_eq!((end.event, end.tries, end.elapsed), (EventKind::Success, 1, secs(4)));
    assert_eq!((end.outcome, end.reason, end.wait), (Some(Ok(7)), None, Duration::ZERO));
}

#[test]
fn reasons_and_refusals_read_as_words() {
    let reasons = [
        (StopReason::NotRetryable, "not retryable", "not_retryable"),
        (StopReason::MaxTries, "max tries", "max_tries"),
        (StopReason::MaxTime, "max time", "max_time"),
        (StopReason::WaitsExhausted, "waits exhausted", "waits_exhausted"),
        (StopReason::Budget, "budget spent", "budget"),
        (StopReason::Cancelled, "cancelled", "cancelled"),
    ];
    for (reason, words, name) in reasons {
        assert_eq!((reason.to_string().as_str(), reason.name()), (words, name));
    }
    assert_eq!(format!("{:>12}|", StopReason::MaxTime), "    max time|");
    let refused: InvalidSetting = Retry::expo().try_max_tries(0).unwrap_err();
    assert_eq!(refused.to_string(), "max_tries must be at least 1; for no limit use `forever()`");
}

#[test]
fn details_show_neither_value_nor_error_in_debug() {
    let secret: Result<&str, &str> = Err("password");
    let shown = format!("{:?}", Details::new("fetch", 1).with_outcome(&secret));
    assert!(shown.contains("target: \"fetch\"") && !shown.contains("password"), "{shown}");
}

#[test]
fn the_kinds_of_events_have_names() {
    use relent::EventKind::{Backoff, GiveUp, Success, Try};

    let names = [Try, Success, Backoff, GiveUp].map(EventKind::name);
    assert_eq!(names, ["try", "success", "backoff", "giveup"]);
}

#[test]
fn an_event_that_outlives_its_run_has_all_that_was_asked_for() {
    use std::{error::Error, fmt, io};

    #[derive(Debug)]
    struct Unreachable(io::Error);
    impl fmt::Display for Unreachable {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("database unreachable")
        }
    }
    impl Error for Unreachable {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    let outcome: Result<(), _> = Err(Unreachable(io::Error::other("connection refused")));
    let args = ("user", 7);
    let details = Details::new("connect", 2).with_outcome(&outcome).with_args(&args);
    let mut details = details.with_wait(secs(3));
    details.elapsed = secs(5);
    let event = details.clone().snapshot();
    assert_eq!((event.kind, event.target.as_str()), (EventKind::Backoff, "connect"));
    assert_eq!((event.tries, event.elapsed, event.wait), (2, secs(5), Some(secs(3))));
    assert_eq!(event.error.as_deref(), Some("database unreachable"));
    assert_eq!((event.args.as_deref(), event.reason), (None, None));
    assert!(event.sources.is_empty());
    let event = event.with_args_of(&details).with_sources_of(outcome.as_ref().unwrap_err());
    assert_eq!(event.args.as_deref(), Some(r#"("user", 7)"#));
    assert_eq!(event.sources, ["connection refused"]);
    assert_eq!(details.snapshot_with_sources().sources, ["connection refused"]);
    let ended = details.with_reason(StopReason::Budget).snapshot();
    assert_eq!((ended.wait, ended.reason), (None, Some(StopReason::Budget)));
}
