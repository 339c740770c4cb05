//! Any policy that the builder lets through, on any script: what holds for every run, and the same
//! story from every driver.

#![no_main]

mod plan;
mod story;

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use relent::wait::{Constant, Decay, Expo, Fibo, Linear};
use relent::{Details, EventKind, InvalidSetting, Retry, Schedule, StopReason, Wait};

use plan::{Answer, Judged, Limits, Plan, Setting, Strategy, whole_nanos};
use story::{Story, Told};

fuzz_target!(|plan: Plan| {
    if let Err(refused) = play(&plan) {
        assert!(may_be_refused(&plan), "{refused}");
    }
});

/// Builds the plan's policy and plays its script, unless the builder refuses a number.
fn play(plan: &Plan) -> Result<(), InvalidSetting> {
    match &plan.strategy {
        Strategy::Expo { first, factor } => {
            let policy = Retry::expo().first_wait(first.duration());
            play_shown(factor.map_or(Ok(policy), |factor| policy.try_factor(factor))?, plan)
        }
        Strategy::Fibo { first } => play_shown(Retry::fibo().first_wait(first.duration()), plan),
        Strategy::Constant { wait } => play_shown(Retry::constant(wait.duration()), plan),
        Strategy::Linear { step, first } => {
            let policy = Retry::linear(step.duration());
            play_shown(first.map_or(policy, |first| policy.first_wait(first.duration())), plan)
        }
        Strategy::Decay { first, factor, least } => {
            let policy = Retry::decay().first_wait(first.duration());
            let policy = least.map_or(policy, |least| policy.min_wait(least.duration()));
            play_shown(factor.map_or(Ok(policy), |factor| policy.try_decay_factor(factor))?, plan)
        }
        Strategy::Sequence { waits } => {
            let waits: Vec<_> = waits.iter().map(|wait| wait.duration()).collect();
            play_shown(Retry::sequence(waits), plan)
        }
        Strategy::Runtime { wait, times_last } => {
            let computed = |last_wait: Duration| {
                last_wait.saturating_mul((*times_last).into()).saturating_add(wait.duration())
            };
            let policy = Retry::runtime(|d: &Details<'_, Answer, Answer>| computed(d.last_wait));
            play_all(policy, plan, |told| Some(computed(told.last_wait)))
        }
        Strategy::Schedule { wait, kind } => {
            play_shown(Retry::new(schedule(wait.duration(), *kind)), plan)
        }
    }
}

fn schedule(wait: Duration, kind: u8) -> Schedule {
    match kind % 5 {
        0 => Expo::new(wait, 1.5).into(),
        1 => Fibo::new(wait).into(),
        2 => Linear::new(wait, wait).into(),
        3 => Constant::new(wait).into(),
        _ => Decay::new(wait, 0.5, Duration::ZERO).into(),
    }
}

fn may_be_refused(plan: &Plan) -> bool {
    let is_finite_from_zero = |factor: f64| factor.is_finite() && factor >= 0.0;
    let has_bad_factor = match plan.strategy {
        Strategy::Expo { factor: Some(factor), .. } => {
            !is_finite_from_zero(factor) || factor == 0.0
        }
        Strategy::Decay { factor: Some(factor), .. } => !is_finite_from_zero(factor),
        _ => false,
    };
    has_bad_factor || plan.settings.iter().any(|setting| matches!(setting, Setting::MaxTries(0)))
}

/// Plays a policy that can show its waits.
fn play_shown<S>(policy: Retry<S>, plan: &Plan) -> Result<(), InvalidSetting>
where
    S: Wait<Answer, Answer> + Wait<(), ()> + Clone,
{
    let planned: Vec<_> = policy.clone().forever().waits().take(64).collect();
    plan.strategy.check(&planned);
    let limits = Limits::of(&plan.settings);
    let shown: Vec<_> = set(policy.clone(), &plan.settings)?.waits().take(64).collect();
    assert!(shown.len() <= planned.len());
    assert!(limits.max_tries.is_none_or(|most| shown.len() < most as usize));
    for (shown, planned) in shown.iter().zip(&planned) {
        assert!(shown <= planned);
        assert!(limits.max_wait.is_none_or(|most| *shown <= most));
    }
    // The preview counts as a run does, up to 584 years.
    if let Some(most) = limits.max_time.filter(|most| *most <= Duration::from_nanos(u64::MAX)) {
        assert!(shown.iter().fold(Duration::ZERO, |sum, wait| sum.saturating_add(*wait)) <= most);
    }
    play_all(policy, plan, |told| planned.get(told.tries as usize - 1).copied())
}

/// Plays a policy whose strategy says, without limits and jitter, what `planned` says.
fn play_all<S>(
    policy: Retry<S>,
    plan: &Plan,
    planned: impl Fn(&Told) -> Option<Duration>,
) -> Result<(), InvalidSetting>
where
    S: Wait<Answer, Answer> + Clone,
{
    let conditions = plan.conditions;
    let policy = set(policy, &plan.settings)?;
    assert!(!may_be_refused(plan), "the builder let a bad number through");
    let policy = policy
        // Of the waits that are asked for the longest counts, in whatever order.
        .retry_after(move |error: &Answer| conditions.obeyed(error).map(|wait| wait / 2))
        .retry_after(move |error: &Answer| conditions.obeyed(error))
        .retry_after(move |error: &Answer| conditions.obeyed(error).map(|wait| wait / 3))
        .retry_if(move |error: &Answer| error.is_in(conditions.retried[0]))
        .until(move |value: &Answer| value.is_in(conditions.wanted[0]))
        .retry_after_value(move |value: &Answer| value.asks.filter(|_| conditions.obeys_values))
        .retry_if(move |error: &Answer| error.is_in(conditions.retried[1]))
        .until(move |value: &Answer| value.is_in(conditions.wanted[1]));
    if policy.get_seed().is_none() {
        check(&story::blocking(policy.clone(), plan), plan, &planned);
    }
    // Drivers can only be compared where they draw the same jitter.
    let seed = policy.get_seed().unwrap_or(plan.seed);
    let policy = policy.seed(seed);
    let blocking = story::blocking(policy.clone(), plan);
    check(&blocking, plan, &planned);
    for (driver, story) in story::others(&policy, plan) {
        assert_eq!(blocking, story, "`run` and `{driver}` tell different stories");
    }
    Ok(())
}

/// The policy with these settings, in their order.
fn set<S>(policy: Retry<S>, settings: &[Setting]) -> Result<Retry<S>, InvalidSetting> {
    settings.iter().try_fold(policy, |policy, setting| {
        Ok(match *setting {
            Setting::MaxTries(tries) => policy.try_max_tries(tries)?,
            Setting::FewTries(tries) => policy.max_tries(u32::from(tries) + 1),
            Setting::MaxTime(time) => policy.max_time(time.duration()),
            Setting::MaxWait(wait) => policy.max_wait(wait.duration()),
            Setting::StopBeforeDeadline => policy.no_attempt_after_deadline(),
            Setting::Forever => policy.forever(),
            Setting::Jitter(chance) => policy.jitter(chance.jitter()),
            Setting::Seed(seed) => policy.seed(seed),
        })
    })
}

/// What holds for every run.
fn check(story: &Story, plan: &Plan, planned: impl Fn(&Told) -> Option<Duration>) {
    let limits = Limits::of(&plan.settings);
    assert_eq!(story.told.len(), 2 * story.calls, "`(try backoff)* try (success | giveup)`");
    let mut slept = story.waits.iter();
    let mut last_wait = Duration::ZERO;
    for (call, events) in story.told.chunks(2).enumerate() {
        let [begin, end] = events else { unreachable!("their number is even") };
        assert_eq!((begin.event, begin.outcome, begin.reason), (EventKind::Try, None, None));
        assert_eq!(begin.wait, Duration::ZERO);
        for told in events {
            assert_eq!(told.tries as usize, call + 1);
            assert_eq!(told.last_wait, last_wait);
            let began = whole_nanos(plan.began.duration());
            assert_eq!(told.elapsed, whole_nanos(told.now) - began);
        }
        check_end(end, &limits, plan, planned(end));
        let is_last = call + 1 == story.calls;
        assert_eq!(end.event == EventKind::Backoff, !is_last, "only the last attempt ends the run");
        assert_eq!(end.event == EventKind::GiveUp, end.reason.is_some());
        if is_last {
            assert_eq!(end.wait, Duration::ZERO);
            assert_eq!(end.outcome, Some(story.result), "the run returns the last outcome");
        } else {
            assert_eq!(slept.next(), Some(&end.wait), "what is told is what is slept");
            last_wait = end.wait;
        }
    }
    assert_eq!(slept.next(), None);
}

/// What must follow an attempt.
fn check_end(end: &Told, limits: &Limits, plan: &Plan, planned: Option<Duration>) {
    let outcome = end.outcome.expect("an attempt that ended has an outcome");
    let asked = match plan.conditions.judge(&outcome) {
        Judged::Accepted => return assert_eq!(end.event, EventKind::Success),
        Judged::Refused => return assert_eq!(end.reason, Some(StopReason::NotRetryable)),
        Judged::Retried { asked } => asked,
    };
    let strategy_ends = matches!(plan.strategy, Strategy::Sequence { .. });
    let left = limits.max_time.map_or(Duration::MAX, |most| most.saturating_sub(end.elapsed));
    let has_deadline = limits.max_time.is_some();
    if limits.is_last_try(end.tries, strategy_ends) {
        return assert_eq!(end.reason, Some(StopReason::MaxTries));
    }
    if left == Duration::ZERO {
        return assert_eq!(end.reason, Some(StopReason::MaxTime));
    }
    let Some(planned) = planned else {
        return assert_eq!(end.reason, Some(StopReason::WaitsExhausted));
    };
    let (least, most) = asked.map_or_else(|| limits.waits(planned), |asked| (asked, asked));
    let must_fit = has_deadline && (asked.is_some() || limits.no_attempt_after_deadline);
    if end.event == EventKind::GiveUp {
        assert_eq!(end.reason, Some(StopReason::MaxTime));
        assert!(must_fit && most > left, "{end:?}");
    } else {
        assert_eq!(end.event, EventKind::Backoff);
        assert!(!must_fit || least <= left, "{end:?}");
        assert!(end.wait >= least.min(left) && end.wait <= most.min(left), "{end:?}");
    }
}
