//! What Python's `backoff` does, and whether relent does the same.
//!
//! `tests/differential/generate.py` has run the ancestor over generated policies and scripts, on a
//! virtual clock and with jitter off, and `vectors.jsonl` beside it says what happened, one case a
//! line:
//!
//! | field | meaning |
//! |---|---|
//! | `form`, `async` | which of the ancestor's six forms made the call |
//! | `policy.strategy`, `policy.arguments` | the generator, and what it was given by name |
//! | `policy.matches`, `policy.giveup` | the exceptions that were retried, and those that were refused |
//! | `policy.predicate` | the values that were retried |
//! | `policy.max_tries`, `policy.max_time`, `policy.raise_on_giveup` | as the ancestor calls them |
//! | `policy.handlers_take`, `policy.condition_takes` | the seconds that pass in a handler, and in `giveup` or `predicate` |
//! | `policy.callables`, `policy.coroutines` | arguments came from functions, handlers and `giveup` were coroutines |
//! | `script` | what the operation does, call by call: kind, number, seconds. The last one repeats |
//! | `calls`, `slept` | how often it was called, and the waits between |
//! | `events` | kind, tries, elapsed, wait, outcome, and the clock when it was told |
//! | `end`, `ended` | what came back, and the clock then |
//!
//! Every case is played by every driver, whichever form the ancestor's call had.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow::Break;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::executor::block_on;
use relent::{Condition, Details, EventKind, Jitter, Retry, StopReason, TestClock, Wait};
use serde_json::Value;

use crate::support::yields;

const VECTORS: &str = include_str!("../differential/vectors.jsonl");

/// Where relent means to differ from its ancestor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deviation {
    /// An exception that is not matched, and any exception under `on_predicate`, calls no handler
    /// there. Here it tells `on_giveup` of `NotRetryable`, so that each run that ends tells one end.
    UnmatchedErrorIsGivenUp,
    /// The `elapsed` of `on_try` is that of the attempt before it there. Here it is read anew, for
    /// it is the time at which the attempt begins.
    TimeOfTryIsReadAnew,
    /// `on_success` of an operation that is retried on exceptions has no value there, and here it
    /// does: it is there to be shown.
    SuccessShowsItsValue,
    /// `raise_on_giveup=False` returns `None` there. Here the error is returned: there is no value
    /// to invent.
    ErrorIsReturned,
    /// Without a limit it goes on for ever there. Here that has to be said by `forever()`, or it
    /// ends after 10 tries.
    NoLimitIsSaidAloud,
    /// No tries, or less than none, are no limit there. Here they are refused: a typo must not mean
    /// for ever.
    NoTriesAreRefused,
    /// `elapsed` is read before `giveup` or the predicate is asked there. Here that is so only where
    /// a part of the policy needs to know the time. Otherwise it is read once they were asked, and
    /// not at all where nobody is told.
    ClockIsReadAfterTheCondition,
    /// Once a wait of `expo` has reached `max_value`, all that follow are `max_value` there, also
    /// where the sequence shrinks (`base` below 1). Here `max_wait` caps each wait by itself.
    CapDoesNotLast,
    /// Waits and times have no end there. Here they are at most 584 years, as many nanoseconds as
    /// a `u64` holds.
    TimeEndsAfter584Years,
}

use Deviation::{
    CapDoesNotLast, ClockIsReadAfterTheCondition, ErrorIsReturned, NoLimitIsSaidAloud,
    NoTriesAreRefused, SuccessShowsItsValue, TimeEndsAfter584Years, TimeOfTryIsReadAnew,
    UnmatchedErrorIsGivenUp,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Transient,
    Limited,
    Fatal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failure {
    kind: Kind,
    number: u32,
}

type Outcome = Result<u32, Failure>;

#[derive(Debug)]
enum Strategy {
    Expo { base: f64, factor: f64, max_value: Option<f64> },
    Fibo { max_value: Option<f64> },
    Constant(f64),
    Sequence(Vec<Duration>),
    Decay { initial_value: f64, decay_factor: f64, min_value: f64 },
    Runtime,
}

#[derive(Debug)]
enum Retried {
    Errors { matches: Vec<Kind>, giveup: Option<fn(u32) -> bool> },
    Values(fn(u32) -> bool),
}

#[derive(Debug)]
struct Policy {
    strategy: Strategy,
    retried: Retried,
    max_tries: Option<i64>,
    max_time: Option<f64>,
    handlers_take: Duration,
    condition_takes: Duration,
}

#[derive(Clone, Debug)]
struct Event {
    kind: EventKind,
    tries: u32,
    elapsed: f64,
    wait: f64,
    outcome: Option<Outcome>,
    reason: Option<StopReason>,
    /// The clock when it was told.
    at: f64,
}

/// All that can be seen of a run; times are in seconds.
#[derive(Clone, Debug)]
struct Story {
    calls: usize,
    slept: Vec<f64>,
    events: Vec<Event>,
    end: Option<Outcome>,
    ended: f64,
}

#[derive(Debug)]
struct Case {
    line: String,
    form: String,
    policy: Policy,
    script: Vec<(Outcome, Duration)>,
    told: Story,
    waits_are_asked_for: bool,
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text"))
}

fn list(json: &Value) -> &[Value] {
    json.as_array().unwrap_or_else(|| panic!("{json} is no list"))
}

fn number(json: &Value) -> f64 {
    json.as_f64().unwrap_or_else(|| panic!("{json} is no number"))
}

fn count(json: &Value) -> u32 {
    json.as_u64().and_then(|n| n.try_into().ok()).unwrap_or_else(|| panic!("{json} is no count"))
}

fn duration(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn kind(json: &Value) -> Kind {
    match text(json) {
        "transient" => Kind::Transient,
        "limited" => Kind::Limited,
        "fatal" => Kind::Fatal,
        other => panic!("{other}"),
    }
}

fn outcome(json: &Value) -> Option<Outcome> {
    if json.is_null() {
        return None;
    }
    let number = count(&json[1]);
    Some(if json[0] == "value" {
        Ok(number)
    } else {
        Err(Failure { kind: kind(&json[0]), number })
    })
}

fn event(json: &Value) -> Event {
    let kind = match text(&json[0]) {
        "try" => EventKind::Try,
        "success" => EventKind::Success,
        "backoff" => EventKind::Backoff,
        "giveup" => EventKind::GiveUp,
        other => panic!("{other}"),
    };
    Event {
        kind,
        tries: count(&json[1]),
        elapsed: number(&json[2]),
        wait: if json[3].is_null() { 0.0 } else { number(&json[3]) },
        outcome: outcome(&json[4]),
        reason: None,
        at: number(&json[5]),
    }
}

impl Strategy {
    fn name(&self) -> &'static str {
        match self {
            Self::Expo { .. } => "expo",
            Self::Fibo { .. } => "fibo",
            Self::Constant(_) => "constant",
            Self::Sequence(_) => "sequence",
            Self::Decay { .. } => "decay",
            Self::Runtime => "runtime",
        }
    }
}

impl Policy {
    fn read(json: &Value) -> Self {
        let arguments = &json["arguments"];
        let given = |name: &str| arguments.get(name).map(number);
        let strategy = match text(&json["strategy"]) {
            "expo" => Strategy::Expo {
                base: given("base").unwrap_or(2.0),
                factor: given("factor").unwrap_or(1.0),
                max_value: given("max_value"),
            },
            "fibo" => Strategy::Fibo { max_value: given("max_value") },
            "constant" => Strategy::Constant(given("interval").unwrap_or(1.0)),
            "sequence" => {
                let waits = list(&arguments["interval"]).iter();
                Strategy::Sequence(waits.map(number).map(duration).collect())
            }
            "decay" => Strategy::Decay {
                initial_value: given("initial_value").unwrap_or(1.0),
                decay_factor: given("decay_factor").unwrap_or(1.0),
                min_value: given("min_value").unwrap_or(0.0),
            },
            "runtime" => Strategy::Runtime,
            other => panic!("{other}"),
        };
        let retried = match (json.get("matches"), json.get("predicate")) {
            (Some(matches), None) => Retried::Errors {
                matches: list(matches).iter().map(kind).collect(),
                giveup: json.get("giveup").map(|giveup| match text(giveup) {
                    "even" => |number| number % 2 == 0,
                    "from_five" => (|number| number >= 5) as fn(u32) -> bool,
                    other => panic!("{other}"),
                }),
            },
            (None, Some(predicate)) => Retried::Values(match text(predicate) {
                "falsy" => |number| number == 0,
                "below_five" => |number| number < 5,
                "odd" => |number| number % 2 == 1,
                other => panic!("{other}"),
            }),
            _ => panic!("exceptions or values are retried: {json}"),
        };
        let takes =
            |name: &str| json.get(name).map_or(Duration::ZERO, |json| duration(number(json)));
        Self {
            strategy,
            retried,
            max_tries: json.get("max_tries").and_then(Value::as_i64),
            max_time: json.get("max_time").map(number),
            handlers_take: takes("handlers_take"),
            condition_takes: takes("condition_takes"),
        }
    }

    fn is_retryable(&self, outcome: Outcome) -> bool {
        match (&self.retried, outcome) {
            (Retried::Errors { matches, giveup }, Err(Failure { kind, number })) => {
                matches.contains(&kind) && !giveup.is_some_and(|giveup| giveup(number))
            }
            (Retried::Values(is_retried), Ok(number)) => is_retried(number),
            _ => false,
        }
    }

    /// Whether nothing limits it: neither tries, nor time, nor the end of a list.
    fn needs_forever(&self) -> bool {
        self.max_tries.is_none_or(|tries| tries <= 0)
            && self.max_time.is_none()
            && !matches!(self.strategy, Strategy::Sequence(_))
    }

    /// The cap, where the first wait is not below it and later ones are.
    fn shrinks_from_above_its_cap(&self) -> Option<f64> {
        match self.strategy {
            Strategy::Expo { base, factor, max_value: Some(cap) } => {
                (base < 1.0 && cap > 0.0 && factor >= cap).then_some(cap)
            }
            _ => None,
        }
    }

    /// Why a run ends with this outcome, that was not accepted.
    fn reason(&self, told: &Event) -> StopReason {
        let outcome = told.outcome.expect("a give-up has an outcome");
        if !self.is_retryable(outcome) {
            StopReason::NotRetryable
        } else if self.max_tries == Some(told.tries.into()) {
            StopReason::MaxTries
        } else if self.max_time.is_some_and(|most| told.elapsed >= most) {
            StopReason::MaxTime
        } else {
            StopReason::WaitsExhausted
        }
    }
}

impl Case {
    fn read(place: usize, line: &str) -> Self {
        let json: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(json["case"].as_u64(), u64::try_from(place).ok(), "a case is missing: {line}");
        let script = list(&json["script"]).iter();
        Self {
            line: line.to_owned(),
            form: format!(
                "{}{}",
                text(&json["form"]),
                if json["async"] == true { ", async" } else { "" }
            ),
            policy: Policy::read(&json["policy"]),
            script: script
                .map(|step| (outcome(step).expect("an outcome"), duration(number(&step[2]))))
                .collect(),
            told: Story {
                calls: usize::try_from(count(&json["calls"])).unwrap(),
                slept: list(&json["slept"]).iter().map(number).collect(),
                events: list(&json["events"]).iter().map(event).collect(),
                end: outcome(&json["end"]),
                ended: number(&json["ended"]),
            },
            waits_are_asked_for: false,
        }
    }

    /// Whether a wait of `runtime` was shortened to the time that was left.
    fn shortens_a_wait(&self) -> bool {
        matches!(self.policy.strategy, Strategy::Runtime)
            && self.told.events.iter().any(|event| {
                let asked = || asked_wait(event.outcome.expect("a back-off has an outcome"));
                event.kind == EventKind::Backoff && !is_close(event.wait, asked().as_secs_f64())
            })
    }

    /// Whether a part of the policy is told how much time has passed.
    fn needs_the_time(&self) -> bool {
        let Policy { max_time, strategy, .. } = &self.policy;
        max_time.is_some() || matches!(strategy, Strategy::Runtime) && !self.waits_are_asked_for
    }

    fn all() -> impl Iterator<Item = Self> {
        VECTORS.lines().enumerate().map(|(place, line)| Self::read(place, line))
    }

    /// What relent should do: what the ancestor did, but for the deviations, which are named.
    fn expected(&self) -> (Story, BTreeSet<Deviation>) {
        const MOST: f64 = Duration::from_nanos(u64::MAX).as_secs_f64();
        let Self { policy, told, .. } = self;
        let mut story = told.clone();
        let mut deviations = BTreeSet::new();
        let Story { calls, slept, events, end, ended } = &mut story;

        if policy.needs_forever() {
            deviations.insert(NoLimitIsSaidAloud);
        }
        if policy.max_tries.is_some_and(|tries| tries <= 0) {
            deviations.insert(NoTriesAreRefused);
        }
        if policy.shrinks_from_above_its_cap().is_some() {
            deviations.insert(CapDoesNotLast);
        }
        if end.is_none() {
            deviations.insert(ErrorIsReturned);
            *end = events.last().and_then(|event| event.outcome);
        }
        for event in &mut *events {
            if event.kind == EventKind::Try {
                if !is_close(event.elapsed, event.at) {
                    deviations.insert(TimeOfTryIsReadAnew);
                }
                event.elapsed = event.at;
            } else if !self.needs_the_time() {
                if !is_close(event.elapsed, event.at) {
                    deviations.insert(ClockIsReadAfterTheCondition);
                }
                event.elapsed = event.at;
            }
            if event.kind == EventKind::Success && event.outcome.is_none() {
                deviations.insert(SuccessShowsItsValue);
                event.outcome = *end;
            }
        }
        if events.last().is_some_and(|event| event.kind == EventKind::Try) {
            deviations.insert(UnmatchedErrorIsGivenUp);
            events.push(Event {
                kind: EventKind::GiveUp,
                tries: u32::try_from(*calls).unwrap(),
                elapsed: *ended,
                wait: 0.0,
                outcome: *end,
                reason: None,
                at: *ended,
            });
            *ended += policy.handlers_take.as_secs_f64();
        }
        for event in &mut *events {
            if event.kind == EventKind::GiveUp {
                event.reason = Some(policy.reason(event));
            }
        }
        let told = events.iter_mut().flat_map(|e| [&mut e.elapsed, &mut e.wait, &mut e.at]);
        for time in told.chain(slept).chain([ended]) {
            if *time > MOST {
                deviations.insert(TimeEndsAfter584Years);
                *time = MOST;
            }
        }
        (story, deviations)
    }
}

/// Times agree to nine digits, or to the nanosecond, in which relent counts.
fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

fn are_close(ones: &[f64], others: &[f64]) -> bool {
    ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| is_close(*one, *other))
}

impl Story {
    fn agrees_with(&self, other: &Self) -> bool {
        self.calls == other.calls
            && self.end == other.end
            && is_close(self.ended, other.ended)
            && are_close(&self.slept, &other.slept)
            && self.events.len() == other.events.len()
            && self.events.iter().zip(&other.events).all(|(one, other)| one.agrees_with(other))
    }
}

impl Event {
    fn agrees_with(&self, other: &Self) -> bool {
        let Self { kind, tries, elapsed, wait, outcome, reason, at } = *self;
        (kind, tries, outcome, reason) == (other.kind, other.tries, other.outcome, other.reason)
            && are_close(&[elapsed, wait, at], &[other.elapsed, other.wait, other.at])
    }
}

/// What the generator has `runtime` compute.
fn asked_wait(outcome: Outcome) -> Duration {
    let (Ok(number) | Err(Failure { number, .. })) = outcome;
    Duration::from_secs(number.into()) / 4
}

#[derive(Clone, Copy, Debug)]
enum Driver {
    Run,
    RunAsync,
    RunAsyncWithAsyncHandlers,
    InLine,
    InLineAsyncWithAsyncHandlers,
}

/// The clock, the operation that plays the script, and the handlers, of one run.
struct Stage<'c> {
    case: &'c Case,
    driver: Driver,
    clock: TestClock,
    calls: AtomicUsize,
    events: Mutex<Vec<Event>>,
}

impl Stage<'_> {
    fn attempt(&self) -> Outcome {
        let Case { script, line, told, .. } = self.case;
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        assert!(call < told.calls, "one call too many by {:?}: {line}", self.driver);
        let (outcome, takes) = script[call.min(script.len() - 1)];
        self.clock.advance(takes);
        outcome
    }

    fn seconds(&self) -> f64 {
        self.clock.elapsed().min(Duration::from_nanos(u64::MAX)).as_secs_f64()
    }

    fn event(&self, details: &Details<'_, u32, Failure>) -> Event {
        Event {
            kind: details.event,
            tries: details.tries,
            elapsed: details.elapsed.as_secs_f64(),
            wait: details.wait.as_secs_f64(),
            outcome: details.outcome().copied(),
            reason: details.reason,
            at: self.seconds(),
        }
    }

    fn handle(&self, event: Event) {
        self.events.lock().unwrap().push(event);
        self.clock.advance(self.case.policy.handlers_take);
    }

    fn is_retryable(&self, outcome: Outcome) -> bool {
        let Policy { retried, condition_takes, .. } = &self.case.policy;
        // `giveup` is asked of matched exceptions, and a predicate of every value.
        let is_asked = match (retried, outcome) {
            (Retried::Errors { matches, giveup }, Err(error)) => {
                giveup.is_some() && matches.contains(&error.kind)
            }
            (Retried::Values(_), Ok(_)) => true,
            _ => false,
        };
        if is_asked {
            self.clock.advance(*condition_takes);
        }
        self.case.policy.is_retryable(outcome)
    }

    fn asked(&self, outcome: Outcome) -> Option<Duration> {
        self.case.waits_are_asked_for.then(|| asked_wait(outcome))
    }

    fn play(case: &Case, driver: Driver) -> Story {
        let stage = Stage {
            case,
            driver,
            clock: TestClock::new(),
            calls: AtomicUsize::new(0),
            events: Mutex::default(),
        };
        let end = stage.choose_waits();
        Story {
            calls: stage.calls.load(Ordering::Relaxed),
            slept: stage.clock.waits().iter().map(Duration::as_secs_f64).collect(),
            end: Some(end),
            ended: stage.seconds(),
            events: stage.events.into_inner().unwrap(),
        }
    }

    fn choose_waits(&self) -> Outcome {
        let policy = &self.case.policy;
        if let Some(cap) = policy.shrinks_from_above_its_cap() {
            // What the ancestor does with it.
            return self.limit(Retry::constant(duration(cap)));
        }
        match policy.strategy {
            Strategy::Expo { base, factor, max_value } => {
                match Retry::expo().factor(base).try_first_wait(duration(factor)) {
                    Ok(policy) => self.cap(policy, max_value),
                    // Refused, since nobody means it: what the ancestor does is written out.
                    Err(_) => self.limit(Retry::constant(Duration::ZERO)),
                }
            }
            Strategy::Fibo { max_value } => self.cap(Retry::fibo(), max_value),
            Strategy::Constant(interval) => self.limit(Retry::constant(duration(interval))),
            Strategy::Sequence(ref waits) => self.limit(Retry::sequence(&waits[..])),
            Strategy::Decay { initial_value, decay_factor, min_value } => {
                match Retry::decay().try_first_wait(duration(initial_value)) {
                    Ok(policy) => {
                        self.limit(policy.decay_factor(decay_factor).min_wait(duration(min_value)))
                    }
                    Err(_) => self.limit(Retry::constant(duration(min_value))),
                }
            }
            Strategy::Runtime if self.case.waits_are_asked_for => {
                self.limit(Retry::constant(Duration::ZERO))
            }
            Strategy::Runtime => {
                self.limit(Retry::runtime(|details: &Details<'_, u32, Failure>| {
                    asked_wait(*details.outcome().expect("a runtime wait has an outcome"))
                }))
            }
        }
    }

    fn cap<S: Wait<u32, Failure> + Copy>(&self, policy: Retry<S>, cap: Option<f64>) -> Outcome {
        match cap.map(|cap| policy.try_max_wait(duration(cap))) {
            Some(Ok(capped)) => self.limit(capped),
            Some(Err(_)) => self.limit(Retry::constant(Duration::ZERO)),
            None => self.limit(policy),
        }
    }

    fn limit<S: Wait<u32, Failure> + Copy>(&self, policy: Retry<S>) -> Outcome {
        let Policy { max_tries, max_time, .. } = self.case.policy;
        let mut policy = policy.jitter(Jitter::None);
        match max_tries.map(u32::try_from) {
            Some(Ok(tries @ 1..)) => policy = policy.max_tries(tries),
            Some(Ok(0)) => assert!(policy.try_max_tries(0).is_err()),
            _ => {}
        }
        if let Some(time) = max_time {
            policy = policy.max_time(duration(time));
        }
        if self.case.policy.needs_forever() {
            policy = policy.forever();
        }
        match self.case.policy.retried {
            Retried::Errors { .. } => self.drive(
                policy
                    .retry_if(|error: &Failure| self.is_retryable(Err(*error)))
                    .retry_after(|error: &Failure| self.asked(Err(*error))),
            ),
            Retried::Values(_) => self.drive(
                policy
                    .until(|value: &u32| !self.is_retryable(Ok(*value)))
                    .retry_if(|error: &Failure| self.is_retryable(Err(*error)))
                    .retry_after_value(|value: &u32| self.asked(Ok(*value))),
            ),
        }
    }

    fn drive<S, C>(&self, policy: Retry<S, C>) -> Outcome
    where
        S: Wait<u32, Failure> + Copy,
        C: Condition<u32, Failure> + Copy,
    {
        let policy = policy.clock(&self.clock);
        let told = || {
            let handler = |d: &Details<'_, u32, Failure>| self.handle(self.event(d));
            policy.on_try(handler).on_success(handler).on_backoff(handler).on_giveup(handler)
        };
        let told_async = || {
            let handler = |d: &Details<'_, u32, Failure>| {
                let event = self.event(d);
                async move {
                    yields(1).await;
                    self.handle(event);
                }
            };
            let told = policy.on_try_async(handler).on_success_async(handler);
            told.on_backoff_async(handler).on_giveup_async(handler)
        };
        match self.driver {
            Driver::Run => told().run(|| self.attempt()),
            Driver::RunAsync => block_on(told().run_async(async || {
                yields(1).await;
                self.attempt()
            })),
            Driver::RunAsyncWithAsyncHandlers => {
                block_on(told_async().run_async(async || self.attempt()))
            }
            Driver::InLine => {
                let policy = told();
                let mut attempts = policy.attempts();
                loop {
                    if let Break(end) = attempts.after(self.attempt()) {
                        break end;
                    }
                }
            }
            Driver::InLineAsyncWithAsyncHandlers => block_on(async {
                let policy = told_async();
                let mut attempts = policy.begin_async().await;
                loop {
                    if let Break(end) = attempts.after(self.attempt()).await {
                        break end;
                    }
                }
            }),
        }
    }
}

const DRIVERS: [Driver; 5] = [
    Driver::Run,
    Driver::RunAsync,
    Driver::RunAsyncWithAsyncHandlers,
    Driver::InLine,
    Driver::InLineAsyncWithAsyncHandlers,
];

/// How many cases each deviation touches. A number that changes where the vectors do not says that
/// relent does something else than it did.
const TOUCHED: [(Deviation, usize); 9] = [
    (UnmatchedErrorIsGivenUp, 88),
    (TimeOfTryIsReadAnew, 520),
    (SuccessShowsItsValue, 139),
    (ErrorIsReturned, 37),
    (NoLimitIsSaidAloud, 254),
    (NoTriesAreRefused, 6),
    (ClockIsReadAfterTheCondition, 38),
    (CapDoesNotLast, 3),
    (TimeEndsAfter584Years, 2),
];

#[test]
fn every_driver_does_what_the_ancestor_does() {
    assert_eq!(compare_all(Case::all()), BTreeMap::from(TOUCHED));
}

/// The generator has drawn other cases than those that are committed, and says in this variable where they are.
#[test]
#[ignore = "`.ci/deep ancestor` draws the cases"]
fn every_driver_does_what_the_ancestor_does_in_new_cases() {
    let path = std::env::var_os("RELENT_VECTORS").expect("`.ci/deep ancestor` sets it");
    let file = BufReader::new(File::open(path).unwrap());
    let mut cases = 0;
    let lines = file.lines().enumerate();
    let touched = compare_all(
        lines.map(|(place, line)| Case::read(place, &line.unwrap())).inspect(|_| cases += 1),
    );
    assert!(cases > 0, "there are no cases");
    println!("{} plays of {cases} cases agree but for {touched:?}", cases * DRIVERS.len());
}

/// Plays each case in every driver, and returns how many cases each deviation touches.
fn compare_all(cases: impl Iterator<Item = Case>) -> BTreeMap<Deviation, usize> {
    let mut touched = BTreeMap::new();
    for case in cases {
        let (expected, deviations) = case.expected();
        for driver in DRIVERS {
            let story = Stage::play(&case, driver);
            assert!(
                story.agrees_with(&expected),
                "{driver:?} differs from the ancestor. Of the case {}\nit makes {story:#?}\nand not \
                 {expected:#?}",
                case.line,
            );
        }
        for deviation in deviations {
            *touched.entry(deviation).or_insert(0) += 1;
        }
    }
    touched
}

/// A wait of `runtime` may be ported as one that is asked for, above a strategy that waits for nothing. It is
/// never shortened: the run gives up instead.
#[test]
fn what_runtime_waits_may_be_asked_for_and_is_then_not_shortened() {
    let (mut same, mut shortened) = (0, 0);
    let cases = Case::all().filter(|case| matches!(case.policy.strategy, Strategy::Runtime));
    for case in cases.map(|case| Case { waits_are_asked_for: true, ..case }) {
        let (expected, _) = case.expected();
        for driver in DRIVERS {
            let story = Stage::play(&case, driver);
            if case.shortens_a_wait() {
                let end = story.events.last().expect("an event");
                assert_eq!(end.reason, Some(StopReason::MaxTime), "{driver:?}: {}", case.line);
                assert_eq!(story.slept[..], expected.slept[..story.slept.len()]);
                assert!(story.calls < expected.calls);
                shortened += 1;
            } else {
                assert!(
                    story.agrees_with(&expected),
                    "{driver:?} makes {story:#?} of {}",
                    case.line
                );
                same += 1;
            }
        }
    }
    assert!(same >= 300 && shortened >= 50, "{same} alike, {shortened} shortened");
}

/// A deviation that is gone is not to be worked around any more.
#[test]
fn a_cap_does_not_last_where_waits_shrink() {
    for Case { policy, told, .. } in Case::all() {
        let Strategy::Expo { base, factor, .. } = policy.strategy else { continue };
        let Some(cap) = policy.shrinks_from_above_its_cap().map(duration) else { continue };
        let ported = Retry::expo().factor(base).first_wait(duration(factor)).max_wait(cap);
        assert_eq!(told.slept, vec![cap.as_secs_f64(); told.slept.len()]);
        assert!(ported.waits().take(told.slept.len()).any(|wait| wait < cap));
    }
}

#[test]
fn a_story_agrees_with_no_other() {
    let changes: [fn(&mut Story); 11] = [
        |story| story.calls += 1,
        |story| story.end = None,
        |story| story.ended += 1e-6,
        |story| story.slept[0] += 1e-6,
        |story| story.slept.push(0.0),
        |story| story.events[1].kind = EventKind::GiveUp,
        |story| story.events[1].tries += 1,
        |story| story.events[1].elapsed += 1e-6,
        |story| story.events[1].wait += 1e-6,
        |story| story.events[1].outcome = None,
        |story| story.events.truncate(1),
    ];
    let mut cases = 0;
    for case in Case::all().filter(|case| !case.told.slept.is_empty() && case.told.ended < 100.0) {
        let (expected, _) = case.expected();
        assert!(expected.agrees_with(&expected));
        for (place, change) in changes.iter().enumerate() {
            let mut other = expected.clone();
            change(&mut other);
            assert!(!other.agrees_with(&expected), "change {place} of {}", case.line);
        }
        cases += 1;
    }
    assert!(cases >= 400, "{cases}");
}

#[test]
fn the_vectors_cover_what_the_ancestor_can_do() {
    let (mut cases, mut backoffs) = (0, 0);
    let (mut forms, mut ends) = (BTreeMap::new(), BTreeMap::new());
    for case in Case::all() {
        let last = case.expected().0.events.pop().expect("an event");
        let end = last.reason.map_or("success", StopReason::name);
        let mode =
            if matches!(case.policy.retried, Retried::Values(_)) { "values" } else { "errors" };
        let strategy = case.policy.strategy.name();
        cases += 1;
        backoffs += case.told.slept.len();
        *forms.entry((strategy, case.form)).or_insert(0) += 1;
        *ends.entry((strategy, end)).or_insert(0) += 1;
        *ends.entry((mode, end)).or_insert(0) += 1;
    }
    assert!(cases >= 650 && backoffs >= 2000, "{cases} cases with {backoffs} back-offs");
    for strategy in ["expo", "fibo", "constant", "sequence", "decay", "runtime"] {
        for form in ["on_exception", "on_predicate", "retry_context"] {
            for form in [String::from(form), format!("{form}, async")] {
                let count = forms.get(&(strategy, form.clone())).copied().unwrap_or(0);
                assert!(count >= 18, "{strategy}, {form}: {count} cases");
            }
        }
        for end in ["success", "not_retryable", "max_tries", "max_time"] {
            let count = ends.get(&(strategy, end)).copied().unwrap_or(0);
            assert!(count >= 10, "{strategy}, {end}: {count} cases");
        }
    }
    for mode in ["errors", "values"] {
        for end in ["success", "not_retryable", "max_tries", "max_time", "waits_exhausted"] {
            let count = ends.get(&(mode, end)).copied().unwrap_or(0);
            assert!(count >= 15, "{mode}, {end}: {count} cases");
        }
    }
}
