//! What policies show of themselves.

use std::time::Duration;

use relent::{
    Details, Expo, GiveUp, Handlers, InvalidSetting, Jitter, Observe, Retry, RetryIf, TestClock,
};

use crate::support::{Fault, secs};

struct Silent;

impl<T, E> Observe<T, E> for Silent {}

#[test]
fn a_policy_shows_all_its_settings() {
    let policy = Retry::expo()
        .first_wait(secs(2))
        .factor(1.5)
        .max_tries(5)
        .max_time(secs(60))
        .max_wait(secs(7))
        .jitter(Jitter::Equal)
        .seed(42)
        .target("fetch");
    assert_eq!(
        format!("{policy:?}"),
        "Retry { strategy: Expo { first_wait: 2s, factor: 1.5 }, condition: AnyError, \
         observer: (), clock: System, tries: AtMost(5), max_time: Some(60s), stop_before_deadline: false, max_wait: Some(7s), \
         jitter: Equal, seed: Some(42), target: Some(\"fetch\") }"
    );
}

#[test]
fn a_policy_shows_what_was_said_of_its_tries() {
    let shown = |policy: Retry| {
        let text = format!("{policy:?}");
        let (_, rest) = text.split_once("tries: ").unwrap();
        rest.split_once(", max_time").unwrap().0.to_owned()
    };
    assert_eq!(shown(Retry::expo()), "Unsaid");
    assert_eq!(shown(Retry::expo().forever()), "Unlimited");
    assert_eq!(shown(Retry::expo().max_time(secs(1))), "Unlimited");
    assert_eq!(shown(Retry::expo().max_tries(5).forever()), "AtMost(5)");
}

#[test]
fn every_strategy_shows_its_numbers() {
    let shown = [
        format!("{:?}", Retry::fibo().first_wait(secs(2)).get_strategy()),
        format!("{:?}", Retry::constant(secs(3)).get_strategy()),
        format!("{:?}", Retry::linear(secs(3)).first_wait(secs(1)).get_strategy()),
        format!("{:?}", Retry::decay().decay_factor(0.5).min_wait(secs(1)).get_strategy()),
        format!("{:?}", Retry::sequence([secs(1), secs(2)]).get_strategy()),
        format!("{:?}", Retry::runtime(|_: &Details<'_, (), ()>| secs(1)).get_strategy()),
    ];
    assert_eq!(
        shown,
        [
            "Fibo { first_wait: 2s }",
            "Constant { wait: 3s }",
            "Linear { first_wait: 1s, step: 3s }",
            "Decay { first_wait: 1s, factor: 0.5, min_wait: 1s }",
            "Sequence { waits: [1s, 2s] }",
            "Runtime { .. }",
        ]
    );
}

#[test]
fn handlers_are_shown_by_their_number() {
    let policy = Retry::expo()
        .on_try(|_: &Details<'_, u8, Fault>| {})
        .on_giveup(|_| {})
        .on_giveup(|_| {})
        .observe(Silent)
        .on_backoff_async(|_: &Details<'_, u8, Fault>| async {});
    let shown = format!("{policy:?}");
    for part in [
        "observer: HandlersAsync { previous: Observed { previous: Handlers { previous: (), \
         on_try: 1, on_success: 0, on_backoff: 0, on_giveup: 2 }, observer: \"",
        "Silent\" }, on_try: 0, on_success: 0, on_backoff: 1, on_giveup: 0 }",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn conditions_are_shown_with_those_before_them() {
    let policy = Retry::expo().until(|n: &u8| *n > 1).retry_if(|e: &Fault| e.is_transient());
    let shown = format!("{policy:?}");
    assert!(shown.contains("condition: RetryIf(Until(AnyError, ..), ..)"), "{shown}");
}

#[test]
fn what_cannot_be_shown_does_not_keep_a_policy_from_being_shown() {
    type Opaque = fn(&Fault) -> bool;
    fn shown<C: std::fmt::Debug>(
        policy: &Retry<Expo, C, Handlers<'_, (), Fault>, TestClock>,
    ) -> String {
        format!("{policy:?}")
    }
    let policy: Retry<Expo, RetryIf<_, Opaque>> =
        Retry::expo().retry_if(Fault::is_transient as Opaque);
    let shown = shown(&policy.clock(TestClock::new()).on_try(|_| {}));
    assert!(shown.contains("clock: TestClock"), "{shown}");
}

#[test]
fn getters_return_what_was_set_and_defaults_otherwise() {
    const POLICY: Retry = Retry::expo()
        .max_tries(5)
        .max_time(Duration::from_secs(60))
        .max_wait(Duration::from_secs(7))
        .jitter(Jitter::Additive(Duration::from_secs(1)))
        .seed(42)
        .target("fetch");
    assert_eq!(POLICY.get_max_tries(), Some(5));
    assert_eq!(POLICY.get_max_time(), Some(secs(60)));
    assert_eq!(POLICY.get_max_wait(), Some(secs(7)));
    assert!(matches!(POLICY.get_jitter(), Jitter::Additive(most) if most == secs(1)));
    assert_eq!(POLICY.get_seed(), Some(42));
    assert_eq!(POLICY.get_target(), Some("fetch"));
    assert_eq!(POLICY.get_strategy(), &Expo::default());

    let default = Retry::default();
    assert_eq!(default.get_max_tries(), None);
    assert_eq!(default.get_max_time(), None);
    assert_eq!(default.get_max_wait(), None);
    assert!(matches!(default.get_jitter(), Jitter::Full));
    assert_eq!(default.get_seed(), None);
    assert_eq!(default.get_target(), None);
}

#[test]
fn a_running_future_shows_how_far_it_is() {
    let policy = Retry::expo().target("fetch").clock(TestClock::new());
    let future = policy.run_async(async || Err::<(), _>("down"));
    let shown = format!("{future:?}");
    assert!(shown.starts_with("Retrying { "), "{shown}");
    assert!(shown.contains("tries: 0"), "{shown}");
}

#[test]
fn a_preview_shows_how_far_it_is() {
    let policy = Retry::expo();
    let mut waits = policy.waits();
    assert!(waits.by_ref().take(2).eq([1, 2].map(secs)));
    assert_eq!(
        format!("{waits:?}"),
        "Waits { strategy: Expo { first_wait: 1s, factor: 2.0 }, tries: 2, elapsed: 3s, .. }"
    );
}

#[test]
fn a_future_is_shown_under_the_name_that_was_given_to_it() {
    let policy = Retry::expo().target("fetch").clock(TestClock::new());
    let shown = format!("{:?}", policy.run_async(async || Err::<(), _>("down")));
    assert!(shown.contains("target: \"fetch\""), "{shown}");
}

#[test]
fn reasons_and_refusals_read_as_words() {
    let reasons = [
        (GiveUp::NotRetryable, "not retryable", "not_retryable"),
        (GiveUp::MaxTries, "max tries", "max_tries"),
        (GiveUp::MaxTime, "max time", "max_time"),
        (GiveUp::WaitsExhausted, "waits exhausted", "waits_exhausted"),
        (GiveUp::Budget, "budget spent", "budget"),
        (GiveUp::Cancelled, "cancelled", "cancelled"),
    ];
    for (reason, words, name) in reasons {
        assert_eq!((reason.to_string().as_str(), reason.name()), (words, name));
    }
    assert_eq!(format!("{:>12}|", GiveUp::MaxTime), "    max time|");
    let refused: InvalidSetting = Retry::expo().try_max_tries(0).unwrap_err();
    assert_eq!(refused.to_string(), "max_tries must be at least 1; for no limit say `forever()`");
}

#[test]
fn details_read_as_the_line_to_log() {
    let fault: Result<u8, Fault> = Err(Fault::Busy);
    let value: Result<u8, Fault> = Ok(3);
    let first = Details::new("fetch", 1);
    let third = Details::new("fetch", 3);
    assert_eq!(
        [
            first.to_string(),
            first.with_outcome(&value).to_string(),
            third.with_outcome(&value).to_string(),
            third.with_outcome(&fault).with_wait(Duration::from_millis(1250)).to_string(),
            third.with_outcome(&value).with_wait(secs(1)).to_string(),
            first.with_outcome(&fault).with_reason(GiveUp::NotRetryable).to_string(),
            third.with_outcome(&value).with_reason(GiveUp::MaxTries).to_string(),
        ],
        [
            "Trying fetch (try 1)",
            "Succeeded fetch after 1 try",
            "Succeeded fetch after 3 tries",
            "Backing off fetch for 1.2s (Busy)",
            "Backing off fetch for 1.0s (value not accepted)",
            "Giving up fetch after 1 try (Busy)",
            "Giving up fetch after 3 tries (value not accepted)",
        ]
    );
}

#[test]
fn details_show_neither_value_nor_error_in_debug() {
    let secret: Result<&str, &str> = Err("password");
    let shown = format!("{:?}", Details::new("fetch", 1).with_outcome(&secret));
    assert!(shown.contains("target: \"fetch\"") && !shown.contains("password"), "{shown}");
}

#[test]
fn a_target_is_named_after_the_function_that_calls() {
    let mut names = Vec::new();
    let policy = Retry::expo().clock(TestClock::new());
    policy
        .clone()
        .on_success(|d| names.push(d.target().to_string()))
        .run(|| Ok::<_, ()>(1))
        .unwrap();
    let awaited = policy.on_success(|d| names.push(d.target().to_string()));
    futures::executor::block_on(awaited.run_async(async || Ok::<_, ()>(1))).unwrap();
    drop(awaited);
    let here = "it::policy::inspect::a_target_is_named_after_the_function_that_calls";
    assert_eq!(names, [here, here]);
}

#[test]
fn a_loop_in_line_shows_where_it_is_and_how_far() {
    let policy = Retry::expo().target("stream").clock(TestClock::new());
    let mut attempts = policy.attempts();
    assert_eq!(format!("{attempts:?}"), r#"Attempts { target: "stream", tries: 1, .. }"#);
    assert!(attempts.after(Err::<(), _>("down")).is_continue());
    assert_eq!(format!("{attempts:?}"), r#"Attempts { target: "stream", tries: 2, .. }"#);

    let begin = policy.attempts_async::<u8, &str>();
    assert_eq!(format!("{begin:?}"), r#"Begin { target: "stream", .. }"#);
    let mut attempts = policy.attempts();
    let after = attempts.after_async(Ok::<u8, &str>(7));
    let expected = r#"After { attempts: Attempts { target: "stream", tries: 1, .. }, .. }"#;
    assert_eq!(format!("{after:?}"), expected);
}

#[test]
fn a_handle_shows_whether_it_has_cancelled_and_a_budget_what_it_holds() {
    let cancel = relent::Cancel::new();
    assert_eq!(format!("{cancel:?}"), "Cancel { is_cancelled: false }");
    cancel.cancel();
    assert_eq!(format!("{cancel:?}"), "Cancel { is_cancelled: true }");
    let shown = "Budget { available: 7, capacity: 7, cost: 2 }";
    let budget = relent::Budget::new().capacity(7).cost(2);
    assert_eq!(format!("{budget:?}"), shown);
    let policy = Retry::expo().budget(&budget);
    assert_eq!(format!("{:?}", policy.get_condition()), format!("Budgeted(AnyError, {shown})"));
}

#[test]
fn a_timed_operation_shows_its_own_and_its_time() {
    let policy = Retry::expo().clock(TestClock::new());
    let timed = policy.attempt_timeout(secs(5));
    let shown = format!("{timed:?}");
    assert!(shown.contains("AttemptTimeout { most: 5s, at_deadline: false }"), "{shown}");
    let strict = format!("{:?}", timed.stop_at_deadline());
    assert!(strict.contains("AttemptTimeout { most: 5s, at_deadline: true }"), "{strict}");
}

#[test]
fn the_kinds_of_events_have_names() {
    use relent::EventKind::{Backoff, GiveUp, Success, Try};

    let names = [Try, Success, Backoff, GiveUp].map(relent::EventKind::name);
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
    assert_eq!((event.kind, event.target.as_str()), (relent::EventKind::Backoff, "connect"));
    assert_eq!((event.tries, event.elapsed, event.wait), (2, secs(5), Some(secs(3))));
    assert_eq!(event.error.as_deref(), Some("database unreachable"));
    assert_eq!((event.args.as_deref(), event.reason), (None, None));
    assert!(event.sources.is_empty());
    let event = event.with_args_of(&details).with_sources_of(outcome.as_ref().unwrap_err());
    assert_eq!(event.args.as_deref(), Some(r#"("user", 7)"#));
    assert_eq!(event.sources, ["connection refused"]);
    assert_eq!(details.snapshot_with_sources().sources, ["connection refused"]);
    let ended = details.with_reason(GiveUp::Budget).snapshot();
    assert_eq!((ended.wait, ended.reason), (None, Some(GiveUp::Budget)));
}
