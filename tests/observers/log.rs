//! `Log`, as a logger sees it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use relent::{EventKind, Log, Observe};

use crate::{Busy, Shown, failing, policy};

pub(crate) mod log_capture {
    use super::{Mutex, MutexGuard, Once, PoisonError, RefCell};

    pub(crate) type Line = (String, log::Level, String);

    thread_local! {
        static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    }

    struct Logger;

    impl log::Log for Logger {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let line = (record.target().to_owned(), record.level(), record.args().to_string());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }

        fn flush(&self) {}
    }

    /// What is logged by this while the program's maximal level is `most`.
    pub(crate) fn at(most: log::LevelFilter, act: impl FnOnce()) -> Vec<Line> {
        static TURN: Mutex<()> = Mutex::new(());
        static INSTALL: Once = Once::new();
        let _turn: MutexGuard<'_, ()> = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALL.call_once(|| log::set_logger(&Logger).expect("the first logger"));
        log::set_max_level(most);
        act();
        log::set_max_level(log::LevelFilter::Off);
        LINES.take()
    }
}

fn line(level: log::Level, text: &str) -> log_capture::Line {
    ("relent".to_owned(), level, text.to_owned())
}

#[test]
fn log_writes_the_two_lines_of_the_ancestor_and_no_others() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().observe(Log::new());
        policy.run(failing(3)).unwrap_err();
        policy.run(failing(1)).unwrap();
        policy.run(failing(0)).unwrap();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Info, "Backing off fetch_user for 1.0s after 1 try (boom)"),
            line(log::Level::Info, "Backing off fetch_user for 2.0s after 2 tries (boom)"),
            line(log::Level::Error, "Giving up fetch_user after 3 tries (boom)"),
            line(log::Level::Info, "Backing off fetch_user for 1.0s after 1 try (boom)"),
        ]
    );
}

#[test]
fn log_default_is_log_new() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        policy().max_tries(1).observe(Log::default()).run(failing(1)).unwrap_err();
    });
    assert_eq!(lines, [line(log::Level::Error, "Giving up fetch_user after 1 try (boom)")]);
}

#[test]
fn log_writes_backoffs_and_giveups_at_any_combination_of_levels() {
    let levels = log::Level::iter().map(Some).chain([None]).collect::<Vec<_>>();
    let filter =
        |level: Option<log::Level>| level.map_or(log::LevelFilter::Off, |l| l.to_level_filter());
    for &backoff in &levels {
        for &giveup in &levels {
            let lines = log_capture::at(log::LevelFilter::Trace, || {
                let log = Log::new().backoff_level(filter(backoff)).giveup_level(filter(giveup));
                policy().max_tries(2).observe(log).run(failing(2)).unwrap_err();
            });
            let expected: Vec<_> = [
                backoff
                    .map(|level| line(level, "Backing off fetch_user for 1.0s after 1 try (boom)")),
                giveup.map(|level| line(level, "Giving up fetch_user after 2 tries (boom)")),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert_eq!(lines, expected, "{backoff:?} {giveup:?}");
        }
    }
}

#[test]
fn log_writes_tries_and_successes_when_they_are_given_a_level() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let log = Log::new()
            .try_level(log::LevelFilter::Trace)
            .success_level(log::LevelFilter::Warn)
            .backoff_level(log::LevelFilter::Off);
        policy().observe(log).run(failing(1)).unwrap();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Trace, "Trying fetch_user (try 1)"),
            line(log::Level::Trace, "Trying fetch_user (try 2)"),
            line(log::Level::Warn, "Succeeded fetch_user after 2 tries"),
        ]
    );
}

#[test]
fn log_keeps_a_first_attempt_that_is_not_retryable_at_debug_and_a_later_one_at_error() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().retry_if(|e: &&str| *e == "busy").observe(Log::new());
        policy.run(|| Err::<(), _>("no such user")).unwrap_err();
        let mut errors = ["busy", "no such user"].into_iter();
        policy.run(|| errors.next().map_or(Ok(()), Err)).unwrap_err();
        let trace = Log::new().not_retryable_level(log::LevelFilter::Warn);
        let policy = self::policy().retry_if(|_: &&str| false).observe(trace);
        policy.run(|| Err::<(), _>("no such user")).unwrap_err();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Debug, "Giving up fetch_user after 1 try (no such user)"),
            line(log::Level::Info, "Backing off fetch_user for 1.0s after 1 try (busy)"),
            line(log::Level::Error, "Giving up fetch_user after 2 tries (no such user)"),
            line(log::Level::Warn, "Giving up fetch_user after 1 try (no such user)"),
        ]
    );
}

#[test]
fn log_says_so_when_a_value_was_not_accepted() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().max_tries(2).until(|n: &u32| *n > 2).observe(Log::new());
        assert_eq!(policy.poll(|| 1), 1);
    });
    assert_eq!(
        lines,
        [
            line(
                log::Level::Info,
                "Backing off fetch_user for 1.0s after 1 try (value not accepted)"
            ),
            line(log::Level::Error, "Giving up fetch_user after 2 tries (value not accepted)"),
        ]
    );
}

#[test]
fn giveups_of_either_kind_are_written_when_only_that_kind_has_a_level() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let answers = Log::new().giveup_level(log::LevelFilter::Off);
        let failures = Log::new().not_retryable_level(log::LevelFilter::Off);
        for log in [answers, failures] {
            let policy = policy().max_tries(1).retry_if(|e: &&str| *e == "busy").observe(log);
            policy.run(|| Err::<(), _>("no such user")).unwrap_err();
            policy.run(|| Err::<(), _>("busy")).unwrap_err();
        }
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Debug, "Giving up fetch_user after 1 try (no such user)"),
            line(log::Level::Error, "Giving up fetch_user after 1 try (busy)"),
        ]
    );
}

#[test]
fn log_shows_an_error_without_display_by_its_debug() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let policy = policy().max_tries(1).observe(Log::new().by_debug());
        policy.run(|| Err::<(), _>(Busy)).unwrap_err();
        policy.run(|| Err::<(), _>("boom")).unwrap_err();
    });
    assert_eq!(
        lines,
        [
            line(log::Level::Error, "Giving up fetch_user after 1 try (Busy)"),
            line(log::Level::Error, r#"Giving up fetch_user after 1 try ("boom")"#),
        ]
    );
}

#[test]
fn by_debug_keeps_the_levels_that_were_set_before() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let log = Log::new().giveup_level(log::LevelFilter::Warn).by_debug();
        policy().max_tries(1).observe(log).run(|| Err::<(), _>(Busy)).unwrap_err();
    });
    assert_eq!(lines, [line(log::Level::Warn, "Giving up fetch_user after 1 try (Busy)")]);
}

#[test]
fn log_prepares_no_line_below_the_programs_level() {
    let lines = log_capture::at(log::LevelFilter::Warn, || {
        let shown = Shown::default();
        policy().observe(Log::new()).run(|| Err::<(), _>(&shown)).unwrap_err();
        assert_eq!(shown.times(), 1, "the give-up is an error, the back-offs are not");
        let log = Log::new();
        let wants = |event| Observe::<(), Infallible>::wants(&log, event);
        assert!(!wants(EventKind::Try) && !wants(EventKind::Success) && !wants(EventKind::Backoff));
        assert!(wants(EventKind::GiveUp));
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    let lines = log_capture::at(log::LevelFilter::Off, || {
        let shown = Shown::default();
        policy().observe(Log::new()).run(|| Err::<(), _>(&shown)).unwrap_err();
        assert_eq!(shown.times(), 0);
    });
    assert_eq!(lines, []);
}

#[test]
fn log_writes_one_line_of_bounded_length_whatever_the_error_says() {
    let lines = log_capture::at(log::LevelFilter::Trace, || {
        let text = format!("no\nGiving up y\u{202e}{}", "x".repeat(2_000));
        policy().max_tries(1).observe(Log::new()).run(|| Err::<(), _>(text.clone())).unwrap_err();
    });
    let [(_, _, text)] = &lines[..] else { panic!("{lines:?}") };
    let begin = r"Giving up fetch_user after 1 try (no\nGiving up y\u{202e}xxx";
    assert!(text.starts_with(begin) && text.ends_with("xx…)"), "{text}");
    assert_eq!(text.len(), "Giving up fetch_user after 1 try (…)".len() + 1_024);
}
