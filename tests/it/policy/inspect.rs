//! What policies show of themselves.

use std::time::Duration;

use relent::condition::RetryIf;
use relent::observe::Handlers;
use relent::wait::Expo;
use relent::{Details, Jitter, MaxTries, Observe, Retry, TestClock};

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
         observer: (), clock: SystemClock, tries: AtMost(5), max_time: Some(60s), last_wait: Shortened, nested: Allow, max_wait: Some(7s), max_asked_wait: 3600s, \
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
    assert_eq!(shown(Retry::expo()), "Unset");
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
    assert_eq!(POLICY.get_max_tries(), MaxTries::AtMost(5));
    assert_eq!(POLICY.get_max_time(), Some(secs(60)));
    assert_eq!(POLICY.get_max_wait(), Some(secs(7)));
    assert!(matches!(POLICY.get_jitter(), Jitter::Additive(most) if most == secs(1)));
    assert_eq!(POLICY.get_seed(), Some(42));
    assert_eq!(POLICY.get_target(), Some("fetch"));
    assert_eq!(POLICY.get_strategy(), &Expo::default());

    let default = Retry::default();
    assert_eq!(default.get_max_tries(), MaxTries::Default);
    assert_eq!(default.get_max_time(), None);
    assert_eq!(default.get_max_wait(), None);
    assert!(matches!(default.get_jitter(), Jitter::Full));
    assert_eq!(default.get_seed(), None);
    assert_eq!(default.get_target(), None);
}

#[test]
fn a_limit_that_is_not_set_is_told_from_one_that_is_lifted() {
    let unlimited = [
        Retry::expo().forever(),
        Retry::expo().max_time(secs(9)),
        Retry::expo().max_tries(u32::MAX),
    ];
    assert_eq!(unlimited.map(|policy| policy.get_max_tries()), [MaxTries::Unlimited; 3]);
    assert_eq!(Retry::expo().max_tries(10).get_max_tries(), MaxTries::AtMost(10));
    assert_eq!(Retry::expo().forever().max_tries(3).get_max_tries(), MaxTries::AtMost(3));
    assert_eq!(Retry::expo().max_tries(3).forever().get_max_tries(), MaxTries::AtMost(3));
    assert_eq!(Retry::sequence([secs(1)]).get_max_tries(), MaxTries::Default);
}

#[test]
fn a_handle_shows_whether_it_has_cancelled_and_a_budget_what_it_holds() {
    let cancel = relent::Cancel::new();
    assert_eq!(format!("{cancel:?}"), "Cancel { is_cancelled: false }");
    cancel.cancel();
    assert_eq!(format!("{cancel:?}"), "Cancel { is_cancelled: true }");
    let shown = "Budget { name: None, available: 7, capacity: 7, transient_cost: 2, throttled_cost: 2, poll_cost: 0 }";
    let budget = relent::Budget::new().capacity(7).cost(2);
    assert_eq!(format!("{budget:?}"), shown);
    let policy = Retry::expo().budget(&budget);
    assert_eq!(format!("{:?}", policy.get_condition()), format!("Budgeted(AnyError, {shown})"));
}
