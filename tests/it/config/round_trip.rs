//! Each configuration reads back as it is written, and each policy that is data has one.

use std::time::Duration;

use proptest::option;
use proptest::prelude::*;
use relent::wait::{Constant, Decay, Decorrelated, Expo, Fibo, Linear, OwnedSchedule, Sequence};
use relent::{Jitter, Nested, Retry, RetryConfig};

use super::{line, read};
use crate::support::millis;
use crate::wait::{any_wait, any_wait_above_zero};

/// Any strategy that is data, whether its numbers make sense or not.
fn any_owned_schedule() -> impl Strategy<Value = OwnedSchedule> {
    let factor = || prop_oneof![f64::MIN_POSITIVE..f64::MAX, 0.01..10.0, Just(2.0), Just(1.0)];
    prop_oneof![
        (any_wait_above_zero(), factor()).prop_map(|(wait, factor)| Expo::new(wait, factor).into()),
        Just(Expo::default().into()),
        any_wait_above_zero().prop_map(|wait| Fibo::new(wait).into()),
        any_wait().prop_map(|wait| Constant::new(wait).into()),
        (any_wait_above_zero(), any_wait())
            .prop_map(|(first, step)| Linear::new(first, step).into()),
        (any_wait_above_zero(), prop_oneof![0.0..5.0, Just(1.0)], any_wait())
            .prop_map(|(first, factor, least)| Decay::new(first, factor, least).into()),
        any_wait_above_zero().prop_map(|base| Decorrelated::new(base).into()),
        prop::collection::vec(any_wait(), 0..5).prop_map(OwnedSchedule::from),
    ]
}

fn any_data_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        3 => Just(Jitter::Full),
        1 => Just(Jitter::Equal),
        1 => Just(Jitter::None),
        1 => any_wait().prop_map(Jitter::Additive),
        1 => (0.0..=1.0).prop_map(Jitter::Proportional),
    ]
}

/// A policy that is data. Its limits may contradict its waits.
fn any_policy() -> impl Strategy<Value = Retry<OwnedSchedule>> {
    let limits = (
        option::of(any_wait_above_zero()),
        option::of(any_wait()),
        option::of(prop_oneof![1..20_u32, Just(u32::MAX)]),
        option::of(any_wait()),
        any::<bool>(),
        any::<[bool; 2]>(),
        option::of(any::<u64>()),
    );
    (any_owned_schedule(), any_data_jitter(), limits).prop_map(|(strategy, jitter, limits)| {
        let (max_wait, asked, tries, time, forever, [overruns, once], seed) = limits;
        let mut policy = Retry::new(strategy).jitter(jitter);
        policy = max_wait.map_or(policy.clone(), |wait| policy.max_wait(wait));
        policy = asked.map_or(policy.clone(), |wait| policy.max_asked_wait(wait));
        policy = tries.map_or(policy.clone(), |tries| policy.max_tries(tries));
        policy = time.map_or(policy.clone(), |time| policy.max_time(time));
        policy = seed.map_or(policy.clone(), |seed| policy.seed(seed));
        policy = if once { policy.nested(Nested::Once) } else { policy };
        policy = if forever { policy.forever() } else { policy };
        if overruns { policy.last_wait_may_overrun() } else { policy }
    })
}

/// What a policy shows of itself, without what a list of waits makes no use of.
fn shown(policy: &Retry<OwnedSchedule>) -> String {
    let shown = format!("{policy:?}");
    let ends = shown.contains("Sequence(") && policy.get_max_time().is_none();
    if ends { shown.replace("tries: Unlimited", "tries: Unset") } else { shown }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_that_is_data_comes_back_from_its_configuration(policy in any_policy()) {
        let Ok(config) = RetryConfig::try_from(&policy) else { return Ok(()) };
        prop_assert_eq!(shown(&config.policy().unwrap()), shown(&policy));
        let again = RetryConfig::try_from(&config.policy().unwrap()).unwrap();
        prop_assert_eq!(&again, &config);
        prop_assert_eq!(&RetryConfig::try_from(&config.punctual_policy()).unwrap(), &config);
    }

    #[test]
    fn a_line_and_a_document_read_back_as_they_are_written(policy in any_policy()) {
        let Ok(config) = RetryConfig::try_from(&policy) else { return Ok(()) };
        let written = config.to_string();
        prop_assert_eq!(&line(&written), &config);
        prop_assert_eq!(line(&written).to_string(), written.clone());
        let document = serde_json::to_value(&config).unwrap();
        prop_assert_eq!(&read(&document).unwrap(), &config);
        let text = serde_json::to_string(&config).unwrap();
        prop_assert_eq!(&serde_json::from_str::<RetryConfig>(&text).unwrap(), &config);
        // A document may hold the line, too.
        prop_assert_eq!(&read(&written.into()).unwrap(), &config);
    }

    #[test]
    fn different_policies_have_different_configurations(one in any_policy(), other in any_policy()) {
        let (Ok(first), Ok(second)) = (RetryConfig::try_from(&one), RetryConfig::try_from(&other)) else {
            return Ok(());
        };
        prop_assert_eq!(first == second, shown(&one) == shown(&other));
        prop_assert_eq!(first == second, first.to_string() == second.to_string());
    }
}

#[test]
fn most_random_policies_have_a_configuration() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let policies = (0..1000).map(|_| any_policy().new_tree(&mut runner).unwrap().current());
    let written = policies.filter(|policy| RetryConfig::try_from(policy).is_ok()).count();
    assert!((300..900).contains(&written), "the properties above are about {written} of 1000");
}

#[test]
fn a_jitter_that_is_less_than_any_number_of_digits_comes_back() {
    for part in [f64::MIN_POSITIVE, 1e-300, 0.1 + 0.2, 1.0 / 3.0, -0.0] {
        let policy = Retry::expo().factor(1.0 + part.abs()).jitter(Jitter::Proportional(part));
        let config = RetryConfig::try_from(&policy).unwrap();
        assert_eq!(line(&config.to_string()), config, "{part}");
    }
    for factor in [f64::MIN_POSITIVE, f64::MAX, 1e16, 123_456_789.123_456_78] {
        let config = RetryConfig::try_from(&Retry::expo().factor(factor)).unwrap();
        assert_eq!(line(&config.to_string()), config, "{factor}");
        assert_eq!(read(&serde_json::to_value(&config).unwrap()), Ok(config), "{factor}");
    }
}

#[test]
fn all_policies_of_a_builder_that_are_data_have_a_configuration() {
    const LIST: [Duration; 2] = [millis(100), millis(500)];
    let written = [
        RetryConfig::try_from(&Retry::expo()),
        RetryConfig::try_from(&Retry::fibo()),
        RetryConfig::try_from(&Retry::constant(millis(1500))),
        RetryConfig::try_from(&Retry::linear(millis(250))),
        RetryConfig::try_from(&Retry::linear(millis(250)).first_wait(millis(1))),
        RetryConfig::try_from(&Retry::decay().decay_factor(0.5).min_wait(millis(10))),
        RetryConfig::try_from(&Retry::decorrelated(millis(100))),
        RetryConfig::try_from(&Retry::decorrelated(millis(100)).jitter(Jitter::None)),
        RetryConfig::try_from(&Retry::sequence(LIST)),
        RetryConfig::try_from(&Retry::sequence(&LIST[..])),
        RetryConfig::try_from(&Retry::sequence(LIST.to_vec()).forever()),
        RetryConfig::try_from(&Retry::new(relent::Schedule::Sequence(Sequence::new(&LIST)))),
        RetryConfig::try_from(&Retry::new(Box::new(Fibo::default())).forever()),
        RetryConfig::try_from(&Retry::expo().max_time(millis(90_000)).no_attempt_after_deadline()),
        RetryConfig::try_from(&Retry::expo().max_asked_wait(Duration::MAX).seed(u64::MAX)),
    ]
    .map(|config| config.unwrap().to_string());
    assert_eq!(
        written,
        [
            "expo jitter=full",
            "fibo jitter=full",
            "constant wait=1s500ms jitter=full",
            "linear step=250ms jitter=full",
            "linear first_wait=1ms step=250ms jitter=full",
            "decay min_wait=10ms decay_factor=0.5 jitter=full",
            "decorrelated base=100ms",
            "decorrelated base=100ms jitter=none",
            "sequence waits=[100ms,500ms] jitter=full",
            "sequence waits=[100ms,500ms] jitter=full",
            "sequence waits=[100ms,500ms] jitter=full",
            "sequence waits=[100ms,500ms] jitter=full",
            "fibo forever=true jitter=full",
            "expo max_time=1m30s no_attempt_after_deadline=true jitter=full",
            "expo max_asked_wait=unlimited jitter=full seed=18446744073709551615",
        ]
    );
    for text in written {
        assert_eq!(line(&text).to_string(), text);
    }
}
