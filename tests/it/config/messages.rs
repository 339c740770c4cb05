//! Every message of a configuration. Each must be understood by someone who sees nothing but the message: it names the
//! key, the value, and what to write instead.

use std::time::Duration;

use relent::config::GrpcRetryPolicy;
use relent::wait::{Decorrelated, Linear};
use relent::{Budget, Cancel, Details, Jitter, Retry, RetryConfig, TestClock};
use serde_json::{Value, json};

use super::{line, read};
use crate::support::{millis, secs};

/// Compares each message with the table, and shows all of the differences at once.
#[track_caller]
fn assert_messages(found: &[(String, String)], expected: &[&str]) {
    let mut wrong = Vec::new();
    for (place, (input, message)) in found.iter().enumerate() {
        if expected.get(place).copied() != Some(message.as_str()) {
            wrong.push(format!("{input}\n            {message:?},"));
        }
    }
    assert!(wrong.is_empty() && found.len() == expected.len(), "{}", wrong.join("\n"));
}

/// The message of each document.
fn of_documents(documents: &[Value]) -> Vec<(String, String)> {
    let message = |document: &Value| {
        let message = read(document).err().unwrap_or_else(|| panic!("{document} is read"));
        (document.to_string(), message)
    };
    documents.iter().map(message).collect()
}

#[test]
fn a_key_that_does_not_belong_there() {
    let found = of_documents(&[
        json!({ "max_trys": 5 }),
        json!({ "Max-Tries": 5 }),
        json!({ "max_retries": 5 }),
        json!({ "initial_interval": "1s" }),
        json!({ "multiplier": 2 }),
        json!({ "colour": { "red": 1 } }),
        json!({ "a\nkey of two lines, which is much longer than what anybody would want to read": 1 }),
        json!({ "target": "payments" }),
        json!({ "attempt_timeout": "1s" }),
        json!({ "retry_if": ["a", "b", "c", "d", "e"] }),
        json!({ "strategy": "fibo", "factor": 3 }),
        json!({ "step": "1s" }),
        json!({ "strategy": "sequence", "waits": ["1s"], "first_wait": "1s" }),
    ]);
    assert_messages(
        &found,
        &[
            "invalid retry configuration: `max_trys = 5`: there is no such key; perhaps you mean `max_tries`, as in `max_tries = 5`",
            "invalid retry configuration: `Max-Tries = 5`: there is no such key; perhaps you mean `max_tries`, as in `max_tries = 5`",
            "invalid retry configuration: `max_retries = 5`: there is no such key; write `max_tries`, which also counts the first attempt: 3 retries are `max_tries = 4`",
            "invalid retry configuration: `initial_interval = \"1s\"`: there is no such key; perhaps you mean `first_wait`, as in `first_wait = \"100ms\"`",
            "invalid retry configuration: `multiplier = 2`: there is no such key; perhaps you mean `factor`, as in `factor = 2`",
            "invalid retry configuration: `colour = {..}`: there is no such key; the keys are strategy, wait, first_wait, step, base, waits, factor, decay_factor, min_wait, max_wait, max_asked_wait, max_tries, max_time, forever, last_wait_may_overrun, no_attempt_after_deadline, nested, jitter, seed",
            "invalid retry configuration: `a\\nkey of two lines, which is much longer than what anybody w… = 1`: there is no such key; the keys are strategy, wait, first_wait, step, base, waits, factor, decay_factor, min_wait, max_wait, max_asked_wait, max_tries, max_time, forever, last_wait_may_overrun, no_attempt_after_deadline, nested, jitter, seed",
            "invalid retry configuration: `target = \"payments\"`: it cannot be configured; set it in the program, by `.target(..)` on the policy that the configuration makes",
            "invalid retry configuration: `attempt_timeout = \"1s\"`: it cannot be configured; set it in the program, by `.attempt_timeout(..)` on the policy that the configuration makes",
            "invalid retry configuration: `retry_if = [a list of 5]`: it cannot be configured; set it in the program, by `.retry_if(..)` on the policy that the configuration makes",
            "invalid retry configuration: `factor = 3`: it has no effect on the strategy `fibo`; leave it out, or use it with expo",
            "invalid retry configuration: `step = \"1s\"`: it has no effect on the strategy `expo`, the default strategy; leave it out, or use it with linear",
            "invalid retry configuration: `first_wait = \"1s\"`: it has no effect on the strategy `sequence`; leave it out, or use it with expo, fibo, linear, decay",
        ],
    );
}

#[test]
fn a_strategy_that_is_none() {
    let found = of_documents(&[
        json!({ "strategy": "exponential" }),
        json!({ "strategy": "linaer" }),
        json!({ "strategy": "quadratic_backoff" }),
        json!({ "strategy": "none" }),
        json!({ "strategy": "from_fn" }),
        json!({ "strategy": 3 }),
        json!({ "strategy": "constant" }),
        json!({ "strategy": "linear", "max_tries": 3 }),
        json!({ "strategy": "decorrelated" }),
        json!({ "strategy": "sequence" }),
    ]);
    assert_messages(
        &found,
        &[
            "invalid retry configuration: `strategy = \"exponential\"`: there is no such strategy; perhaps you mean `expo`",
            "invalid retry configuration: `strategy = \"linaer\"`: there is no such strategy; perhaps you mean `linear`",
            "invalid retry configuration: `strategy = \"quadratic_backoff\"`: there is no such strategy; the strategies are expo, fibo, constant, linear, decay, decorrelated, sequence",
            "invalid retry configuration: `strategy = \"none\"`: there is no such strategy; for a single attempt write `max_tries = 1`",
            "invalid retry configuration: `strategy = \"from_fn\"`: it cannot be configured, since it is a function; make the policy in the program",
            "invalid retry configuration: `strategy = \"3\"`: there is no such strategy; the strategies are expo, fibo, constant, linear, decay, decorrelated, sequence",
            "invalid retry configuration: `strategy = \"constant\"`: it needs the key `wait`; add `wait = \"1s\"`",
            "invalid retry configuration: `strategy = \"linear\"`: it needs the key `step`; add `step = \"1s\"`",
            "invalid retry configuration: `strategy = \"decorrelated\"`: it needs the key `base`; add `base = \"100ms\"`",
            "invalid retry configuration: `strategy = \"sequence\"`: it needs the key `waits`; add `waits = [\"1s\", \"5s\", \"1m\"]`",
        ],
    );
}

#[test]
fn a_value_that_is_none() {
    let found = of_documents(&[
        json!({ "first_wait": 100 }),
        json!({ "first_wait": "100" }),
        json!({ "first_wait": "soon" }),
        json!({ "first_wait": "" }),
        json!({ "first_wait": "1 minute" }),
        json!({ "max_time": "30s 1m" }),
        json!({ "max_time": "99999999999999999999s" }),
        json!({ "max_time": true }),
        json!({ "max_time": null }),
        json!({ "first_wait": "0s" }),
        json!({ "max_wait": "0s" }),
        json!({ "max_tries": 0 }),
        json!({ "max_tries": -1 }),
        json!({ "max_tries": 1.5 }),
        json!({ "max_tries": "many" }),
        json!({ "max_tries": 4_294_967_296_u64 }),
        json!({ "factor": 0 }),
        json!({ "factor": "NaN" }),
        json!({ "strategy": "decay", "decay_factor": -1 }),
        json!({ "forever": "yes" }),
        json!({ "jitter": "some" }),
        json!({ "jitter": 0.2 }),
        json!({ "jitter": "proportional(2)" }),
        json!({ "jitter": "additive(500)" }),
        json!({ "strategy": "sequence", "waits": 5 }),
        json!({ "strategy": "sequence", "waits": "" }),
        json!({ "strategy": "sequence", "waits": ["1s", "5"] }),
        json!({ "max_asked_wait": "none" }),
        json!({ "nested": true }),
        json!({ "seed": -7 }),
        json!({ "first_wait": "a text that is much longer than what anybody would want to read in an error" }),
    ]);
    assert_messages(
        &found,
        &[
            "invalid retry configuration: `first_wait = 100`: its unit is missing; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `first_wait = \"100\"`: its unit is missing; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `first_wait = \"soon\"`: it is no duration; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `first_wait = \"\"`: it is empty; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `first_wait = \"1 minute\"`: there is no such unit of time; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `max_time = \"30s 1m\"`: its units are out of order; begin with the largest, each once",
            "invalid retry configuration: `max_time = \"99999999999999999999s\"`: it is too long; the longest duration is 213503982334601d",
            "invalid retry configuration: `max_time = true`: it is no duration; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `max_time = null`: it has no value; leave the key out, or write max_time = \"1m 30s\"",
            "invalid retry configuration: `first_wait = \"0s\"`: it must be longer than zero; for retries without a wait write `strategy = \"constant\"` with `wait = \"0s\"`",
            "invalid retry configuration: `max_wait = \"0s\"`: it must be longer than zero; for retries without a wait write `strategy = \"constant\"` with `wait = \"0s\"`",
            "invalid retry configuration: `max_tries = 0`: it must be at least 1; for no limit write `forever = true`",
            "invalid retry configuration: `max_tries = -1`: it is negative; write a number such as 5",
            "invalid retry configuration: `max_tries = 1.5`: it is no whole number; write one such as 5",
            "invalid retry configuration: `max_tries = \"many\"`: it is no whole number; write one such as 5",
            "invalid retry configuration: `max_tries = 4294967296`: it is too large; the largest number is 4294967295",
            "invalid retry configuration: `factor = 0`: it must be a finite number above zero, such as 2 or 1.5",
            "invalid retry configuration: `factor = \"NaN\"`: it must be a finite number above zero, such as 2 or 1.5",
            "invalid retry configuration: `decay_factor = -1`: it must be a finite number and not negative, such as 0.5",
            "invalid retry configuration: `forever = \"yes\"`: it is neither true nor false; write `true`, or leave it out",
            "invalid retry configuration: `jitter = \"some\"`: there is no such jitter; write full, equal, none, additive(500ms) or proportional(0.2)",
            "invalid retry configuration: `jitter = 0.2`: it is no jitter; write full, equal, none, additive(500ms) or proportional(0.2)",
            "invalid retry configuration: `jitter = \"proportional(2)\"`: its part must be a number from 0 to 1, such as proportional(0.2)",
            "invalid retry configuration: `jitter = \"additive(500)\"`: its unit is missing; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `waits = 5`: it is no list; write a list of waits, such as [\"1s\", \"5s\", \"1m\"]",
            "invalid retry configuration: `waits = \"\"`: it is empty; write a list of waits, such as [\"1s\", \"5s\", \"1m\"]",
            "invalid retry configuration: `waits = [\"1s\", \"5\"]`: of the wait \"5\" in it: its unit is missing; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
            "invalid retry configuration: `max_asked_wait = \"none\"`: it is no duration; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d; for no limit write \"unlimited\"",
            "invalid retry configuration: `nested = true`: write \"once\" for one attempt inside of another run, or \"allow\"",
            "invalid retry configuration: `seed = -7`: it is negative; write a number such as 7",
            "invalid retry configuration: `first_wait = \"a text that is much longer than what anybody would want to r…\"`: it is no duration; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
        ],
    );
}

#[test]
fn keys_that_contradict_each_other() {
    let found = of_documents(&[
        json!({ "forever": true, "max_tries": 5 }),
        json!({ "forever": true, "max_time": "1m" }),
        json!({ "strategy": "sequence", "waits": ["1s"], "forever": true }),
        json!({ "max_time": "1m", "last_wait_may_overrun": true, "no_attempt_after_deadline": true }),
        json!({ "last_wait_may_overrun": true }),
        json!({ "no_attempt_after_deadline": true }),
        json!({ "first_wait": "10s", "max_wait": "5s" }),
        json!({ "strategy": "sequence", "waits": ["1s", "1m 30s"], "max_wait": "1m" }),
        json!({ "strategy": "decay", "min_wait": "5s" }),
        json!({ "strategy": "linear", "step": "0s" }),
        json!({ "strategy": "linear", "step": "10s", "max_wait": "5s" }),
        json!({ "strategy": "decorrelated", "base": "1s", "jitter": "equal" }),
        serde_json::from_str::<Value>("3").unwrap(),
    ]);
    assert_messages(
        &found,
        &[
            "invalid retry configuration: `forever = true`: it contradicts `max_tries = 5`; leave one of them out",
            "invalid retry configuration: `forever = true`: it contradicts `max_time = \"1m\"`, which is a limit and by itself replaces the default limit of 10 tries; leave `forever` out",
            "invalid retry configuration: `forever = true`: a list of waits ends with its last wait; leave `forever` out, or use another strategy",
            "invalid retry configuration: `last_wait_may_overrun = true`: it contradicts `no_attempt_after_deadline = true`; leave one of them out",
            "invalid retry configuration: `last_wait_may_overrun = true`: it has no effect without `max_time`; add one, such as `max_time = \"1m 30s\"`, or leave it out",
            "invalid retry configuration: `no_attempt_after_deadline = true`: it has no effect without `max_time`; add one, such as `max_time = \"1m 30s\"`, or leave it out",
            "invalid retry configuration: `first_wait = \"10s\"`: it is longer than `max_wait = \"5s\"`, so that the cap would always replace it; change one of them",
            "invalid retry configuration: `waits = \"1m 30s\"`: it is longer than `max_wait = \"1m\"`, so that the cap would always replace it; change one of them",
            "invalid retry configuration: `min_wait = \"5s\"`: it is longer than the first wait, `first_wait = \"1s\"`, from which waits shrink; change one of them",
            "invalid retry configuration: `step = \"0s\"`: it must be longer than zero; for retries without a wait write `strategy = \"constant\"` with `wait = \"0s\"`",
            "invalid retry configuration: `step = \"10s\"`: it is longer than `max_wait = \"5s\"`, so that the cap would always replace it; change one of them",
            "invalid retry configuration: `jitter = \"equal\"`: the strategy `decorrelated` draws its waits itself; leave it out, or write \"none\"",
            "invalid type: integer `3`, expected a retry configuration: keys such as `strategy = \"expo\"` and `max_tries = 5`, or a line such as \"expo max_tries=5\"",
        ],
    );
    // A `Value` of JSON has each key once.
    let twice = serde_json::from_str::<RetryConfig>(r#"{ "max_tries": 3, "max_tries": 5 }"#);
    assert_messages(
        &[(String::new(), twice.unwrap_err().to_string())],
        &[
            "invalid retry configuration: `max_tries = 5`: the key is given twice, also as `max_tries = 3`; leave one out at line 1 column 34",
        ],
    );
}

#[test]
fn a_line_that_is_none() {
    let message =
        |line: &str| (line.to_owned(), line.parse::<RetryConfig>().unwrap_err().to_string());
    let found = [
        "",
        "  ",
        "expo max_tries 5",
        "expo =5",
        "expo max_tries=",
        "expo max_tries=5 max_tries=6",
        "=",
        "expo max_wait=10s often jitter=full",
    ]
    .map(message);
    assert_messages(
        &found,
        &[
            "invalid retry configuration: it is empty; write a line such as `expo first_wait=100ms max_tries=5`",
            "invalid retry configuration: it is empty; write a line such as `expo first_wait=100ms max_tries=5`",
            "invalid retry configuration: `strategy = \"expo max_tries 5\"`: a line begins with one strategy, and each key after it has a `=` and a value, such as `expo max_tries=5`",
            "invalid retry configuration: `expo = \"5\"`: there is no such key; the keys are strategy, wait, first_wait, step, base, waits, factor, decay_factor, min_wait, max_wait, max_asked_wait, max_tries, max_time, forever, last_wait_may_overrun, no_attempt_after_deadline, nested, jitter, seed",
            "invalid retry configuration: `max_tries = \"\"`: it is no whole number; write one such as 5",
            "invalid retry configuration: `max_tries = \"6\"`: the key is given twice, also as `max_tries = \"5\"`; leave one out",
            "invalid retry configuration: a `=` has no key before it; write a line such as `expo first_wait=100ms max_tries=5`",
            "invalid retry configuration: `max_wait = \"10s often\"`: it is no duration; write a duration as \"100ms\", \"1.5s\" or \"1m 30s\"; the units are ns, us, ms, s, m, h and d",
        ],
    );
}

#[test]
fn a_policy_that_is_not_data() {
    let budget: &'static Budget = Box::leak(Box::new(Budget::new()));
    let refused = |error: Result<RetryConfig, relent::config::ConfigError>| {
        (String::new(), error.unwrap_err().to_string())
    };
    let found = [
        refused(RetryConfig::try_from(&Retry::expo().retry_if(|e: &u8| *e == 1).target("db"))),
        refused(RetryConfig::try_from(&Retry::expo().budget(budget))),
        refused(RetryConfig::try_from(&Retry::expo().on_try(|_: &Details<'_, u8, u8>| {}))),
        refused(RetryConfig::try_from(&Retry::expo().clock(TestClock::new()))),
        refused(RetryConfig::try_from(&Retry::expo().cancelled_by(&Cancel::new()))),
        refused(RetryConfig::try_from(&Retry::from_fn(|_| None))),
        refused(RetryConfig::try_from(&Retry::runtime(|_: &Details<'_, u8, u8>| secs(1)))),
        refused(RetryConfig::try_from(&Retry::expo().boxed::<u8, u8>())),
        refused(RetryConfig::try_from(&Retry::expo().jitter(Jitter::Custom(|wait| wait)))),
        refused(RetryConfig::try_from(&Retry::expo().jitter(Jitter::Between(|wait| wait..=wait)))),
        refused(RetryConfig::try_from(
            &Retry::new(Decorrelated::new(secs(1))).jitter(Jitter::Equal),
        )),
        refused(RetryConfig::try_from(&Retry::constant(secs(9)).max_wait(secs(1)))),
        refused(RetryConfig::try_from(&Retry::new(Linear::new(secs(1), Duration::ZERO)))),
        refused(RetryConfig::try_from(&Retry::fibo().last_wait_may_overrun())),
        refused(RetryConfig::try_from(&Retry::decay().first_wait(millis(1)).min_wait(secs(1)))),
    ];
    assert_messages(
        &found,
        &[
            "this retry policy cannot be written as a configuration: it has a condition, `RetryIf`; call `without_conditions()`. Also, it has the target \"db\"; set it in the program, after reading",
            "this retry policy cannot be written as a configuration: it has a condition, `Budgeted`; call `without_conditions()`",
            "this retry policy cannot be written as a configuration: it has handlers or observers; call `without_observers()`",
            "this retry policy cannot be written as a configuration: it has a clock of its own or a cancel handle, `TestClock`; convert it before `clock` and `cancelled_by`",
            "this retry policy cannot be written as a configuration: it has a clock of its own or a cancel handle, `Cancellable`; convert it before `clock` and `cancelled_by`",
            "this retry policy cannot be written as a configuration: its waits are computed by the function of `from_fn`; use another strategy",
            "this retry policy cannot be written as a configuration: its waits are computed by the function of `runtime`; use another strategy",
            "this retry policy cannot be written as a configuration: its strategy is behind a pointer, since the policy is boxed; convert it before `boxed()`. Also, it has a condition, `Box`; call `without_conditions()`. Also, it has handlers or observers; call `without_observers()`",
            "this retry policy cannot be written as a configuration: its jitter is Jitter::Custom, a function; use full, equal, none, additive or proportional",
            "this retry policy cannot be written as a configuration: its jitter is Jitter::Between, a function; use full, equal, none, additive or proportional",
            "this retry policy cannot be written as a configuration: its strategy `decorrelated` ignores its jitter; use Jitter::None, or leave the jitter unset",
            "this retry policy cannot be written as a configuration: `wait = \"9s\"`: it is longer than `max_wait = \"1s\"`, so that the cap would always replace it; change one of them",
            "this retry policy cannot be written as a configuration: `step = \"0s\"`: it must be longer than zero; for waits that stay the same write `strategy = \"constant\"`",
            "this retry policy cannot be written as a configuration: `last_wait_may_overrun = true`: it has no effect without `max_time`; add one, such as `max_time = \"1m 30s\"`, or leave it out",
            "this retry policy cannot be written as a configuration: `min_wait = \"1s\"`: it is longer than the first wait, `first_wait = \"1ms\"`, from which waits shrink; change one of them",
        ],
    );
}

#[test]
fn a_grpc_policy_that_is_none() {
    let good = json!({ "maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
                       "retryableStatusCodes": ["UNAVAILABLE"] });
    let with = |key: &str, value: Value| {
        let mut document = good.clone();
        if value.is_null() {
            document.as_object_mut().unwrap().remove(key);
        } else {
            document[key] = value;
        }
        let error = serde_json::from_value::<GrpcRetryPolicy>(document).unwrap_err();
        (key.to_owned(), error.to_string())
    };
    let found = [
        with("maxAttempts", json!(1)),
        with("maxAttempts", json!("4")),
        with("maxAttempts", Value::Null),
        with("initialBackoff", json!("100ms")),
        with("maxBackoff", json!("0s")),
        with("backoffMultiplier", json!(0)),
        with("retryableStatusCodes", json!([])),
        with("retryableStatusCodes", json!("UNAVAILABLE")),
        with("retryableStatusCodes", json!(["BUSY"])),
        with("retryableStatusCodes", json!(["OK"])),
        with("retryableStatusCodes", json!([17])),
        with("perAttemptRecvTimeout", json!("1s")),
        with("hedgingDelay", json!("1s")),
    ];
    assert_messages(
        &found,
        &[
            "invalid gRPC retryPolicy: `maxAttempts: 1`: it must be a whole number of at least 2",
            "invalid gRPC retryPolicy: `maxAttempts: \"4\"`: it must be a whole number of at least 2",
            "invalid gRPC retryPolicy: the key `maxAttempts` is missing, and gRPC requires it; add it",
            "invalid gRPC retryPolicy: `initialBackoff: \"100ms\"`: it must be longer than zero, and a number of seconds with an `s`, such as \"0.1s\"",
            "invalid gRPC retryPolicy: `maxBackoff: \"0s\"`: it must be longer than zero, and a number of seconds with an `s`, such as \"0.1s\"",
            "invalid gRPC retryPolicy: `backoffMultiplier: 0`: it must be a number above zero",
            "invalid gRPC retryPolicy: `retryableStatusCodes: []`: it must not be empty; gRPC retries no other status",
            "invalid gRPC retryPolicy: `retryableStatusCodes: \"UNAVAILABLE\"`: it must be a list of names, such as [\"UNAVAILABLE\"]",
            "invalid gRPC retryPolicy: `retryableStatusCodes: \"BUSY\"`: there is no such status code; the codes are CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED",
            "invalid gRPC retryPolicy: `retryableStatusCodes: \"OK\"`: a call that succeeds is not retried; leave it out",
            "invalid gRPC retryPolicy: `retryableStatusCodes: 17`: there is no such status code; the codes are CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED",
            "invalid gRPC retryPolicy: `perAttemptRecvTimeout: \"1s\"`: a retry configuration has no timeout for attempts; set it in the program, by `attempt_timeout`",
            "invalid gRPC retryPolicy: `hedgingDelay: \"1s\"`: there is no such key; the keys are maxAttempts, initialBackoff, maxBackoff, backoffMultiplier, retryableStatusCodes",
        ],
    );
    let text = r#"{ "maxAttempts": 4, "maxAttempts": 5 }"#;
    let twice = serde_json::from_str::<GrpcRetryPolicy>(text).unwrap_err().to_string();
    let list = serde_json::from_str::<GrpcRetryPolicy>("[]").unwrap_err().to_string();
    assert_messages(
        &[(String::new(), twice), (String::new(), list)],
        &[
            "invalid gRPC retryPolicy: `maxAttempts: 5`: the key is given twice; leave one out at line 1 column 38",
            "invalid type: sequence, expected the `retryPolicy` of a gRPC service config, a JSON object with the key `maxAttempts` and others at line 1 column 0",
        ],
    );
}

#[test]
fn a_configuration_that_grpc_cannot_express() {
    let message = |text: &str| {
        let error = GrpcRetryPolicy::try_new(&line(text), ["UNAVAILABLE"]).unwrap_err();
        (text.to_owned(), error.to_string())
    };
    let found = [
        "fibo max_tries=4",
        "constant wait=0s max_tries=4",
        "expo max_tries=4",
        "expo max_tries=4 jitter=proportional(0.3)",
        "expo jitter=proportional(0.2)",
        "expo max_tries=1 jitter=proportional(0.2)",
        "expo forever jitter=proportional(0.2)",
        "expo max_tries=4 max_time=1m jitter=proportional(0.2)",
        "expo max_tries=4 seed=7 jitter=proportional(0.2)",
        "expo max_tries=4 max_asked_wait=1m jitter=proportional(0.2)",
        "expo max_tries=4 max_wait=4s jitter=proportional(0.2)",
        "sequence waits=[1s,2s,7s] jitter=proportional(0.2)",
    ]
    .map(message);
    assert_messages(
        &found,
        &[
            "a gRPC retryPolicy cannot express this retry configuration: its strategy is `fibo`, and gRPC has waits above zero that grow by a factor; use `expo`, or `constant` with a `wait` above zero",
            "a gRPC retryPolicy cannot express this retry configuration: its strategy is `constant`, and gRPC has waits above zero that grow by a factor; use `expo`, or `constant` with a `wait` above zero",
            "a gRPC retryPolicy cannot express this retry configuration: its jitter is `full`, and gRPC spreads waits by 20 % up and down; write `jitter = \"proportional(0.2)\"`",
            "a gRPC retryPolicy cannot express this retry configuration: its jitter is `proportional(0.3)`, and gRPC spreads waits by 20 % up and down; write `jitter = \"proportional(0.2)\"`",
            "a gRPC retryPolicy cannot express this retry configuration: its number of attempts is limited to 10, and gRPC clients make 2 to 5; write `max_tries = 5` or fewer",
            "a gRPC retryPolicy cannot express this retry configuration: its number of attempts is limited to 1, and gRPC clients make 2 to 5; write `max_tries = 5` or fewer",
            "a gRPC retryPolicy cannot express this retry configuration: its number of attempts has no limit, and gRPC clients make 2 to 5; write `max_tries = 5` or fewer",
            "a gRPC retryPolicy cannot express this retry configuration: it has `max_time`, and gRPC limits time by the deadline of the call; leave it out",
            "a gRPC retryPolicy cannot express this retry configuration: it has a `seed`, and gRPC draws its own random numbers; leave it out",
            "a gRPC retryPolicy cannot express this retry configuration: it has `max_asked_wait`, and gRPC obeys every wait that a server asks for; leave it out",
            "a gRPC retryPolicy cannot express this retry configuration: a wait of 4s and 20 % of jitter are longer than `max_wait = \"4s\"`, which gRPC then exceeds, and this policy never does; raise it, or leave it out and write the waits as a `sequence`",
            "a gRPC retryPolicy cannot express this retry configuration: the list of waits is not one that grows by a factor up to a maximum; use `expo` or `constant`",
        ],
    );
    let no_code = GrpcRetryPolicy::try_new(&line("expo"), []).unwrap_err().to_string();
    assert_messages(
        &[(String::new(), no_code)],
        &[
            "invalid gRPC retryPolicy: `retryableStatusCodes: []`: it must not be empty; gRPC retries no other status",
        ],
    );
}

#[test]
fn an_error_of_one_key_names_it() {
    assert_eq!("expo max_tries=0".parse::<RetryConfig>().unwrap_err().key(), Some("max_tries"));
    assert_eq!("".parse::<RetryConfig>().unwrap_err().key(), None);
    let error = line("expo max_time=1s no_attempt_after_deadline").policy().unwrap_err();
    assert_messages(
        &[(String::new(), error.to_string())],
        &[
            "invalid retry configuration: `no_attempt_after_deadline = true`: it is part of a policy's type, and this program makes a policy without it; leave it out, or let the program call `RetryConfig::punctual_policy`",
        ],
    );
}
