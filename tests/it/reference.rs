//! A second, naive implementation of the whole policy, and a search for a difference.

mod unobserved;

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use relent::wait::{Constant, Expo, Fibo, Linear, Sequence};
use relent::{EventKind, Jitter, Retry, Schedule, StopReason};

use crate::support::{
    Fault, Outcome, Step, Story, Told, at_once, millis, play, play_strictly, secs,
};

const LIST: [Duration; 12] = {
    let mut list = [Duration::ZERO; 12];
    let mut n = 0;
    while n < list.len() {
        list[n] = millis(((n * 37) % 50 * 100) as u64);
        n += 1;
    }
    list
};

#[derive(Clone, Copy, Debug)]
enum Waits {
    Expo(u64, u32),
    Fibo(u64),
    Constant(u64),
    Linear(u64, u64),
    List(usize),
}

impl Waits {
    fn schedule(self) -> Schedule {
        match self {
            Self::Expo(first, factor) => Expo::new(millis(first), factor.into()).into(),
            Self::Fibo(first) => Fibo::new(millis(first)).into(),
            Self::Constant(wait) => Constant::new(millis(wait)).into(),
            Self::Linear(first, step) => Linear::new(millis(first), millis(step)).into(),
            Self::List(length) => Sequence::new(&LIST[..length]).into(),
        }
    }

    /// The wait after this many tries, counted out.
    fn after(self, tries: u32) -> Option<Duration> {
        let (mut wait, mut next) = match self {
            Self::Expo(first, _) | Self::Linear(first, _) => (first, 0),
            Self::Fibo(first) => (first, first),
            Self::Constant(wait) => return Some(millis(wait)),
            Self::List(length) => return LIST[..length].get(tries as usize - 1).copied(),
        };
        for _ in 1..tries {
            (wait, next) = match self {
                Self::Expo(_, factor) => (wait * u64::from(factor), 0),
                Self::Linear(_, step) => (wait + step, 0),
                _ => (next, wait + next),
            };
        }
        Some(millis(wait))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum LastWait {
    Shortened,
    MayOverrun,
    MustFit,
}

/// Sets the limits of a plan.
fn limited<S>(
    mut policy: Retry<S>,
    max_tries: Option<u32>,
    max_time: Option<Duration>,
    max_wait: Option<Duration>,
    last_wait: LastWait,
    forever: bool,
) -> Retry<S> {
    if let Some(tries) = max_tries {
        policy = policy.max_tries(tries);
    }
    if let Some(time) = max_time {
        policy = policy.max_time(time);
    }
    if let Some(wait) = max_wait {
        policy = policy.max_wait(wait);
    }
    if last_wait == LastWait::MayOverrun {
        policy = policy.last_wait_may_overrun();
    }
    if forever { policy.forever() } else { policy }
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    waits: Waits,
    max_tries: Option<u32>,
    max_time: Option<Duration>,
    max_wait: Option<Duration>,
    last_wait: LastWait,
    forever: bool,
    jitter: Option<fn(Duration) -> Duration>,
}

impl Plan {
    fn policy(self) -> Retry<Schedule> {
        let Self { max_tries, max_time, max_wait, last_wait, forever, .. } = self;
        let policy = Retry::new(self.waits.schedule())
            .jitter(self.jitter.map_or(Jitter::None, Jitter::Custom));
        limited(policy, max_tries, max_time, max_wait, last_wait, forever)
    }

    fn max_tries(self) -> u32 {
        let unlimited =
            self.forever || self.max_time.is_some() || matches!(self.waits, Waits::List(_));
        self.max_tries.unwrap_or(if unlimited { u32::MAX } else { 10 })
    }

    /// The naive loop.
    fn run(self, steps: &[Step]) -> Story {
        let (mut now, mut last_wait, mut own) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let (mut told, mut waits, mut is_cancelled) = (Vec::new(), Vec::new(), false);
        for tries in 1.. {
            let event = |event, wait, reason, elapsed, outcome: Option<Outcome>| {
                let target = String::from("scripted");
                Told { event, target, tries, elapsed, wait, last_wait, reason, outcome }
            };
            told.push(event(EventKind::Try, Duration::ZERO, None, now, None));
            let Step { outcome, takes } = steps[(tries as usize - 1).min(steps.len() - 1)];
            now += takes;
            let left = self.max_time.map(|most| most.saturating_sub(now));
            let verdict = match (outcome, self.waits.after(tries)) {
                (Ok(50..), _) => Ok(None),
                (Err(Fault::Fatal), _) => Err(StopReason::NotRetryable),
                _ if tries >= self.max_tries() => Err(StopReason::MaxTries),
                _ if left == Some(Duration::ZERO) => Err(StopReason::MaxTime),
                (Err(Fault::Later(asked)), _)
                    if left.is_some_and(|left| asked > left)
                        && self.last_wait != LastWait::MayOverrun =>
                {
                    Err(StopReason::MaxTime)
                }
                (_, None) => Err(StopReason::WaitsExhausted),
                (_, Some(planned)) => {
                    let most = self.max_wait.unwrap_or(Duration::MAX);
                    let capped = planned.min(most);
                    own = self.jitter.map_or(capped, |jitter| jitter(capped)).min(most);
                    let wait = outcome
                        .err()
                        .and_then(|fault| fault.requested_wait())
                        .map_or(own, |asked| own.max(asked));
                    match (left, self.last_wait) {
                        (Some(left), LastWait::MustFit) if wait > left => Err(StopReason::MaxTime),
                        (Some(left), LastWait::Shortened) => {
                            own = own.min(left);
                            Ok(Some(wait.min(left)))
                        }
                        _ => Ok(Some(wait)),
                    }
                }
            };
            is_cancelled |= outcome == Err(Fault::Shutdown);
            let verdict = match verdict {
                Ok(Some(_)) if is_cancelled => Err(StopReason::Cancelled),
                other => other,
            };
            let (kind, wait, reason) = match verdict {
                Ok(None) => (EventKind::Success, None, None),
                Ok(wait) => (EventKind::Backoff, wait, None),
                Err(reason) => (EventKind::GiveUp, None, Some(reason)),
            };
            told.push(event(kind, wait.unwrap_or_default(), reason, now, Some(outcome)));
            let Some(wait) = wait else {
                return Story { calls: tries as usize, waits, told, result: outcome };
            };
            waits.push(wait);
            last_wait = own;
            now += wait;
        }
        unreachable!("every script ends")
    }
}

fn waits() -> impl Strategy<Value = Waits> {
    prop_oneof![
        (1..3000_u64, 1..=3_u32).prop_map(|(first, factor)| Waits::Expo(first, factor)),
        (1..3000_u64).prop_map(Waits::Fibo),
        (0..3000_u64).prop_map(Waits::Constant),
        (1..3000_u64, 0..3000_u64).prop_map(|(first, step)| Waits::Linear(first, step)),
        (0..=LIST.len()).prop_map(Waits::List),
    ]
}

fn jitter() -> impl Strategy<Value = Option<fn(Duration) -> Duration>> {
    let custom: [fn(Duration) -> Duration; 3] = [|wait| wait / 2, |wait| wait * 3, |_| secs(2)];
    option::of(proptest::sample::select(custom.to_vec()))
}

prop_compose! {
    fn plan()(
        waits in waits(),
        max_tries in option::weighted(0.4, 1..15_u32),
        max_time in option::weighted(0.4, (0..30_000_u64).prop_map(millis)),
        max_wait in option::weighted(0.4, (1..5000_u64).prop_map(millis)),
        last_wait in proptest::sample::select(vec![
            LastWait::Shortened,
            LastWait::MayOverrun,
            LastWait::MustFit,
        ]),
        forever in proptest::bool::weighted(0.2),
        jitter in jitter(),
    ) -> Plan {
        Plan { waits, max_tries, max_time, max_wait, last_wait, forever, jitter }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        1 => (50..100_u32).prop_map(Ok),
        4 => (0..50_u32).prop_map(Ok),
        6 => Just(Err(Fault::Busy)),
        3 => (0..8000_u64).prop_map(|wait| Err(Fault::Later(millis(wait)))),
        1 => Just(Err(Fault::Fatal)),
        1 => Just(Err(Fault::Shutdown)),
    ];
    let takes = prop_oneof![Just(0), 0..3000_u64].prop_map(millis);
    (outcome, takes).prop_map(|(outcome, takes)| Step { outcome, takes })
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let end = proptest::sample::select(vec![at_once(Ok(99)), at_once(Err(Fault::Fatal))]);
    (vec(step(), 0..14), end).prop_map(|(mut steps, end)| {
        steps.push(end);
        steps
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_policy_does_what_a_naive_loop_would_do(plan in plan(), steps in script()) {
        let policy = plan
            .policy()
            .retry_after(Fault::requested_wait)
            .until(|value: &u32| *value >= 50)
            .retry_if(Fault::is_transient);
        let story = match plan.last_wait {
            LastWait::MustFit => play_strictly(policy, &steps),
            _ => play(policy, &steps),
        };
        prop_assert_eq!(story, plan.run(&steps));
    }
}
