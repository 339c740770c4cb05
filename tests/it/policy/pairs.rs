//! Settings in pairs: their order does not matter, and none undoes another, unless the tables here say so. A setting
//! that is not in the tables makes a test fail.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use relent::observe::{Notify, NotifyBlocking};
use relent::wait::{Decay, Expo};
use relent::{
    AsyncClock, BlockingClock, Budget, Cancel, Condition, Details, Jitter, Nested, Observe, Retry,
    RetryError, StopReason, Succeeded, TestClock, Verdict, Wait,
};

use crate::support::{Fault, Outcome, Step, at_once, millis, secs, yields};

/// What a policy and the script of its run share.
struct World {
    clock: TestClock,
    cancel: Cancel,
    budget: Arc<Budget>,
    notes: Notes,
}

/// The events of a run, and who was notified of them.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn by(&self, who: &'static str) -> impl Fn(&Details<'_, u32, Fault>) + Send + Sync + use<> {
        let Self(notes) = self.clone();
        move |d| {
            let (event, tries, target) = (d.event, d.tries, d.target());
            let seen = (d.elapsed, d.wait, d.last_wait, d.retry, d.reason, d.outcome());
            let target = if target == "named" { "named" } else { "default" };
            let note = format!("{tries} {event:?} {who} {target} {seen:?}");
            notes.lock().unwrap().push(note);
        }
    }
}

struct Observer<F>(F);

impl<F: Fn(&Details<'_, u32, Fault>)> Observe<u32, Fault> for Observer<F> {
    fn on_event(&self, details: &Details<'_, u32, Fault>) {
        (self.0)(details);
    }
}

/// A condition of one's own, which asks for waits and polls.
#[derive(Clone, Copy)]
struct Picky;

impl Condition<u32, Fault> for Picky {
    fn judge(&self, details: &Details<'_, u32, Fault>) -> Verdict {
        match details.outcome() {
            Some(Err(Fault::Later(wait))) => Verdict::RetryIn(*wait),
            Some(Ok(0..10) | Err(_)) => Verdict::Retry,
            _ => Verdict::Accept,
        }
    }
}

/// A policy that is ready to be run, whatever its type is.
type Run = Box<dyn Fn(&mut dyn FnMut() -> Outcome) -> Explained>;
type Explained = Result<Succeeded<u32>, RetryError<u32, Fault>>;

fn blocking<S, C, H, Z>(world: &World, policy: Retry<S, C, H, Z>) -> Run
where
    S: Wait<u32, Fault> + Send + Sync + 'static,
    C: Condition<u32, Fault> + Send + Sync + 'static,
    H: Notify<u32, Fault> + NotifyBlocking + Send + Sync + 'static,
    Z: BlockingClock + 'static,
{
    let policy = policy.boxed::<u32, Fault>().observe(Observer(world.notes.by("anybody")));
    Box::new(move |operation| policy.explain().run(operation))
}

fn awaited<S, C, H, Z>(world: &World, policy: Retry<S, C, H, Z>) -> Run
where
    S: Wait<u32, Fault> + 'static,
    C: Condition<u32, Fault> + 'static,
    H: Notify<u32, Fault> + 'static,
    Z: AsyncClock + 'static,
{
    let policy = policy.observe(Observer(world.notes.by("anybody")));
    Box::new(move |operation| block_on(policy.explain().run_async(|| ready(operation()))))
}

/// What can be seen of a run.
#[derive(Clone, Debug, PartialEq)]
struct Story {
    calls: usize,
    waits: Vec<Duration>,
    end: (Outcome, Option<StopReason>),
    notes: Vec<String>,
    tokens: u32,
}

/// What each setting could have an effect on: many failures, quick and slow; waits that are asked for; errors of two
/// kinds; values; a cancel.
fn scripts() -> [Vec<Step>; 10] {
    let fails = |fault| at_once(Err(fault));
    let (busy, done) = (fails(Fault::Busy), at_once(Ok(60)));
    let slow = |takes| Step { outcome: Err(Fault::Busy), takes: millis(takes) };
    // Limits of time end these after two to four attempts, and leave some time that is too short for a wait.
    let slow = |takes| [vec![slow(takes); 12], vec![done]].concat();
    [
        [vec![busy; 12], vec![done]].concat(),
        slow(4800),
        slow(6300),
        slow(8700),
        slow(9400),
        vec![fails(Fault::Later(secs(2))), fails(Fault::Later(secs(5))), busy, done],
        vec![busy, fails(Fault::Fatal), done],
        vec![fails(Fault::TooSlow), busy, done],
        vec![at_once(Ok(5)), at_once(Ok(20)), at_once(Ok(30)), done],
        vec![busy, fails(Fault::Shutdown), busy, done],
    ]
}

/// Records what a policy does with each of the scripts. Without a clock of its own it runs in the scope of one.
fn stories(make: &dyn Fn(&World) -> Run, has_clock: bool) -> Vec<Story> {
    let play = |script: Vec<Step>, is_nested: bool| {
        let world = World {
            clock: TestClock::new(),
            cancel: Cancel::new(),
            budget: Arc::new(Budget::new().capacity(8).cost(1)),
            notes: Notes::default(),
        };
        let _scope = (!has_clock).then(|| world.clock.enter());
        let run = make(&world);
        let mut calls = 0;
        let mut operation = || {
            let Step { outcome, takes } = script[calls];
            calls += 1;
            world.clock.advance(takes);
            if outcome == Err(Fault::Shutdown) {
                world.cancel.cancel();
            }
            outcome
        };
        let explained = if is_nested {
            Retry::expo().poll(|| run(&mut operation))
        } else {
            run(&mut operation)
        };
        let end = match explained {
            Ok(succeeded) => (Ok(succeeded.value), None),
            Err(error) => {
                let reason = error.reason();
                (error.into_outcome(), Some(reason))
            }
        };
        let mut notes = world.notes.0.lock().unwrap().clone();
        // Who is added first is notified first, which is not what is compared here.
        notes.sort();
        let tokens = world.budget.available();
        Story { calls, waits: world.clock.waits(), end, notes, tokens }
    };
    let [first, ..] = scripts();
    let nested = play(first, true);
    scripts().map(|script| play(script, false)).into_iter().chain([nested]).collect()
}

/// Settings that leave the type of a policy as it is: their names, and a function that applies one of them.
macro_rules! values {
    ($names:ident, $apply:ident<$S:ty>; $($name:literal => $($method:ident($($args:tt)*)).+;)*) => {
        const $names: &[&str] = &[$($name),*];

        fn $apply<C, H, Z>(name: &str, policy: Retry<$S, C, H, Z>) -> Retry<$S, C, H, Z> {
            match name {
                $($name => policy.$($method($($args)*)).+,)*
                _ => unreachable!("{name} is in the table"),
            }
        }
    };
}

const TIME: Duration = secs(20);

values! {
    VALUES, with<Expo>;
    "max_tries" => max_tries(4);
    "try_max_tries" => try_max_tries(5).unwrap();
    "max_time" => max_time(TIME);
    "forever" => forever();
    "nested" => nested(Nested::Once);
    "last_wait_may_overrun" => max_time(TIME).last_wait_may_overrun();
    "max_wait" => max_wait(millis(1500));
    "try_max_wait" => try_max_wait(millis(1800)).unwrap();
    "max_asked_wait" => max_asked_wait(secs(4));
    "first_wait" => first_wait(secs(2));
    "try_first_wait" => try_first_wait(secs(3)).unwrap();
    "factor" => factor(1.25);
    "try_factor" => try_factor(1.2).unwrap();
    "seed" => seed(7);
    "target" => target("named");
    "jitter Equal" => jitter(Jitter::Equal);
    "jitter Additive" => jitter(Jitter::Additive(secs(1)));
    "jitter Proportional" => jitter(Jitter::Proportional(0.5));
    "jitter Between" => jitter(Jitter::Between(|wait| wait / 4..=wait * 2));
    "jitter None" => jitter(Jitter::None);
    "jitter Custom" => jitter(Jitter::Custom(|wait| wait / 3));
    "try_jitter" => try_jitter(Jitter::Proportional(0.25)).unwrap();
}

values! {
    DECAY_VALUES, with_decay<Decay>;
    "max_tries" => max_tries(4);
    "max_wait" => max_wait(millis(900));
    "first_wait" => first_wait(secs(2));
    "try_first_wait" => try_first_wait(secs(3)).unwrap();
    "decay_factor" => decay_factor(0.5);
    "try_decay_factor" => try_decay_factor(0.25).unwrap();
    "min_wait" => min_wait(millis(250));
    "seed" => seed(7);
    "jitter" => jitter(Jitter::Equal);
}

/// Settings that change the type of a policy.
macro_rules! set {
    (retry_if, $w:ident, $policy:expr) => {
        $policy.retry_if(|e: &Fault| *e != Fault::Fatal)
    };
    (retry_if_shared, $w:ident, $policy:expr) => {
        $policy.retry_if_shared(Arc::new(|e: &Fault| *e != Fault::TooSlow))
    };
    (until, $w:ident, $policy:expr) => {
        $policy.until(|value: &u32| *value >= 50)
    };
    (retry_after, $w:ident, $policy:expr) => {
        $policy.retry_after(Fault::requested_wait)
    };
    (retry_after_value, $w:ident, $policy:expr) => {
        $policy.retry_after_value(|value: &u32| Some(secs(u64::from(*value))))
    };
    (condition, $w:ident, $policy:expr) => {
        $policy.condition(Picky)
    };
    (budget, $w:ident, $policy:expr) => {
        $policy.budget(Arc::clone(&$w.budget))
    };
    (clock, $w:ident, $policy:expr) => {
        $policy.clock($w.clock.clone())
    };
    (cancelled_by, $w:ident, $policy:expr) => {
        $policy.cancelled_by(&$w.cancel)
    };
    (no_attempt_after_deadline, $w:ident, $policy:expr) => {
        $policy.max_time(TIME).no_attempt_after_deadline()
    };
    (observe, $w:ident, $policy:expr) => {
        $policy.observe(Observer($w.notes.by("observer")))
    };
    (share_observers, $w:ident, $policy:expr) => {
        $policy.share_observers()
    };
    ($handler:ident, $w:ident, $policy:expr) => {
        $policy.$handler($w.notes.by(stringify!($handler)))
    };
}

/// An async handler, for the macro below.
macro_rules! set_async {
    ($handler:ident, $w:ident, $policy:expr) => {{
        let notes = $w.notes.by(stringify!($handler));
        $policy.$handler(move |d: &Details<'_, u32, Fault>| {
            notes(d);
            yields(1)
        })
    }};
}

#[derive(Default)]
struct Pairs {
    alone: BTreeMap<String, Vec<Story>>,
    both: Vec<(String, String, Vec<Story>)>,
}

/// The setting that a row of a table sets: several rows may set the same one.
fn setting(name: &str) -> &str {
    let name = name.strip_prefix("try_").unwrap_or(name);
    name.split(' ').next().unwrap()
}

/// Pairs of which the last one counts.
const ORDERED: [(&str, &str); 1] = [("last_wait_may_overrun", "no_attempt_after_deadline")];

impl Pairs {
    fn alone(&mut self, name: &str, make: &dyn Fn(&World) -> Run) {
        self.alone.insert(name.to_owned(), stories(make, name == "clock"));
    }

    fn both(
        &mut self,
        [one, other]: [&str; 2],
        one_first: &dyn Fn(&World) -> Run,
        other_first: &dyn Fn(&World) -> Run,
    ) {
        let has_clock = [one, other].contains(&"clock");
        let (one_first, other_first) =
            (stories(one_first, has_clock), stories(other_first, has_clock));
        if setting(one) == setting(other) {
            assert_eq!(one_first, self.alone[other], "{other} replaces {one}");
            assert_eq!(other_first, self.alone[one], "{one} replaces {other}");
            return;
        }
        let is_ordered = ORDERED.contains(&(one, other)) || ORDERED.contains(&(other, one));
        if is_ordered {
            assert_ne!(one_first, other_first, "the order of {one} and {other}");
        } else {
            assert_eq!(one_first, other_first, "the order of {one} and {other}");
        }
        self.both.push((one.to_owned(), other.to_owned(), one_first));
    }

    /// Notes a pair of which only one order compiles.
    fn in_order(&mut self, [one, other]: [&str; 2], make: &dyn Fn(&World) -> Run) {
        let has_clock = [one, other].contains(&"clock");
        self.both.push((one.to_owned(), other.to_owned(), stories(make, has_clock)));
    }

    /// Panics unless each setting has its effect beside each other one, or the tables say why not.
    fn assert_effects(&self) {
        let mut wrong = BTreeSet::new();
        for (one, other, both) in &self.both {
            for (one, other) in [(one, other), (other, one)] {
                let is_hidden = *both == self.alone[other];
                let reason = hidden(one, other);
                if is_hidden != reason.is_some() {
                    wrong.insert(format!("{one} beside {other}: {is_hidden} {reason:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "hidden or not: {wrong:#?}");
    }
}

/// Why a setting has no effect beside another one.
fn hidden(one: &str, other: &str) -> Option<&'static str> {
    let beside = |settings: &[&str]| settings.contains(&setting(other));
    Some(match setting(one) {
        "clock" => "a run does the same on any clock",
        "share_observers" => "it only makes copies share what there is",
        "max_asked_wait" if !beside(&["retry_after", "condition"]) => "nothing asks for a wait",
        "retry_after" if beside(&["condition"]) => "the condition asks for the same",
        "retry_after_value" if !beside(&["until", "condition"]) => "no value is retried",
        "forever" if beside(&["max_tries", "budget"]) => "another limit is lower",
        "forever" | "max_time" if beside(&["max_time", "last_wait_may_overrun"]) => "it sets that",
        "forever" | "max_time" if beside(&["no_attempt_after_deadline"]) => "it sets that",
        "last_wait_may_overrun" if beside(&["no_attempt_after_deadline"]) => "the last one counts",
        "seed" if ["jitter None", "jitter Custom"].contains(&other) => "nothing is drawn",
        "on_giveup" | "on_giveup_async" if beside(&["forever"]) => "no run gives up",
        _ => return None,
    })
}

/// A policy to set something on. Every run of it draws the same waits.
const fn base() -> Retry {
    Retry::expo().seed(1)
}

macro_rules! pairs {
    ($pairs:ident;) => {};
    ($pairs:ident; $one:ident $($other:ident)*) => {
        $($pairs.both(
            [stringify!($one), stringify!($other)],
            &|w| blocking(w, set!($other, w, set!($one, w, base()))),
            &|w| blocking(w, set!($one, w, set!($other, w, base()))),
        );)*
        pairs!($pairs; $($other)*);
    };
}

macro_rules! alone {
    ($pairs:ident; $run:ident, $set:ident, $($one:ident)*) => {
        $($pairs.alone(stringify!($one), &|w| $run(w, $set!($one, w, base())));)*
    };
}

/// The pairs with values, and each one alone.
macro_rules! with_values {
    ($pairs:ident; $run:ident, $set:ident, $($one:ident)*) => { $(
        alone!($pairs; $run, $set, $one);
        for value in VALUES {
            $pairs.both(
                [value, stringify!($one)],
                &|w| $run(w, $set!($one, w, with(value, base()))),
                &|w| $run(w, with(value, $set!($one, w, base()))),
            );
        }
    )* };
}

macro_rules! beside {
    ($pairs:ident; $one:ident first; $($other:ident)*) => {
        $($pairs.in_order(
            [stringify!($one), stringify!($other)],
            &|w| blocking(w, set!($other, w, set!($one, w, base()))),
        );)*
    };
    ($pairs:ident; $one:ident async; $($other:ident)*) => {
        $($pairs.both(
            [stringify!($one), stringify!($other)],
            &|w| awaited(w, set!($other, w, set_async!($one, w, base()))),
            &|w| awaited(w, set_async!($one, w, set!($other, w, base()))),
        );)*
    };
    ($pairs:ident; $one:ident; $($other:ident)*) => {
        $($pairs.both(
            [stringify!($one), stringify!($other)],
            &|w| blocking(w, set!($other, w, set!($one, w, base()))),
            &|w| blocking(w, set!($one, w, set!($other, w, base()))),
        );)*
    };
}

fn values_alone() -> Pairs {
    let mut pairs = Pairs::default();
    for value in VALUES {
        pairs.alone(value, &|w| blocking(w, with(value, base())));
    }
    pairs
}

#[test]
fn settings_that_keep_the_type_combine_in_any_order() {
    let mut pairs = values_alone();
    for (n, one) in VALUES.iter().enumerate() {
        for other in &VALUES[..n] {
            pairs.both([one, other], &|w| blocking(w, with(other, with(one, base()))), &|w| {
                blocking(w, with(one, with(other, base())))
            });
        }
    }
    pairs.assert_effects();
}

#[test]
fn settings_of_a_strategy_that_decays_combine_in_any_order() {
    let base = || Retry::decay().seed(1);
    let mut pairs = Pairs::default();
    for one in DECAY_VALUES {
        pairs.alone(one, &|w| blocking(w, with_decay(one, base())));
    }
    for (n, one) in DECAY_VALUES.iter().enumerate() {
        for other in &DECAY_VALUES[..n] {
            pairs.both(
                [one, other],
                &|w| blocking(w, with_decay(other, with_decay(one, base()))),
                &|w| blocking(w, with_decay(one, with_decay(other, base()))),
            );
        }
    }
    pairs.assert_effects();
}

#[test]
fn settings_that_change_the_type_combine_in_any_order() {
    let mut pairs = values_alone();
    with_values! {
        pairs; blocking, set,
        retry_if retry_if_shared until retry_after retry_after_value condition budget clock
        cancelled_by no_attempt_after_deadline observe share_observers
        on_try on_success on_backoff on_giveup
    }
    pairs! {
        pairs;
        retry_if retry_if_shared until retry_after retry_after_value condition budget clock
        cancelled_by observe share_observers on_try on_success on_backoff on_giveup
    }
    beside! {
        pairs; no_attempt_after_deadline;
        retry_if until retry_after retry_after_value condition
    }
    // These are not `Copy`, which `no_attempt_after_deadline` asks for.
    beside! {
        pairs; no_attempt_after_deadline first;
        retry_if_shared budget clock cancelled_by observe share_observers
        on_try on_success on_backoff on_giveup
    }
    pairs.assert_effects();
}

#[test]
fn async_handlers_combine_with_other_settings_in_any_order() {
    let mut pairs = values_alone();
    with_values! {
        pairs; awaited, set_async,
        on_try_async on_success_async on_backoff_async on_giveup_async
    }
    alone! {
        pairs; awaited, set,
        retry_if until retry_after condition budget clock cancelled_by observe share_observers
        on_try on_backoff
    }
    beside! {
        pairs; on_backoff_async async;
        retry_if until retry_after condition budget clock cancelled_by observe share_observers
        on_try on_backoff
    }
    pairs.assert_effects();
}

/// Methods of a policy that set nothing: they take something away, or hold the policy.
const NOT_SETTINGS: [&str; 3] = ["without_conditions", "without_observers", "by_ref"];

/// The other settings in the tables.
const TYPES: &str = "retry_if retry_if_shared until retry_after retry_after_value condition budget clock cancelled_by \
     no_attempt_after_deadline observe share_observers on_try on_success on_backoff on_giveup on_try_async \
     on_success_async on_backoff_async on_giveup_async";

#[test]
fn every_setting_is_in_the_tables() {
    let mut methods = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy");
    for file in folder.read_dir().unwrap() {
        let path = file.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        for line in source.lines().filter_map(|line| line.strip_prefix("    pub ")) {
            let line = line.strip_prefix("const ").unwrap_or(line);
            let Some(method) = line.strip_prefix("fn ") else { continue };
            let name = method.split(['(', '<']).next().unwrap();
            let is_constructor = path.ends_with("constructors.rs");
            methods.extend((!is_constructor).then(|| name.to_owned()));
        }
    }
    let names = VALUES.iter().chain(DECAY_VALUES).map(|name| name.split(' ').next().unwrap());
    let names = names.chain(TYPES.split_whitespace()).chain(NOT_SETTINGS).map(str::to_owned);
    assert_eq!(methods, names.collect());
}
