//! The policies that configurations make.

use std::time::Duration;

use relent::wait::OwnedSchedule;
use relent::{Details, MaxTries, Retry, RetryConfig, StopReason, TestClock};
use serde_json::json;

use super::{line, read};
use crate::support::{millis, secs};

/// What a policy shows of its settings, without its strategy.
fn settings<S: std::fmt::Debug>(policy: &Retry<S>) -> String {
    let shown = format!("{policy:?}");
    shown[shown.find("condition:").unwrap()..].to_owned()
}

#[test]
fn the_defaults_are_those_of_the_builder() {
    fn assert_same<S>(text: &str, policy: &Retry<S>)
    where
        S: relent::Wait<(), ()> + std::fmt::Debug,
    {
        let configured = line(text).policy().unwrap();
        assert_eq!(settings(&configured), settings(policy), "{text}");
        assert!(configured.waits().take(50).eq(policy.waits().take(50)), "{text}");
        assert_eq!(configured.describe(), policy.describe(), "{text}");
    }
    let second = secs(1);
    assert_same("expo", &Retry::expo());
    assert_same("max_tries=10", &Retry::expo().max_tries(10));
    assert_same("fibo", &Retry::fibo());
    assert_same("constant wait=1s", &Retry::constant(second));
    assert_same("linear step=1s", &Retry::linear(second));
    assert_same("decay", &Retry::decay());
    assert_same(
        "decorrelated base=1s max_wait=1m",
        &Retry::decorrelated(second).max_wait(secs(60)),
    );
    assert_same("sequence waits=[1s,2s]", &Retry::sequence([second, secs(2)]));
    assert_same("expo max_time=1m", &Retry::expo().max_time(secs(60)));
    assert_same("expo max_wait=5s forever", &Retry::expo().max_wait(secs(5)).forever());
    assert_eq!(RetryConfig::default(), line("expo"));
    assert_eq!(read(&json!({})), Ok(RetryConfig::default()));
    assert_eq!(format!("{:?}", RetryConfig::default()), "RetryConfig(expo jitter=full)");
}

#[test]
fn every_key_reaches_its_setting() {
    let config = read(&json!({
        "strategy": "expo",
        "first_wait": "100ms",
        "factor": 1.5,
        "max_wait": "10s",
        "max_asked_wait": "2m",
        "max_tries": 5,
        "max_time": "1m 30s",
        "last_wait_may_overrun": true,
        "nested": "once",
        "jitter": "none",
        "seed": 7,
    }));
    let policy = config.unwrap().policy().unwrap();
    let expected = Retry::expo()
        .first_wait(millis(100))
        .factor(1.5)
        .max_wait(secs(10))
        .max_asked_wait(secs(120))
        .max_tries(5)
        .max_time(secs(90))
        .last_wait_may_overrun()
        .nested(relent::Nested::Once)
        .jitter(relent::Jitter::None)
        .seed(7);
    assert_eq!(settings(&policy), settings(&expected));
    assert!(policy.waits().eq(expected.waits()));
}

#[test]
fn texts_are_numbers_and_booleans_too_as_in_environment_variables() {
    let texts = json!({ "max_tries": "5", "factor": "1.5", "last_wait_may_overrun": "true", "max_time": "1m", "seed": " 7 " });
    let values = json!({ "max_tries": 5, "factor": 1.5, "last_wait_may_overrun": true, "max_time": "1m", "seed": 7 });
    assert_eq!(read(&texts), read(&values));
    let list = json!({ "strategy": "sequence", "waits": ["1s", "1m 30s"] });
    for text in ["1s, 1m 30s", "[1s,1m30s]", r#"["1s", "1m 30s"]"#] {
        assert_eq!(read(&json!({ "strategy": "sequence", "waits": text })), read(&list), "{text}");
    }
    assert_eq!(
        read(&json!({ "forever": "false", "max_tries": 3 })),
        read(&json!({ "max_tries": 3 }))
    );
}

#[test]
fn a_line_may_have_spaces_quotes_and_flags() {
    let expected = line(
        "expo first_wait=100ms max_time=1m30s last_wait_may_overrun=true jitter=additive(1m30s)",
    );
    for text in [
        "expo first_wait=100ms max_time=1m 30s last_wait_may_overrun jitter=additive(1m 30s)",
        " expo  first_wait = 100ms max_time = \"1m 30s\" jitter = additive(1m 30s) last_wait_may_overrun ",
        "first_wait=100ms last_wait_may_overrun max_time=1m 30s jitter=additive(1m 30s) strategy=expo",
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
    assert_eq!(line("forever").policy().unwrap().get_max_tries(), MaxTries::Unlimited);
    assert_eq!(line("sequence waits=[]").policy().unwrap().waits().count(), 0);
}

#[test]
fn a_cap_contradicts_a_first_wait_that_is_given_and_not_the_default() {
    let policy = line("expo max_wait=500ms max_tries=3").policy().unwrap();
    assert!(policy.waits().eq([500, 500].map(millis)));
    assert!("expo first_wait=1s max_wait=500ms".parse::<RetryConfig>().is_err());
    assert!("expo first_wait=500ms max_wait=500ms".parse::<RetryConfig>().is_ok());
}

#[test]
fn a_list_of_waits_is_owned_and_shared_by_clones() {
    fn configured() -> Retry<OwnedSchedule> {
        let text = String::from("sequence waits=[1s,5s,1m] jitter=none");
        text.parse::<RetryConfig>().unwrap().policy().unwrap()
    }
    let policy = configured();
    let (clock, other) = (TestClock::new(), TestClock::new());
    let task = std::thread::spawn({
        let (policy, other) = (policy.clone(), other.clone());
        move || policy.clock(other).run(|| Err::<(), _>("down"))
    });
    let mut reason = None;
    let noted = policy.clock(&clock).on_giveup(|d: &Details<'_, (), &str>| reason = d.reason);
    noted.run(|| Err("down")).unwrap_err();
    drop(noted);
    task.join().unwrap().unwrap_err();
    assert_eq!(clock.waits(), [1, 5, 60].map(secs));
    assert_eq!(other.waits(), clock.waits());
    assert_eq!(reason, Some(StopReason::WaitsExhausted));
}

#[test]
fn a_policy_that_must_not_overrun_has_a_type_of_its_own() {
    let config = line("expo max_time=10s no_attempt_after_deadline jitter=none");
    let error = config.policy().unwrap_err();
    assert_eq!(error.key(), Some("no_attempt_after_deadline"));
    let clock = TestClock::new();
    config.punctual_policy().clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!(clock.waits(), [1, 2, 4].map(secs));
    // Without the key the same type shortens the last wait.
    let clock = TestClock::new();
    let config = line("expo max_time=10s jitter=none");
    config.punctual_policy().clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    assert_eq!(clock.waits(), [1, 2, 4, 3].map(secs));
}

#[test]
fn configurations_that_differ_in_one_setting_are_not_equal() {
    let all = [
        "expo",
        "expo first_wait=2s",
        "expo factor=3",
        "expo max_wait=9s",
        "expo max_asked_wait=9s",
        "expo max_asked_wait=unlimited",
        "expo max_tries=10",
        "expo forever",
        "expo max_time=9s",
        "expo max_time=9s max_tries=10",
        "expo max_time=9s last_wait_may_overrun",
        "expo max_time=9s no_attempt_after_deadline",
        "expo jitter=equal",
        "expo jitter=none",
        "expo jitter=additive(1s)",
        "expo jitter=additive(2s)",
        "expo jitter=proportional(0.1)",
        "expo jitter=proportional(0.2)",
        "expo seed=1",
        "expo seed=2",
        "fibo",
        "sequence waits=[1s]",
        "sequence waits=[1s,1s]",
    ];
    for (place, one) in all.into_iter().enumerate() {
        for (other_place, other) in all.into_iter().enumerate() {
            assert_eq!(line(one) == line(other), place == other_place, "{one} and {other}");
        }
    }
}

#[test]
fn an_owned_schedule_is_equal_by_what_it_does() {
    const LIST: [Duration; 2] = [millis(1), millis(2)];
    let list = relent::wait::Sequence::new(&LIST[..]);
    assert_eq!(OwnedSchedule::from(list), OwnedSchedule::from(LIST.to_vec()));
    assert_ne!(OwnedSchedule::from(list), OwnedSchedule::from(vec![millis(1)]));
    assert_ne!(
        OwnedSchedule::from(relent::wait::Fibo::default()),
        OwnedSchedule::from(relent::wait::Expo::default())
    );
}

/// A setting of the builder is a key, or its error says that the program sets it.
#[test]
fn every_setting_of_the_builder_is_known() {
    const NO_SETTINGS: [&str; 5] =
        ["without_conditions", "without_observers", "by_ref", "share_observers", "new"];
    let strategies = ["expo", "fibo", "constant", "linear", "decay", "decorrelated", "sequence"];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy");
    let mut known = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in source.lines() {
            let public = ["    pub fn ", "    pub const fn "];
            let Some(function) = public.iter().find_map(|start| line.strip_prefix(start)) else {
                continue;
            };
            let name = &function[..function.find(['<', '(']).unwrap()];
            if name.starts_with("try_") || NO_SETTINGS.contains(&name) || strategies.contains(&name)
            {
                continue;
            }
            let error = match name {
                "from_fn" | "runtime" => read(&json!({ "strategy": name })),
                // No value of this kind is right for any key.
                _ => read(&json!({ name: [] })),
            };
            let error = error.unwrap_err();
            assert!(!error.contains("there is no such"), "{name}: {error}");
            known.push(name.to_owned());
        }
    }
    assert!(known.len() > 30, "{known:?}");
}
