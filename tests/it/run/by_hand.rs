//! A run that other code drives: the rules that both sides of the clock share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Stream, StreamExt};
use relent::condition::AnyError;
use relent::run::{Attempts, AttemptsAsync, Decision};
use relent::wait::{Constant, Expo};
use relent::{
    Budget, Cancel, Details, EventKind, Jitter, Observe, Progress, Retry, StopReason, TestClock,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

use crate::support::{letter, secs};

pub(super) type Outcome = Result<u32, &'static str>;

pub(super) const DOWN: Outcome = Err("down");
pub(super) const UP: Outcome = Ok(7);
const FATAL: Outcome = Err("fatal");
const HOUR: Duration = secs(3600);

/// Writes down each event as a letter and the number of the try.
#[derive(Debug, Default)]
pub(super) struct Story(Mutex<Vec<String>>);

impl Story {
    /// What was told since this was last called.
    pub(super) fn told(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }

    pub(super) fn add(&self, event: EventKind, tries: u32) {
        self.0.lock().unwrap().push(format!("{}{tries}", letter(event)));
    }
}

impl<T, E> Observe<T, E> for Story {
    fn on_event(&self, details: &Details<'_, T, E>) {
        self.add(details.event, details.tries);
    }
}

/// Waits 1, 2, 4 ... seconds, and makes three attempts.
const POLICY: Retry = Retry::expo().max_tries(3).jitter(Jitter::None);

/// Each rule is a test of `Attempts` and one of `AttemptsAsync`, either of which is called `Run`.
macro_rules! on_both_sides {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => {
        mod blocking {
            use super::*;
            use relent::run::Attempts as Run;

            $($(#[$attribute])* #[test] fn $name() $body)*
        }

        mod awaited {
            use super::*;
            use relent::run::AttemptsAsync as Run;

            $($(#[$attribute])* #[test] fn $name() $body)*
        }
    };
}

on_both_sides! {
    fn events_come_in_order_whether_or_not_the_next_try_is_asked_for() {
        let script: [(&[Outcome], &str); 6] = [
            (&[UP], "T1 S1"),
            (&[FATAL], "T1 G1"),
            (&[DOWN, UP], "T1 B1 T2 S2"),
            (&[DOWN, FATAL], "T1 B1 T2 G2"),
            (&[DOWN, DOWN, UP], "T1 B1 T2 B2 T3 S3"),
            (&[DOWN, DOWN, DOWN], "T1 B1 T2 B2 T3 G3"),
        ];
        for (outcomes, events) in script {
            for asks in [0, 1, 2] {
                let story = Story::default();
                let policy = POLICY.retry_if(|e: &&str| *e == "down").clock(TestClock::new());
                let policy = policy.observe(&story);
                let mut attempts = Run::new(&policy);
                for outcome in outcomes {
                    for _ in 0..asks {
                        assert_eq!(attempts.next_try(), Ok(()));
                    }
                    attempts.decide(outcome);
                }
                assert_eq!(story.told(), events, "{outcomes:?}, asked {asks} times");
            }
        }
    }

    fn the_first_try_is_told_where_the_run_begins() {
        let story = Story::default();
        let policy = POLICY.clock(TestClock::new()).observe(&story);
        let mut attempts = Run::<_, u32, &str>::new(&policy);
        assert_eq!(story.told(), "T1");
        assert_eq!(attempts.next_try(), Ok(()));
        assert_eq!(story.told(), "");
    }

    fn the_next_try_is_told_once_however_often_it_is_asked_for() {
        let story = Story::default();
        let policy = POLICY.clock(TestClock::new()).observe(&story);
        let mut attempts = Run::new(&policy);
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
        assert_eq!(story.told(), "T1 B1");
        for told in ["T2", "", ""] {
            assert_eq!(attempts.next_try(), Ok(()));
            assert_eq!((story.told().as_str(), attempts.tries()), (told, 2));
        }
        assert_eq!(attempts.decide(&UP), Decision::Done);
        assert_eq!(story.told(), "S2");
    }

    fn a_run_that_is_cancelled_in_a_wait_gives_up_once_and_counts_no_attempt() {
        let (story, cancel) = (Story::default(), Cancel::new());
        let policy = POLICY.clock(TestClock::new()).cancelled_by(&cancel).observe(&story);
        let mut attempts = Run::new(&policy);
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
        cancel.cancel();
        for told in ["T1 B1 G1", "", ""] {
            assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
            assert_eq!(story.told(), told);
            assert_eq!((attempts.tries(), attempts.progress().tries), (1, 1));
            assert_eq!(attempts.stopped(), Some(StopReason::Cancelled));
        }
        assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::Cancelled));
        assert_eq!(attempts.decide(&UP), Decision::Done);
        assert_eq!(story.told(), "");
    }

    fn a_give_up_after_a_wait_has_no_outcome_to_show_and_says_why() {
        let (cancel, mut lines) = (Cancel::new(), Vec::new());
        let policy = POLICY.clock(TestClock::new()).cancelled_by(&cancel).target("load");
        let policy = policy.on_giveup(|d: &Details<'_, u32, &str>| {
            lines.push((d.to_string(), d.outcome().is_none(), d.last_wait));
        });
        let mut attempts = Run::new(&policy);
        attempts.decide(&DOWN);
        cancel.cancel();
        attempts.next_try().unwrap_err();
        drop(policy);
        assert_eq!(lines, [("Giving up load after 1 try (cancelled)".into(), true, secs(1))]);
    }

    fn a_run_that_overslept_its_deadline_gives_up_if_no_attempt_may_follow_it() {
        for (late, end) in [(secs(10), Ok(())), (secs(11), Err(StopReason::MaxTime))] {
            let (story, clock) = (Story::default(), TestClock::new());
            let policy = Retry::expo().max_time(secs(10)).no_attempt_after_deadline();
            let policy = policy.jitter(Jitter::None).clock(&clock).observe(&story);
            let mut attempts = Run::new(&policy);
            assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
            clock.advance(late);
            assert_eq!(attempts.next_try(), end);
            assert_eq!(attempts.next_try(), end);
            let (events, tries) = if end.is_ok() { ("T1 B1 T2", 2) } else { ("T1 B1 G1", 1) };
            assert_eq!((story.told().as_str(), attempts.tries()), (events, tries));
            assert_eq!((attempts.stopped(), attempts.elapsed().unwrap()), (end.err(), late));
        }
    }

    fn a_run_may_oversleep_its_deadline_otherwise() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_time(secs(10)).jitter(Jitter::None).clock(&clock);
        let mut attempts = Run::new(&policy);
        attempts.decide(&DOWN);
        clock.advance(HOUR);
        assert_eq!(attempts.next_try(), Ok(()));
        assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTime));
    }

    fn an_attempt_that_was_made_after_a_cancelled_wait_is_judged() {
        for (outcome, decision, events) in [
            (UP, Decision::Done, "T1 B1 T2 S2"),
            (DOWN, Decision::GiveUp(StopReason::Cancelled), "T1 B1 T2 G2"),
        ] {
            let (story, cancel) = (Story::default(), Cancel::new());
            let policy = POLICY.clock(TestClock::new()).cancelled_by(&cancel).observe(&story);
            let mut attempts = Run::new(&policy);
            attempts.decide(&DOWN);
            cancel.cancel();
            assert_eq!(attempts.decide(&outcome), decision);
            assert_eq!((story.told().as_str(), attempts.tries()), (events, 2));
        }
    }

    fn an_attempt_that_was_made_after_an_overslept_deadline_is_judged() {
        for (outcome, decision, events) in [
            (UP, Decision::Done, "T1 B1 T2 S2"),
            (DOWN, Decision::GiveUp(StopReason::MaxTime), "T1 B1 T2 G2"),
        ] {
            let (story, clock) = (Story::default(), TestClock::new());
            let policy = Retry::expo().max_time(secs(10)).no_attempt_after_deadline();
            let policy = policy.jitter(Jitter::None).clock(&clock).observe(&story);
            let mut attempts = Run::new(&policy);
            attempts.decide(&DOWN);
            clock.advance(HOUR);
            assert_eq!(attempts.decide(&outcome), decision);
            assert_eq!(story.told(), events);
        }
    }

    fn after_a_success_the_next_outcome_begins_a_run_that_has_not_idled() {
        for asks in [false, true] {
            let (story, clock) = (Story::default(), TestClock::new());
            let policy = Retry::expo().max_time(secs(10)).jitter(Jitter::None).clock(&clock);
            let policy = policy.observe(&story);
            let mut attempts = Run::new(&policy);
            for first in ["T1", ""] {
                attempts.decide(&DOWN);
                clock.advance(secs(1));
                assert_eq!(attempts.decide(&UP), Decision::Done);
                let first = if first.is_empty() && asks { "" } else { "T1 " };
                assert_eq!(story.told(), format!("{first}B1 T2 S2"));
                clock.advance(HOUR);
                assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (2, secs(1)));
                if asks {
                    assert_eq!(attempts.next_try(), Ok(()));
                    assert_eq!(story.told(), "T1");
                    assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (1, Duration::ZERO));
                }
            }
            assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
            assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (2, Duration::ZERO));
            clock.advance(secs(9));
            assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
            clock.advance(secs(1));
            assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTime));
        }
    }

    fn after_a_give_up_nothing_happens_before_a_reset() {
        let (story, clock, budget) = (Story::default(), TestClock::new(), Budget::new());
        let policy = POLICY.retry_if(|e: &&str| *e == "down").budget(&budget);
        let policy = policy.clock(&clock).observe(&story);
        let mut attempts = Run::new(&policy);
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
        assert_eq!(attempts.decide(&FATAL), Decision::GiveUp(StopReason::NotRetryable));
        assert_eq!((story.told().as_str(), budget.available()), ("T1 B1 T2 G2", 500));
        for outcome in [DOWN, UP, FATAL, UP, DOWN] {
            clock.advance(HOUR);
            let decision = match outcome {
                Ok(_) => Decision::Done,
                Err(_) => Decision::GiveUp(StopReason::NotRetryable),
            };
            assert_eq!(attempts.decide(&outcome), decision);
            assert_eq!(attempts.next_try(), Err(StopReason::NotRetryable));
            assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (2, Duration::ZERO));
            assert_eq!(attempts.stopped(), Some(StopReason::NotRetryable));
        }
        assert_eq!((story.told().as_str(), budget.available()), ("", 500));
        attempts.reset();
        assert_eq!((attempts.stopped(), attempts.tries()), (None, 1));
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
        assert_eq!((story.told().as_str(), budget.available()), ("T1 B1", 486));
    }

    fn a_reset_in_an_attempt_makes_it_the_first_without_another_notice() {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = POLICY.clock(&clock).observe(&story);
        let mut attempts = Run::new(&policy);
        attempts.decide(&DOWN);
        attempts.decide(&DOWN);
        attempts.next_try().unwrap();
        assert_eq!(story.told(), "T1 B1 T2 B2 T3");
        clock.advance(HOUR);
        attempts.reset();
        assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (1, Duration::ZERO));
        assert_eq!(attempts.progress(), Progress::default());
        clock.advance(secs(2));
        assert_eq!(attempts.elapsed().unwrap(), secs(2));
        assert_eq!(attempts.next_try(), Ok(()));
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
        assert_eq!(story.told(), "B1");
    }

    fn a_reset_between_attempts_makes_the_next_one_the_first() {
        // In a wait, after a success, after a give-up, and twice.
        let scripts: [&[Outcome]; 4] = [&[DOWN], &[UP], &[DOWN; 3], &[]];
        for (script, asks) in scripts.into_iter().zip([true, false, true, false]) {
            let (story, clock) = (Story::default(), TestClock::new());
            let policy = POLICY.clock(&clock).observe(&story);
            let mut attempts = Run::new(&policy);
            for outcome in script.iter().chain(script.is_empty().then_some(&DOWN)) {
                attempts.decide(outcome);
            }
            if script.is_empty() {
                attempts.reset();
            }
            story.told();
            clock.advance(HOUR);
            attempts.reset();
            assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (1, Duration::ZERO));
            assert_eq!((attempts.progress(), attempts.stopped()), (Progress::default(), None));
            clock.advance(HOUR);
            assert_eq!(attempts.elapsed().unwrap(), Duration::ZERO, "it begins with its attempt");
            if asks {
                attempts.next_try().unwrap();
            }
            assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
            assert_eq!(story.told(), "T1 B1");
        }
    }

    fn how_far_a_run_is_can_be_asked_at_any_time() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_tries(2).max_time(secs(10)).jitter(Jitter::None);
        let policy = policy.clock(&clock);
        let mut attempts = Run::<_, u32, &str>::new(&policy);
        macro_rules! assert_far {
            ($tries:expr, $elapsed:expr, $made:expr, $stopped:expr) => {
                assert_eq!(attempts.tries(), $tries);
                assert_eq!(attempts.elapsed().unwrap(), secs($elapsed));
                assert_eq!(attempts.remaining(), Some(secs(10 - $elapsed)));
                assert_eq!(attempts.progress().tries, $made);
                assert_eq!(attempts.stopped(), $stopped);
            };
        }
        assert_far!(1, 0, 0, None);
        clock.advance(secs(3));
        assert_far!(1, 3, 0, None);
        assert_eq!(attempts.progress().elapsed, secs(3));
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(1)));
        clock.advance(secs(2));
        assert_far!(2, 5, 1, None);
        attempts.next_try().unwrap();
        clock.advance(secs(1));
        assert_far!(2, 6, 1, None);
        assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTries));
        clock.advance(HOUR);
        assert_far!(2, 6, 2, Some(StopReason::MaxTries));
        assert_eq!(attempts.progress().elapsed, secs(6));
        attempts.reset();
        assert_far!(1, 0, 0, None);
        clock.advance(secs(1));
        assert_eq!(attempts.decide(&UP), Decision::Done);
        clock.advance(HOUR);
        assert_far!(1, 0, 0, None);
        assert_eq!(attempts.progress(), Progress::default(), "the next outcome begins a run");
    }

    fn nothing_is_left_where_the_time_is_over() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_time(secs(10)).clock(&clock);
        let attempts = Run::<_, u32, &str>::new(&policy);
        clock.advance(HOUR);
        assert_eq!(attempts.remaining(), Some(Duration::ZERO));
    }

    fn a_loop_in_line_can_be_explained() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_tries(2).jitter(Jitter::None).clock(&clock);
        let run = |outcomes: [Outcome; 2]| {
            let mut attempts = Run::new(&policy).timed();
            for outcome in outcomes {
                clock.advance(secs(2));
                match attempts.decide(&outcome) {
                    Decision::Backoff(wait) => clock.advance(wait),
                    _ => return attempts.explain(outcome),
                }
            }
            unreachable!("there are two tries")
        };
        let succeeded = run([DOWN, UP]).unwrap();
        assert_eq!((succeeded.value, succeeded.tries, succeeded.elapsed), (7, 2, secs(5)));
        let error = run([DOWN, DOWN]).unwrap_err();
        assert_eq!((error.reason(), error.tries()), (StopReason::MaxTries, 2));
        assert_eq!((error.elapsed(), error.into_error()), (secs(5), Some("down")));
    }

    fn a_loop_in_line_is_explained_to_the_caller_by_a_question_mark() {
        fn load() -> anyhow::Result<u32> {
            let policy = POLICY.clock(TestClock::new());
            let mut attempts = Run::new(&policy);
            loop {
                let outcome = "seven".parse::<u32>();
                if !matches!(attempts.decide(&outcome), Decision::Backoff(_)) {
                    return Ok(attempts.explain(outcome)?.value);
                }
            }
        }
        assert_eq!(
            format!("{:#}", load().unwrap_err()),
            "gave up after 3 tries in 0s (max tries): invalid digit found in string",
        );
    }

    fn a_value_that_was_never_accepted_is_explained_too() {
        let policy = POLICY.until(|n: &u32| *n == 9).clock(TestClock::new());
        let mut attempts = Run::new(&policy);
        while matches!(attempts.decide(&UP), Decision::Backoff(_)) {}
        let error = attempts.explain(UP).unwrap_err();
        assert_eq!(error.to_string(), "gave up after 3 tries in 0s (max tries): value not accepted");
        assert_eq!(error.into_outcome(), UP);
    }

    fn a_run_that_is_not_over_is_explained_by_the_attempts_that_were_made() {
        let policy = POLICY.clock(TestClock::new());
        let mut attempts = Run::new(&policy);
        attempts.decide(&DOWN);
        assert_eq!(attempts.tries(), 2, "the one that comes next");
        assert_eq!(attempts.explain(DOWN).unwrap_err().tries(), 1);
        assert_eq!(attempts.explain(UP).unwrap().tries, 1);
    }

    fn a_handler_that_panics_does_not_repeat_what_it_was_notified_of() {
        for (event, outcomes, expected) in [
            (EventKind::Try, [DOWN, DOWN, DOWN], "T1 B1 T2 B2 T3 G3"),
            (EventKind::Backoff, [DOWN, DOWN, DOWN], "T1 B1 T2 B2 T3 G3"),
            (EventKind::GiveUp, [DOWN, DOWN, DOWN], "T1 B1 T2 B2 T3 G3"),
            (EventKind::Success, [DOWN, UP, UP], "T1 B1 T2 S2 T1 S1"),
        ] {
            let (story, armed) = (Story::default(), AtomicBool::new(false));
            let panics = |kind| {
                assert!(kind != event || !armed.swap(false, Ordering::Relaxed), "a handler panics");
            };
            let policy = POLICY
                .clock(TestClock::new())
                .observe(&story)
                .on_try(|_| panics(EventKind::Try))
                .on_backoff(|_| panics(EventKind::Backoff))
                .on_giveup(|_| panics(EventKind::GiveUp))
                .on_success(|_| panics(EventKind::Success));
            let mut attempts = Run::new(&policy);
            armed.store(true, Ordering::Relaxed);
            for outcome in outcomes {
                let _ = catch_unwind(AssertUnwindSafe(|| attempts.next_try()));
                let _ = catch_unwind(AssertUnwindSafe(|| attempts.decide(&outcome)));
            }
            assert!(!armed.load(Ordering::Relaxed), "it panicked");
            assert_eq!(attempts.decide(&DOWN), match event {
                EventKind::Success => Decision::Backoff(secs(1)),
                _ => Decision::GiveUp(StopReason::MaxTries),
            });
            assert!(story.told().starts_with(expected), "{event:?}");
        }
    }

    fn an_attempt_that_succeeds_after_the_run_gave_up_is_explained_as_a_success() {
        let cancel = Cancel::new();
        let policy = POLICY.clock(TestClock::new()).cancelled_by(&cancel);
        let mut attempts = Run::new(&policy);
        attempts.decide(&DOWN);
        cancel.cancel();
        attempts.next_try().unwrap_err();
        assert_eq!(attempts.decide(&UP), Decision::Done);
        assert_eq!(attempts.explain(UP).unwrap().value, 7);
    }

    fn a_policy_is_held_in_any_way() {
        let policy = POLICY.clock(TestClock::new());
        macro_rules! gives_up {
            ($($policy:expr),*) => { $({
                let mut attempts = Run::new($policy);
                while matches!(attempts.decide(&DOWN), Decision::Backoff(_)) {}
                assert_eq!(attempts.tries(), 3);
            })* };
        }
        gives_up!(
            &policy, policy.clone(), Arc::new(policy.clone()), Box::new(policy.clone()),
            Arc::new(Box::new(&policy))
        );
    }

    fn a_run_goes_on_where_it_was_kept() {
        let (story, clock) = (Story::default(), TestClock::new());
        let policy = POLICY.clock(&clock).observe(&story);
        let kept = {
            let mut attempts = Run::new(&policy);
            clock.advance(secs(5));
            attempts.decide(&DOWN);
            attempts.progress()
        };
        assert_eq!((kept.tries, kept.elapsed, kept.last_wait), (1, secs(5), secs(1)));
        story.told();
        clock.advance(HOUR);
        let mut attempts = Run::resume(&policy, kept);
        assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (2, secs(5)));
        clock.advance(secs(1));
        assert_eq!((attempts.elapsed().unwrap(), attempts.progress().elapsed), (secs(6), secs(6)));
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(2)));
        assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTries));
        assert_eq!(story.told(), "T2 B2 T3 G3");
    }

    fn a_run_may_have_begun_before_its_clock_did() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_time(2 * HOUR).jitter(Jitter::None).clock(&clock);
        let mut kept = Progress::new(1);
        kept.elapsed = HOUR;
        let mut attempts = Run::resume(&policy, kept);
        assert_eq!((attempts.elapsed().unwrap(), attempts.remaining()), (HOUR, Some(HOUR)));
        clock.advance(secs(1800));
        assert_eq!(attempts.elapsed().unwrap(), secs(5400));
        assert_eq!(attempts.decide(&DOWN), Decision::Backoff(secs(2)));
        clock.advance(secs(1800));
        assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTime));
        assert_eq!(attempts.elapsed().unwrap(), 2 * HOUR);
    }

    fn a_run_that_is_resumed_may_have_waited_before_its_first_attempt() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_time(HOUR).clock(&clock);
        let mut kept = Progress::default();
        kept.elapsed = HOUR; // in a queue
        let mut attempts = Run::resume(&policy, kept);
        assert_eq!((attempts.tries(), attempts.elapsed().unwrap()), (1, HOUR));
        assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTime));
    }

    fn the_shortest_time_that_a_run_took_does_not_stop_its_clock() {
        for nanos in [1, 2, 3] {
            let clock = TestClock::new();
            let policy = Retry::expo().max_time(secs(10)).clock(&clock);
            let mut kept = Progress::new(1);
            kept.elapsed = Duration::from_nanos(nanos);
            let mut attempts = Run::resume(&policy, kept);
            assert!(attempts.elapsed().unwrap() <= Duration::from_nanos(3));
            clock.advance(HOUR);
            assert!(attempts.elapsed().unwrap() >= HOUR);
            assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTime));
        }
    }

    fn a_run_that_is_resumed_waits_on_from_its_last_wait() {
        let policy = Retry::decorrelated(secs(1)).jitter(Jitter::None).clock(TestClock::new());
        let mut kept = Progress::new(4);
        kept.last_wait = secs(5);
        // The middle of 1 to 15.
        assert_eq!(Run::resume(&policy, kept).decide(&DOWN), Decision::Backoff(secs(8)));
        assert_eq!(Run::new(&policy).decide(&DOWN), Decision::Backoff(secs(2)));
    }

    fn a_run_that_is_resumed_remembers_its_last_retry() {
        let seen = Mutex::new(Vec::new());
        let policy = POLICY.clock(TestClock::new()).on_try(|d: &Details<'_, u32, &str>| {
            seen.lock().unwrap().push((d.tries, d.retry, d.last_wait));
        });
        let mut attempts = Run::new(&policy);
        attempts.decide(&DOWN);
        let kept = attempts.progress();
        drop(Run::resume(&policy, kept));
        let retry = kept.last_retry;
        assert!(retry.is_some());
        assert_eq!(*seen.lock().unwrap(), [(1, None, secs(0)), (2, retry, secs(1))]);
    }

    fn a_run_that_has_used_up_its_tries_gives_up_when_it_is_resumed() {
        let policy = POLICY.clock(TestClock::new());
        for (tries, decision) in [
            (1, Decision::Backoff(secs(2))),
            (2, Decision::GiveUp(StopReason::MaxTries)),
            (3, Decision::GiveUp(StopReason::MaxTries)),
            (u32::MAX, Decision::GiveUp(StopReason::MaxTries)),
        ] {
            let mut attempts = Run::resume(&policy, Progress::new(tries));
            assert_eq!(attempts.decide(&DOWN), decision, "{tries}");
        }
    }

    fn a_target_and_arguments_are_shown_in_every_event() {
        let seen = Mutex::new(Vec::new());
        let note = |d: &Details<'_, u32, &str>| {
            let args = format!("{:?}", d.args().unwrap());
            seen.lock().unwrap().push(format!("{} {} {args}", letter(d.event), d.target()));
        };
        let policy = POLICY.clock(TestClock::new());
        let policy = policy.on_try(note).on_backoff(note).on_success(note).on_giveup(note);
        let mut attempts = Run::describing(&policy, "load", ("user", 7));
        for outcome in [DOWN, UP, DOWN, DOWN, DOWN] {
            attempts.decide(&outcome);
        }
        let events = "TBTSTBTBTG".chars();
        let expected: Vec<_> = events.map(|event| format!(r#"{event} load ("user", 7)"#)).collect();
        assert_eq!(*seen.lock().unwrap(), expected);
    }

    fn the_target_of_the_policy_has_precedence() {
        let mut seen = String::new();
        let policy = POLICY.clock(TestClock::new()).target("policy");
        let policy = policy.on_success(|d: &Details<'_, u32, &str>| seen = d.target().to_string());
        assert_eq!(Run::describing(&policy, "load", 7).decide(&UP), Decision::Done);
        drop(policy);
        assert_eq!(seen, "policy");
    }

    fn the_target_of_a_run_that_goes_on_is_the_place_in_the_code() {
        let mut seen = String::new();
        let policy = POLICY.clock(TestClock::new());
        let policy = policy.on_success(|d: &Details<'_, u32, &str>| seen = d.target().to_string());
        let (line, mut attempts) = (line!(), Run::resume(&policy, Progress::new(1)));
        attempts.decide(&UP);
        drop(policy);
        assert_eq!(seen, format!("{}:{line}", file!()));
    }
}

#[test]
fn a_run_that_was_kept_is_resumed_by_the_policy() {
    let policy = POLICY.clock(TestClock::new());
    let mut attempts = policy.attempts_from(Progress::new(2));
    assert_eq!(attempts.tries(), 3);
    assert_eq!(attempts.decide(&DOWN), Decision::GiveUp(StopReason::MaxTries));
}

type NotSend = Rc<u8>;

assert_impl_all!(Attempts<Retry, NotSend, NotSend>: Send, Sync, Unpin);
assert_impl_all!(AttemptsAsync<Retry, NotSend, NotSend>: Send, Sync, Unpin);
assert_impl_all!(Attempts<Arc<Retry>, u8, u8>: Send, Sync, Unpin);
assert_impl_all!(AttemptsAsync<Arc<Retry>, u8, u8>: Send, Sync, Unpin);
assert_impl_all!(AttemptsAsync<Box<Retry>, u8, u8>: Send, Sync, Unpin);
assert_not_impl_any!(Attempts<Retry<Expo, Rc<u8>>, u8, u8>: Send, Sync);
assert_not_impl_any!(AttemptsAsync<Retry<Expo, AnyError, (), std::cell::Cell<u8>>, u8, u8>: Sync);

#[test]
fn a_run_with_an_owned_policy_is_static_and_can_be_named() {
    struct Poller {
        attempts: Attempts<Retry, u32, &'static str>,
        later: AttemptsAsync<Arc<Retry>, u32, &'static str>,
    }
    fn is_static<T: Send + 'static>(_: &T) {}
    let mut poller =
        Poller { attempts: POLICY.into_attempts(), later: AttemptsAsync::new(Arc::new(POLICY)) };
    is_static(&poller);
    assert_eq!(poller.attempts.decide(&DOWN), Decision::Backoff(secs(1)));
    assert_eq!(poller.later.decide(&DOWN), Decision::Backoff(secs(1)));
}

/// A stream that reconnects: it yields what each connection says.
struct Reconnect {
    attempts: AttemptsAsync<Arc<Retry<Constant>>, u32, &'static str>,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
    connections: u32,
}

impl Reconnect {
    /// Every third connection works.
    fn connect(&mut self) -> Outcome {
        self.connections += 1;
        if self.connections % 3 == 0 { Ok(self.connections) } else { Err("refused") }
    }
}

impl Stream for Reconnect {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        loop {
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(context));
                self.timer = None;
            }
            if self.attempts.next_try().is_err() {
                return Poll::Ready(None);
            }
            let outcome = self.connect();
            match self.attempts.decide(&outcome) {
                Decision::Done => return Poll::Ready(outcome.ok()),
                Decision::Backoff(wait) => {
                    self.timer = Some(Box::pin(tokio::time::sleep(wait)));
                }
                Decision::GiveUp(_) => return Poll::Ready(None),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_reconnects_holds_its_run_and_is_spawned() {
    let policy = Retry::constant(secs(5)).jitter(Jitter::None).max_tries(3).max_time(secs(60));
    let attempts = AttemptsAsync::new(Arc::new(policy));
    let mut stream = Reconnect { attempts, timer: None, connections: 0 };
    let task = tokio::spawn(async move {
        let start = tokio::time::Instant::now();
        let items: Vec<_> = stream.by_ref().take(20).collect().await;
        (items, start.elapsed(), stream.attempts.stopped())
    });
    let (items, took, stopped) = task.await.unwrap();
    assert!(items.into_iter().eq((1..=20).map(|n| n * 3)));
    assert_eq!((took, stopped), (secs(200), None), "each item is a run with a time of its own");
}
