//! The suite of the ancestor, Python's `backoff`, item by item.
//!
//! Each test names in its documentation the items that it stands for, in the ancestor's order; one
//! that goes through both drivers stands for the item of both files. `src/guide/conformance.md` has
//! them all in tables, with those that have no test, and `table` insists that nothing is missing.

mod backoff;
mod backoff_async;
mod gaps;
mod integration;
mod jitter;
mod retry_context;
mod table;
mod version_3;
mod wait_gen;

use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use relent::{Condition, Details, EventKind, Retry, StopReason, TestClock, Wait};

use crate::support::{Fault, Outcome, Step, Told, at_once, secs, yields};

/// What the ancestor's predicates wait for, as a number.
const TRUE: Step = at_once(Ok(1));
const FALSE: Step = at_once(Ok(0));
const FAILS: Step = at_once(Err(Fault::Busy));

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is what `until` calls")]
const fn is_true(value: &u32) -> bool {
    *value == 1
}

/// Whether an item is played by `run` or by `run_async`.
#[derive(Clone, Copy, Debug)]
enum Driver {
    Blocking,
    Future,
}

const DRIVERS: [Driver; 2] = [Driver::Blocking, Driver::Future];

/// Runs the operation by the driver. A macro, since every handler is part of the policy's type.
macro_rules! run {
    ($driver:expr, $policy:expr, $operation:expr) => {{
        let operation = $operation;
        match $driver {
            $crate::conformance::Driver::Blocking => $policy.run(operation),
            $crate::conformance::Driver::Future => {
                futures::executor::block_on($policy.run_async(|| {
                    let outcome = operation();
                    async move {
                        $crate::support::yields(1).await;
                        outcome
                    }
                }))
            }
        }
    }};
}
use run;

/// The arguments that the ancestor's items pass, the last one for those that have names.
type Args = (u8, u8, u8, Named);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Named {
    foo: u8,
    bar: u8,
}

const ARGS: Args = (1, 2, 3, Named { foo: 1, bar: 2 });

/// A handler that notes all that it is told, and insists on being shown the arguments.
fn note(log: &Mutex<Vec<Told>>) -> impl FnMut(&Details<'_, u32, Fault>) + Send + Copy {
    move |details| {
        let args = details.args().map(|args| format!("{args:?}"));
        assert_eq!(args.as_deref(), Some("(1, 2, 3, Named { foo: 1, bar: 2 })"));
        log.lock().unwrap().push(Told::of(details));
    }
}

/// Plays the script, whose last step repeats, to an operation with arguments. Both drivers must tell
/// the same. Returns the result and everything but the tries.
fn play_with_args<S, C>(policy: Retry<S, C>, steps: &[Step]) -> (Outcome, Vec<Told>)
where
    S: Wait<u32, Fault> + Copy,
    C: Condition<u32, Fault> + Copy,
{
    let [blocking, future] = DRIVERS.map(|driver| {
        let (clock, log) = (TestClock::new(), Mutex::default());
        let told = policy.target("succeeder").seed(1).clock(&clock);
        let told = told.on_try(note(&log)).on_success(note(&log));
        let told = told.on_backoff(note(&log)).on_giveup(note(&log));
        let mut calls = 0;
        let mut attempt = |args: Args| {
            assert_eq!(args, ARGS);
            let step = steps[calls.min(steps.len() - 1)];
            calls += 1;
            clock.advance(step.takes);
            step.outcome
        };
        let result = match driver {
            Driver::Blocking => told.show_args().run_with(ARGS, attempt),
            Driver::Future => block_on(told.show_args().run_with_async(ARGS, |args| {
                let outcome = attempt(args);
                async move {
                    yields(1).await;
                    outcome
                }
            })),
        };
        drop(told);
        let (tries, told): (Vec<_>, Vec<_>) =
            log.into_inner().unwrap().into_iter().partition(|told| told.event == EventKind::Try);
        assert!(tries.iter().map(|told| told.tries).eq(1..=told.last().unwrap().tries));
        (result, told)
    });
    assert_eq!(blocking, future);
    blocking
}

/// All that one event tells of the operation `succeeder`, whose waits are zero and whose attempts
/// take a second each.
fn told(event: EventKind, tries: u32, outcome: Outcome) -> Told {
    Told {
        event,
        target: String::from("succeeder"),
        tries,
        elapsed: secs(tries.into()),
        wait: Duration::ZERO,
        last_wait: Duration::ZERO,
        reason: (event == EventKind::GiveUp).then_some(StopReason::MaxTries),
        outcome: Some(outcome),
    }
}

/// The same outcome, after a second.
const fn slowly(outcome: Outcome) -> Step {
    Step { outcome, takes: secs(1) }
}
