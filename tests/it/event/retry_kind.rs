//! What kind of retry an outcome calls for, and that a run remembers it.

use std::ops::ControlFlow::Break;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use relent::event::RetryKind;
use relent::run::Attempts;
use relent::{Budget, Condition, Details, Progress, Retry, TestClock, Verdict};

use crate::support::{letter, secs};

use RetryKind::{Poll, Throttled, Transient};

type Outcome = Result<u32, &'static str>;
type Seen = (char, Option<RetryKind>);

/// Retries until a 9, and knows who is throttled.
#[derive(Clone, Copy, Debug)]
struct Classified;

impl Condition<u32, &'static str> for Classified {
    fn judge(&self, details: &Details<'_, u32, &'static str>) -> Verdict {
        assert_eq!(details.retry.is_some(), details.tries > 1, "that of the last retry");
        match details.outcome() {
            Some(Ok(9)) => Verdict::Accept,
            Some(Err("fatal")) => Verdict::Stop,
            _ => Verdict::Retry,
        }
    }

    fn retry_kind(&self, details: &Details<'_, u32, &'static str>) -> RetryKind {
        match details.outcome() {
            Some(Err("slow down")) => Throttled,
            Some(Err(_)) => Transient,
            _ => Poll,
        }
    }
}

/// What each event of a run shows, in line, by the blocking and by the async driver.
fn play<C: Condition<u32, &'static str> + Clone>(condition: C, script: &[Outcome]) -> Vec<Seen> {
    let play = |form: u8| {
        let seen = Mutex::new(Vec::new());
        let note = |d: &Details<'_, u32, &'static str>| {
            seen.lock().unwrap().push((letter(d.event), d.retry));
        };
        let policy = Retry::expo().condition(condition.clone()).clock(TestClock::new());
        let policy = policy.on_try(note).on_success(note).on_backoff(note).on_giveup(note);
        let mut outcomes = script.iter().copied();
        let mut next = || outcomes.next().unwrap();
        let _ = match form {
            0 => policy.run(next),
            1 => block_on(policy.run_async(|| std::future::ready(next()))),
            _ => {
                let mut attempts = policy.attempts();
                loop {
                    if let Break(end) = attempts.after(next()) {
                        break end;
                    }
                }
            }
        };
        drop(policy);
        seen.into_inner().unwrap()
    };
    let told = play(0);
    assert_eq!(told, play(1));
    assert_eq!(told, play(2));
    told
}

#[test]
fn an_error_is_transient_and_a_value_a_poll_unless_the_condition_says_otherwise() {
    let script = [Err("down"), Ok(1), Err("down"), Ok(9)];
    let told = [
        ('T', None),
        ('B', Some(Transient)),
        ('T', Some(Transient)),
        ('B', Some(Poll)),
        ('T', Some(Poll)),
        ('B', Some(Transient)),
        ('T', Some(Transient)),
        ('S', Some(Transient)),
    ];
    assert_eq!(play(Classified, &script), told);
    let policy = Retry::expo().until(|n: &u32| *n == 9);
    assert_eq!(play(*policy.get_condition(), &script), told);
}

#[test]
fn a_condition_of_ones_own_classifies_and_each_event_shows_it() {
    assert_eq!(
        play(Classified, &[Err("slow down"), Ok(1), Err("slow down"), Err("fatal")]),
        [
            ('T', None),
            ('B', Some(Throttled)),
            ('T', Some(Throttled)),
            ('B', Some(Poll)),
            ('T', Some(Poll)),
            ('B', Some(Throttled)),
            ('T', Some(Throttled)),
            ('G', Some(Throttled)),
        ]
    );
    assert_eq!(play(Classified, &[Ok(9)]), [('T', None), ('S', None)]);
    assert_eq!(play(Classified, &[Err("fatal")]), [('T', None), ('G', None)]);
}

#[test]
fn the_links_of_a_chain_and_pointers_leave_the_kind_to_the_condition() {
    let budget = Budget::new();
    let policy = Retry::expo()
        .condition(Classified)
        .retry_if(|_: &&str| true)
        .until(|_: &u32| true)
        .retry_after(|_: &&str| None)
        .retry_after_value(|_: &u32| None)
        .budget(&budget)
        .retry_if_shared(Arc::new(|_: &&str| true));
    let script = [Err("slow down"), Ok(9)];
    let told =
        [('T', None), ('B', Some(Throttled)), ('T', Some(Throttled)), ('S', Some(Throttled))];
    assert_eq!(play(policy.get_condition(), &script), told);
    let boxed: Arc<dyn Condition<u32, &'static str>> = Arc::new(Classified);
    assert_eq!(play(boxed, &script), told);
}

#[test]
fn the_kind_of_the_last_retry_stands_in_the_progress() {
    let policy = Retry::expo().condition(Classified).clock(TestClock::new());
    let mut attempts = policy.attempts();
    assert_eq!(attempts.progress().last_retry, None);
    for (outcome, kind) in [
        (Err("slow down"), Some(Throttled)),
        (Ok(1), Some(Poll)),
        (Err("down"), Some(Transient)),
        (Err("fatal"), Some(Transient)),
        (Err("slow down"), Some(Transient)),
    ] {
        attempts.decide(&outcome);
        assert_eq!(attempts.progress().last_retry, kind);
        assert_eq!(Attempts::resume(&policy, attempts.progress()).progress().last_retry, kind);
    }
    let mut progress = Progress::default();
    for (outcome, kind) in [(Err("slow down"), Throttled), (Err("fatal"), Throttled)] {
        policy.decide(&mut progress, &outcome);
        assert_eq!(progress.last_retry, Some(kind));
    }
}

#[test]
fn no_kind_is_asked_for_where_a_limit_forbids_the_retry() {
    #[derive(Clone, Copy)]
    struct Unasked;
    impl<T, E> Condition<T, E> for Unasked {
        fn judge(&self, _: &Details<'_, T, E>) -> Verdict {
            Verdict::Retry
        }

        fn retry_kind(&self, _: &Details<'_, T, E>) -> RetryKind {
            panic!("asked")
        }
    }
    let policy = Retry::expo().condition(Unasked).clock(TestClock::new());
    policy.clone().max_tries(1).run(|| Err::<(), _>("down")).unwrap_err();
    policy.max_time(secs(0)).run(|| Err::<(), _>("down")).unwrap_err();
}
