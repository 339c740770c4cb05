//! The naive loop once more, for runs without observers and without a seed, which is how most runs are made: nothing
//! but calls, waits and results can be seen of them. Each wait has to be in the window that the loop works out.

use std::cell::RefCell;
use std::ops::ControlFlow::Break;
use std::ops::RangeInclusive;
use std::time::Duration;

use futures::executor::block_on;
use proptest::option;
use proptest::prelude::*;
use relent::run::Decision;
use relent::wait::Decorrelated;
use relent::{
    AsyncClock, Attempt, BlockingClock, Condition, Details, Jitter, Progress, Retry, Schedule,
    StopReason, Wait,
};

use super::{LastWait, Waits, limited, script, waits};
use crate::support::{Fault, Outcome, Script, Step, at_once, few_cases, later, millis, secs};
use crate::wait::windows::{Case, Ends, LONG, assert_drawn_evenly, moved};

/// How long to wait, as the loop works it out.
#[derive(Clone, Copy, Debug)]
enum Lengths {
    ByTries(Waits),
    Decorrelated(u64),
    /// A window of its own: from the last wait, or this one, to twice as long.
    Doubling(u64),
}

/// A strategy of one's own, with a window that depends on the last wait.
struct Doubling(Duration);

impl<T, E> Wait<T, E> for Doubling {
    fn wait(&self, _: &Details<'_, T, E>) -> Option<Duration> {
        Some(self.0)
    }

    fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
        let start = details.last_wait.max(self.0);
        Some(start..=start * 2)
    }
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    lengths: Lengths,
    jitter: Case,
    max_tries: Option<u32>,
    max_time: Option<Duration>,
    max_wait: Option<Duration>,
    max_asked_wait: Option<Duration>,
    last_wait: LastWait,
    forever: bool,
}

/// What can be seen of a run that nobody observes.
#[derive(Debug)]
struct Seen {
    form: &'static str,
    waits: Vec<Duration>,
    result: Outcome,
    calls: usize,
    /// What the attempts were told of themselves, by the form that does so.
    attempts: Vec<Attempt>,
    /// How the run ended, by the forms that say so: without a reason if the outcome was accepted.
    end: Option<Decision>,
}

/// What follows an attempt.
enum Follows {
    End(Decision),
    Wait {
        ends: Ends,
        /// How far the window is from where it was before the other side asked for anything.
        shift: u128,
        /// Whether the run may give up instead, because of time.
        or_none: bool,
    },
}

impl Plan {
    fn policy(self, strategy: &dyn Wait<u32, Fault>) -> Retry<&dyn Wait<u32, Fault>> {
        let Self { max_tries, max_time, max_wait, last_wait, forever, .. } = self;
        let mut policy = Retry::new(strategy).jitter(self.jitter.0);
        if let Some(wait) = self.max_asked_wait {
            policy = policy.max_asked_wait(wait);
        }
        limited(policy, max_tries, max_time, max_wait, last_wait, forever)
    }

    fn strategy(self) -> Box<dyn Wait<u32, Fault>> {
        match self.lengths {
            Lengths::ByTries(waits) => Box::new(waits.schedule()),
            Lengths::Decorrelated(base) => {
                Box::new(Schedule::from(Decorrelated::new(millis(base))))
            }
            Lengths::Doubling(base) => Box::new(Doubling(millis(base))),
        }
    }

    fn max_tries(self) -> u32 {
        let ends = matches!(self.lengths, Lengths::ByTries(Waits::List(_)));
        let is_unlimited = self.forever || self.max_time.is_some() || ends;
        self.max_tries.unwrap_or(if is_unlimited { u32::MAX } else { 10 })
    }

    fn left(self, now: Duration) -> Option<Duration> {
        Some(self.max_time?.saturating_sub(now))
    }

    /// Whether it is known, as the attempt begins, that no other one can follow.
    fn is_last(self, tries: u32, now: Duration) -> bool {
        let is_end = match self.lengths {
            Lengths::ByTries(list @ Waits::List(_)) => list.after(tries).is_none(),
            _ => false,
        };
        tries >= self.max_tries() || self.left(now) == Some(Duration::ZERO) || is_end
    }

    /// The window before anything is asked for, or `None` where the waits are used up.
    fn own_window(self, tries: u32, last: u128) -> Option<Ends> {
        let cap = self.max_wait.map_or(u128::MAX, |wait| wait.as_nanos());
        let (start, end) = match self.lengths {
            Lengths::ByTries(waits) => {
                let wait = waits.after(tries)?.as_nanos();
                return Some(moved((self.jitter.1)(wait.min(cap)), cap, 0));
            }
            Lengths::Decorrelated(base) => {
                let base = millis(base).as_nanos();
                (base, 3 * last.max(base))
            }
            Lengths::Doubling(base) => {
                let start = last.max(millis(base).as_nanos());
                (start, 2 * start)
            }
        };
        Some(match self.jitter.0 {
            Jitter::None => {
                let middle = start.min(cap).midpoint(end.min(cap));
                (middle, middle)
            }
            _ if start < cap => (start, end.min(cap)),
            _ => moved((start, end), cap, 0),
        })
    }

    fn follows(self, tries: u32, now: Duration, last: u128, outcome: Outcome) -> Follows {
        let left = self.left(now);
        let give_up = |reason| Follows::End(Decision::GiveUp(reason));
        let asked = outcome.err().and_then(|fault| fault.requested_wait()).unwrap_or_default();
        match outcome {
            Ok(50..) => return Follows::End(Decision::Done),
            Err(Fault::Fatal) => return give_up(StopReason::NotRetryable),
            _ if tries >= self.max_tries() => return give_up(StopReason::MaxTries),
            _ if left == Some(Duration::ZERO) => return give_up(StopReason::MaxTime),
            _ if left.is_some_and(|left| asked > left)
                && self.last_wait != LastWait::MayOverrun =>
            {
                return give_up(StopReason::MaxTime);
            }
            _ if asked > self.max_asked_wait.unwrap_or(secs(3600)) => {
                return give_up(StopReason::MaxAskedWait);
            }
            _ => {}
        }
        let Some(own) = self.own_window(tries, last) else {
            return give_up(StopReason::WaitsExhausted);
        };
        let (lo, hi) = moved(own, u128::MAX, asked.as_nanos());
        let left = left.map_or(u128::MAX, |left| left.as_nanos());
        let (ends, or_none) = match self.last_wait {
            LastWait::MayOverrun => ((lo, hi), false),
            LastWait::Shortened => ((lo.min(left), hi.min(left)), false),
            LastWait::MustFit if lo > left => return give_up(StopReason::MaxTime),
            LastWait::MustFit => ((lo, hi.min(left)), hi > left),
        };
        Follows::Wait { ends, shift: lo - own.0, or_none }
    }

    /// Panics unless the naive loop could have made this run.
    fn check(self, steps: &[Step], seen: &Seen) {
        let (mut now, mut last, mut is_cancelled) = (Duration::ZERO, 0, false);
        let mut tries = 0;
        let end = loop {
            tries += 1;
            if let Some(attempt) = seen.attempts.get(tries as usize - 1) {
                let mut expected = Attempt::new(tries);
                (expected.elapsed, expected.remaining) = (now, self.left(now));
                expected.is_last = self.is_last(tries, now);
                assert_eq!(*attempt, expected);
            }
            let Step { outcome, takes } = steps[(tries as usize - 1).min(steps.len() - 1)];
            now += takes;
            is_cancelled |= outcome == Err(Fault::Shutdown);
            let wait = seen.waits.get(tries as usize - 1);
            match (self.follows(tries, now, last, outcome), wait) {
                (Follows::End(end), _) => break (end, outcome),
                (Follows::Wait { or_none, .. }, None) if is_cancelled => {
                    assert!(!or_none || seen.end != Some(Decision::Done));
                    let is_late = or_none && seen.end == Some(gave_up(StopReason::MaxTime));
                    let reason = if is_late { StopReason::MaxTime } else { StopReason::Cancelled };
                    break (gave_up(reason), outcome);
                }
                (Follows::Wait { or_none: true, .. }, None) => {
                    break (gave_up(StopReason::MaxTime), outcome);
                }
                (Follows::Wait { ends, .. }, None) => panic!("no wait in {ends:?} after {tries}"),
                (Follows::Wait { ends: (lo, hi), shift, .. }, Some(wait)) => {
                    assert!(!is_cancelled, "a wait after a cancel");
                    let nanos = wait.as_nanos();
                    assert!((lo..=hi).contains(&nanos), "{wait:?} after {tries}: {lo} to {hi}");
                    last = nanos.saturating_sub(shift);
                    now += *wait;
                }
            }
        };
        assert_eq!((seen.calls, seen.waits.len()), (tries as usize, tries as usize - 1));
        assert_eq!(seen.result, end.1);
        if let Some(seen) = seen.end {
            assert_eq!(seen, end.0);
        }
    }
}

const fn gave_up(reason: StopReason) -> Decision {
    Decision::GiveUp(reason)
}

/// Makes a run in every form, each with a clock and chances of its own.
macro_rules! run_all {
    ($policy:expr, $steps:expr $(, $cancelled_by:ident)?) => {
        run_all!(
            @forms $policy, $steps, [$($cancelled_by)?];
            run: |p, s, _attempts| (p.run(|| s.attempt()), None);
            run_with: |p, s, _attempts| (p.run_with(&s, Script::attempt), None);
            run_attempt: |p, s, attempts| {
                let noted = |attempt| {
                    attempts.borrow_mut().push(attempt);
                    s.attempt_of(attempt)
                };
                (p.run_attempt(noted), None)
            };
            explained: |p, s, _attempts| match p.explain().run(|| s.attempt()) {
                Ok(succeeded) => (Ok(succeeded.value), Some(Decision::Done)),
                Err(error) => {
                    let reason = error.reason();
                    (error.into_outcome(), Some(gave_up(reason)))
                }
            };
            in_line: |p, s, _attempts| {
                let mut attempts = p.attempts();
                loop {
                    if let Break(end) = attempts.after(s.attempt()) {
                        let end_said = attempts.stopped().map_or(Decision::Done, gave_up);
                        break (end, Some(end_said));
                    }
                }
            };
            by_hand: |p, s, _attempts| {
                let mut attempts = p.attempts();
                loop {
                    let outcome = s.attempt();
                    match attempts.decide(&outcome) {
                        Decision::Backoff(wait) => BlockingClock::sleep(&s.clock, wait),
                        end => break (outcome, Some(end)),
                    }
                    attempts.next_try().unwrap();
                }
            };
            by_hand_async: |p, s, _attempts| {
                let mut attempts = p.attempts_async();
                loop {
                    let outcome = block_on(attempts.attempt(async { s.attempt() }));
                    match attempts.decide(&outcome) {
                        Decision::Backoff(wait) => block_on(attempts.timer(wait)),
                        end => break (outcome, Some(end)),
                    }
                }
            };
            elsewhere: |p, s, _attempts| {
                let mut progress = Progress::default();
                loop {
                    let outcome = s.attempt();
                    progress.elapsed = s.clock.elapsed();
                    match p.decide(&mut progress, &outcome) {
                        Decision::Backoff(wait) => block_on(AsyncClock::timer(&s.clock, wait)),
                        end => break (outcome, Some(end)),
                    }
                }
            };
            run_async: |p, s, _attempts| (block_on(p.run_async(async || s.attempt())), None);
            run_attempt_async: |p, s, attempts| {
                let noted = async |attempt| {
                    attempts.borrow_mut().push(attempt);
                    s.attempt_of(attempt)
                };
                (block_on(p.run_attempt_async(noted)), None)
            };
            timed: |p, s, attempts| {
                let noted = async |attempt| {
                    attempts.borrow_mut().push(attempt);
                    s.attempt_of(attempt)
                };
                let timed = p.attempt_timeout(Duration::MAX);
                (block_on(timed.run_attempt_async(noted)), None)
            };
            in_line_async: |p, s, _attempts| block_on(async {
                let mut attempts = p.attempts_async();
                loop {
                    if let Break(end) = attempts.after(s.attempt()).await {
                        let end_said = attempts.stopped().map_or(Decision::Done, gave_up);
                        break (end, Some(end_said));
                    }
                }
            });
        )
    };
    (
        @forms $policy:expr, $steps:expr, $cancelled_by:tt;
        $($form:ident: |$p:ident, $s:ident, $attempts:ident| $run:expr;)*
    ) => {
        [$({
            let $s = Script::new($steps);
            let $attempts = RefCell::new(Vec::new());
            let $p = run_all!(@policy $policy, $s, $cancelled_by);
            let (result, end) = $run;
            Seen {
                form: stringify!($form),
                waits: $s.clock.waits(),
                result,
                calls: $s.calls.get(),
                attempts: $attempts.into_inner(),
                end,
            }
        }),*]
    };
    (@policy $policy:expr, $s:expr, [$($cancelled_by:ident)?]) => {
        $policy.clock(&$s.clock)$(.$cancelled_by(&$s.cancel))?
    };
}

/// Makes all runs of a policy, those that could be cancelled too.
macro_rules! run_all_policies {
    ($policy:expr, $steps:expr) => {{
        let (policy, steps) = ($policy, $steps);
        let mut seen = Vec::from(run_all!(policy, steps, cancelled_by));
        if !steps.iter().any(|step| step.outcome == Err(Fault::Shutdown)) {
            seen.extend(run_all!(policy, steps));
        }
        seen
    }};
}

/// Plays a script through every form of a run.
fn play_unobserved(plan: Plan, steps: &[Step]) -> Vec<Seen> {
    let strategy = plan.strategy();
    let refined = Retry::expo()
        .retry_after(Fault::requested_wait)
        .until(|value: &u32| *value >= 50)
        .retry_if(Fault::is_transient);
    let condition: &dyn Condition<u32, Fault> = refined.get_condition();
    let policy = plan.policy(&*strategy).condition(condition);
    if plan.last_wait == LastWait::MustFit {
        run_all_policies!(policy.no_attempt_after_deadline(), steps)
    } else {
        run_all_policies!(policy, steps)
    }
}

fn lengths() -> impl Strategy<Value = Lengths> {
    prop_oneof![
        4 => waits().prop_map(Lengths::ByTries),
        1 => (1..3000_u64).prop_map(Lengths::Decorrelated),
        1 => (1..3000_u64).prop_map(Lengths::Doubling),
    ]
}

prop_compose! {
    fn plan()(
        lengths in lengths(),
        // Half of them are the default.
        jitter in prop_oneof![Just(LONG[0]), proptest::sample::select(LONG.to_vec())],
        max_tries in option::weighted(0.4, 1..15_u32),
        max_time in option::weighted(0.4, (0..30_000_u64).prop_map(millis)),
        max_wait in option::weighted(0.4, (1..5000_u64).prop_map(millis)),
        max_asked_wait in option::weighted(0.3, (0..8000_u64).prop_map(millis)),
        last_wait in proptest::sample::select(vec![
            LastWait::Shortened,
            LastWait::MayOverrun,
            LastWait::MustFit,
        ]),
        forever in proptest::bool::weighted(0.2),
    ) -> Plan {
        Plan {
            lengths, jitter, max_tries, max_time, max_wait, max_asked_wait, last_wait, forever,
        }
    }
}

proptest! {
    #![proptest_config(few_cases(128))]

    #[test]
    fn runs_that_nobody_observes_are_those_of_a_naive_loop(plan in plan(), steps in script()) {
        for seen in play_unobserved(plan, &steps) {
            // Otherwise the failure would not show which run it is about.
            let checked = std::panic::catch_unwind(|| plan.check(&steps, &seen));
            prop_assert!(checked.is_ok(), "{:#?}", seen);
        }
    }
}

/// The loop says in which window each wait is; that the whole of it is used, hundreds of waits show.
#[test]
fn every_form_of_a_run_draws_evenly_where_nobody_observes() {
    const WAITS: u32 = 400;
    for (jitter, window) in LONG {
        for asked in [0, 5] {
            let plan = Plan {
                lengths: Lengths::ByTries(Waits::Constant(8000)),
                jitter: (jitter, window),
                max_tries: Some(WAITS + 1),
                max_time: None,
                max_wait: Some(secs(10)),
                max_asked_wait: None,
                last_wait: LastWait::Shortened,
                forever: false,
            };
            let steps = if asked == 0 { [at_once(Err(Fault::Busy))] } else { later(secs(asked)) };
            let ends = moved(plan.own_window(1, 0).unwrap(), u128::MAX, secs(asked).as_nanos());
            for seen in play_unobserved(plan, &steps) {
                let waits: Vec<_> = seen.waits.iter().map(Duration::as_nanos).collect();
                assert_eq!(waits.len(), WAITS as usize);
                assert_drawn_evenly(&waits, ends, &format!("{jitter:?}, {}", seen.form));
            }
        }
    }
}
