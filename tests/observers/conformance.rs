//! The items of `test_backoff.py` about loggers. `tests/it/conformance/mod.rs` has the others.

use log::{Level, LevelFilter};
use relent::{Details, Log};

use crate::log::log_capture::{self, Line};
use crate::{failing, policy};

/// How many lines there are, and who wrote them.
fn count_and_target(lines: &[Line]) -> (usize, &str) {
    let target = lines.first().map_or("", |(target, ..)| target.as_str());
    assert!(lines.iter().all(|line| line.0 == target), "{lines:?}");
    (lines.len(), target)
}

/// `test_backoff.py::test_on_exception_logger_default`
#[test]
fn two_backoffs_and_a_giveup_are_three_lines() {
    let lines = log_capture::at(LevelFilter::Trace, || {
        policy().observe(Log::new()).run(failing(9)).unwrap_err();
    });
    assert_eq!(count_and_target(&lines), (3, "relent"));
}

/// `test_backoff.py::test_on_exception_logger_none`
#[test]
fn a_policy_that_is_not_told_to_logs_nothing() {
    let lines = log_capture::at(LevelFilter::Trace, || {
        policy().run(failing(9)).unwrap_err();
    });
    assert_eq!(count_and_target(&lines), (0, ""));
}

/// `test_backoff.py::test_on_exception_logger_user`
#[test]
fn a_handler_may_log_to_any_target() {
    fn to_my_logger(details: &Details<'_, u32, &str>) {
        log::info!(target: "my-logger", "{details}");
    }
    let lines = log_capture::at(LevelFilter::Trace, || {
        policy().on_backoff(to_my_logger).on_giveup(to_my_logger).run(failing(9)).unwrap_err();
    });
    assert_eq!(count_and_target(&lines), (3, "my-logger"));
}

/// `test_backoff.py::test_on_exception_logger_user_str`
#[test]
fn a_handler_may_log_to_a_target_that_is_known_at_run_time_only() {
    let name = ["my", "logger"].join("-");
    let lines = log_capture::at(LevelFilter::Trace, || {
        let to_name = |d: &Details<'_, u32, &str>| log::info!(target: &name, "{d}");
        policy().on_backoff(to_name).on_giveup(to_name).run(failing(9)).unwrap_err();
    });
    assert_eq!(count_and_target(&lines), (3, "my-logger"));
}

/// `test_backoff.py::test_event_log_levels`
#[test]
fn backoffs_and_giveups_are_logged_at_their_levels_whatever_is_retried() {
    let levels: Vec<_> = Level::iter().collect();
    assert_eq!(levels.len(), 5);
    for (&backoff, &giveup) in levels.iter().flat_map(|b| levels.iter().map(move |g| (b, g))) {
        let log = Log::new()
            .backoff_level(backoff.to_level_filter())
            .giveup_level(giveup.to_level_filter());
        let of_errors = log_capture::at(LevelFilter::Trace, || {
            policy().observe(log).run(failing(9)).unwrap_err();
        });
        let of_values = log_capture::at(LevelFilter::Trace, || {
            policy().until(|_: &u32| false).observe(log).run(failing(0)).unwrap();
        });
        for lines in [of_errors, of_values] {
            let count = |level, begin: &str| {
                lines.iter().filter(|(_, at, text)| *at == level && text.starts_with(begin)).count()
            };
            assert_eq!(count(backoff, "Backing off fetch_user for "), 2, "{lines:?}");
            assert_eq!(count(giveup, "Giving up fetch_user after 3 tries "), 1, "{lines:?}");
            assert_eq!(lines.len(), 3, "{lines:?}");
        }
    }
}
