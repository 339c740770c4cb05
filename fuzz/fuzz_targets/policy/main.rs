//! Any policy that the builder lets through, on any script: what holds for every run, and the same
//! story from every driver.

#![no_main]

mod plan;
mod story;

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use relent::clock::ReplaceClock;
use relent::wait::{Constant, Decay, Expo, Fibo, Linear};
use relent::{
    AsyncClock, BlockingClock, Condition, Details, EventKind, InvalidSetting, Retry, Schedule,
    StopReason, TestClock, Wait,
};

use plan::{
    Answer, Chance, Judged, LastWait, Limits, Plan, Setting, Strategy, Time, Window, from_fn,
    whole_nanos,
};
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
            let policy = Retry::expo().try_first_wait(first.duration())?;
            play_shown(factor.map_or(Ok(policy), |factor| policy.try_factor(factor))?, plan)
        }
        Strategy::Fibo { first } => {
            play_shown(Retry::fibo().try_first_wait(first.duration())?, plan)
        }
        Strategy::Constant { wait } => play_shown(Retry::constant(wait.duration()), plan),
        Strategy::Linear { step, first } => {
            let policy = Retry::try_linear(step.duration())?;
            let first = first.unwrap_or(*step);
            play_shown(policy.try_first_wait(first.duration())?, plan)
        }
        Strategy::Decay { first, factor, least } => {
            let policy = Retry::decay().try_first_wait(first.duration())?;
            let policy = least.map_or(policy, |least| policy.min_wait(least.duration()));
            play_shown(factor.map_or(Ok(policy), |factor| policy.try_decay_factor(factor))?, plan)
        }
        Strategy::Sequence { waits } => {
            let waits: Vec<_> = waits.iter().map(|wait| wait.duration()).collect();
            play_shown(Retry::sequence(&waits[..]), plan)
        }
        Strategy::Runtime { wait, times_last } => {
            let computed = |last_wait: Duration| {
                last_wait.saturating_mul((*times_last).into()).saturating_add(wait.duration())
            };
            let policy = Retry::runtime(|d: &Details<'_, Answer, Answer>| computed(d.last_wait));
            play_all(policy, plan, |told| Some(computed(told.last_wait)))
        }
        Strategy::Schedule { wait, kind } => {
            play_shown(Retry::new(schedule(wait.duration(), *kind)?), plan)
        }
        Strategy::FromFn { wait, ends_after } => {
            let most = if *ends_after == 0 { u32::MAX } else { (*ends_after).into() };
            let computed = |tries| (tries <= most).then(|| from_fn(*wait, tries));
            play_shown(Retry::from_fn(computed), plan)
        }
        Strategy::Decorrelated { base } => {
            play_all(Retry::try_decorrelated(base.duration())?, plan, |_| Some(base.duration()))
        }
    }
}

const CONSTANT: u8 = 3;

fn schedule(wait: Duration, kind: u8) -> Result<Schedule, InvalidSetting> {
    Ok(match kind % 5 {
        0 => Expo::try_new(wait, 1.5)?.into(),
        1 => Fibo::try_new(wait)?.into(),
        2 => Linear::try_new(wait, wait)?.into(),
        CONSTANT => Constant::new(wait).into(),
        _ => Decay::try_new(wait, 0.5, Duration::ZERO)?.into(),
    })
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
    let is_zero = |time: Time| time.duration().is_zero();
    let has_no_wait = match plan.strategy {
        Strategy::Expo { first, .. } | Strategy::Fibo { first } | Strategy::Decay { first, .. } => {
            is_zero(first)
        }
        Strategy::Linear { step, first } => is_zero(step) || first.is_some_and(is_zero),
        Strategy::Schedule { wait, kind } => kind % 5 != CONSTANT && is_zero(wait),
        Strategy::Decorrelated { base } => is_zero(base),
        _ => false,
    };
    let has_own_window = matches!(plan.strategy, Strategy::Decorrelated { .. });
    has_bad_factor
        || has_no_wait
        || plan.settings.iter().any(|setting| match setting {
            Setting::MaxTries(tries) => *tries == 0,
            Setting::MaxWait(wait) => is_zero(*wait),
            Setting::Jitter(chance) => {
                chance.may_be_refused() || has_own_window && !matches!(chance, Chance::None)
            }
            _ => false,
        })
}

/// Plays a policy that can show its waits.
fn play_shown<S>(policy: Retry<S>, plan: &Plan) -> Result<(), InvalidSetting>
where
    S: Wait<Answer, Answer> + Wait<(), ()> + Copy,
{
    let planned: Vec<_> = policy.forever().waits().take(64).collect();
    plan.strategy.check(&planned);
    let limits = Limits::of(&plan.settings);
    let shown: Vec<_> = set(policy, &plan.settings)?.waits().take(64).collect();
    assert!(shown.len() <= planned.len());
    assert!(limits.max_tries.is_none_or(|most| shown.len() < most as usize));
    for (shown, planned) in shown.iter().zip(&planned) {
        assert!(shown <= planned);
        assert!(limits.max_wait.is_none_or(|most| *shown <= most));
    }
    // The preview knows the settings, but not the deadline of the type.
    if let Some(most) = limits.left(Duration::ZERO) {
        let may_overrun =
            plan.settings.iter().any(|setting| matches!(setting, Setting::LastWaitMayOverrun));
        let counted = &shown[..shown.len().saturating_sub(may_overrun.into())];
        assert!(counted.iter().fold(Duration::ZERO, |sum, wait| sum.saturating_add(*wait)) <= most);
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
    S: Wait<Answer, Answer> + Copy,
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
    if !plan.settings.iter().any(|setting| matches!(setting, Setting::NoAttemptAfterDeadline)) {
        play_forms(&policy, plan, &planned);
        return Ok(());
    }
    let policy = policy.no_attempt_after_deadline();
    match Limits::of(&plan.settings).last_wait {
        LastWait::MayOverrun => play_forms(&policy.last_wait_may_overrun(), plan, &planned),
        _ => play_forms(&policy, plan, &planned),
    }
    Ok(())
}

/// Plays a policy in all forms of a run.
fn play_forms<S, C, Z>(
    policy: &Retry<S, C, (), Z>,
    plan: &Plan,
    planned: &impl Fn(&Told) -> Option<Duration>,
) where
    S: Wait<Answer, Answer> + Copy,
    C: Condition<Answer, Answer> + Copy,
    Z: ReplaceClock<TestClock, Output: BlockingClock + AsyncClock> + Copy,
{
    if policy.get_seed().is_none() {
        check(&story::blocking(*policy, plan), plan, planned);
    }
    // Drivers can only be compared where they draw the same jitter.
    let seed = policy.get_seed().unwrap_or(plan.seed);
    let policy = policy.seed(seed);
    let blocking = story::blocking(policy, plan);
    check(&blocking, plan, planned);
    // The progress of a run is kept for 292 years.
    let is_kept = blocking.told.iter().all(|told| told.now <= Duration::from_nanos(u64::MAX / 2));
    for (driver, story) in story::others(policy, plan) {
        if driver == story::KEPT && !is_kept {
            continue;
        }
        assert_eq!(blocking, story, "`run` and `{driver}` tell different stories");
    }
}

/// The policy with these settings, in their order, but for that one which changes its type.
fn set<S>(policy: Retry<S>, settings: &[Setting]) -> Result<Retry<S>, InvalidSetting> {
    settings.iter().try_fold(policy, |policy, setting| {
        Ok(match *setting {
            Setting::MaxTries(tries) => policy.try_max_tries(tries)?,
            Setting::FewTries(tries) => policy.max_tries(u32::from(tries) + 1),
            Setting::MaxTime(time) => policy.max_time(time.duration()),
            Setting::MaxWait(wait) => policy.try_max_wait(wait.duration())?,
            Setting::NoAttemptAfterDeadline => policy,
            Setting::LastWaitMayOverrun => policy.last_wait_may_overrun(),
            Setting::MaxAskedWait(wait) => policy.max_asked_wait(wait.duration()),
            Setting::Forever => policy.forever(),
            Setting::Jitter(chance) => policy.try_jitter(chance.jitter())?,
            Setting::Seed(seed) => policy.seed(seed),
        })
    })
}

/// What a wait must be without what was asked for, and how far off that may be.
#[derive(Clone, Copy, Default)]
struct Own {
    wait: Duration,
    off: Duration,
}

/// What holds for every run.
fn check(story: &Story, plan: &Plan, planned: impl Fn(&Told) -> Option<Duration>) {
    let limits = Limits::of(&plan.settings);
    assert_eq!(story.told.len(), 2 * story.calls, "`(try backoff)* try (success | giveup)`");
    let mut slept = story.waits.iter();
    let mut last = Own::default();
    for (call, events) in story.told.chunks(2).enumerate() {
        let [begin, end] = events else { unreachable!("their number is even") };
        assert_eq!((begin.event, begin.outcome, begin.reason), (EventKind::Try, None, None));
        assert_eq!(begin.wait, Duration::ZERO);
        assert_eq!(begin.last_wait, end.last_wait);
        for told in events {
            assert_eq!(told.tries as usize, call + 1);
            assert!(told.last_wait.abs_diff(last.wait) <= last.off, "{told:?}");
            let began = whole_nanos(plan.began.duration());
            // A clock that has reached its end stands still.
            let is_over = began >= Duration::from_nanos(u64::MAX - 1);
            let elapsed = if is_over { Duration::ZERO } else { whole_nanos(told.now) - began };
            assert_eq!(told.elapsed, elapsed);
        }
        last = check_end(end, &limits, plan, planned(end));
        let is_last = call + 1 == story.calls;
        assert_eq!(end.event == EventKind::Backoff, !is_last, "only the last attempt ends the run");
        assert_eq!(end.event == EventKind::GiveUp, end.reason.is_some());
        if is_last {
            assert_eq!(end.wait, Duration::ZERO);
            assert_eq!(end.outcome, Some(story.result), "the run returns the last outcome");
        } else {
            assert_eq!(slept.next(), Some(&end.wait), "what is told is what is slept");
        }
    }
    assert_eq!(slept.next(), None);
}

/// What must follow an attempt.
fn check_end(end: &Told, limits: &Limits, plan: &Plan, planned: Option<Duration>) -> Own {
    let outcome = end.outcome.expect("an attempt that ended has an outcome");
    let expect = |reason| {
        assert_eq!((end.event, end.reason), (EventKind::GiveUp, Some(reason)), "{end:?}");
        Own::default()
    };
    let asked = match plan.conditions.judge(&outcome) {
        Judged::Accepted => {
            assert_eq!(end.event, EventKind::Success);
            return Own::default();
        }
        Judged::Refused => return expect(StopReason::NotRetryable),
        Judged::Retried { asked } => whole_nanos(asked.unwrap_or_default()),
    };
    let strategy_ends = matches!(plan.strategy, Strategy::Sequence { .. });
    let left = limits.left(end.elapsed);
    if limits.is_last_try(end.tries, strategy_ends) {
        return expect(StopReason::MaxTries);
    }
    let may_overrun = limits.last_wait == LastWait::MayOverrun;
    if left.is_some_and(|left| left.is_zero() || asked > left && !may_overrun) {
        return expect(StopReason::MaxTime);
    }
    if asked > limits.max_asked_wait() {
        return expect(StopReason::MaxAskedWait);
    }
    let Some(planned) = planned else {
        return expect(StopReason::WaitsExhausted);
    };
    let own = match plan.strategy {
        Strategy::Decorrelated { base } => {
            Some(Window::decorrelated(base.duration(), end.last_wait))
        }
        _ => None,
    };
    let (own, off) = limits.window(planned, own);
    let window = own.moved_above(asked);
    let must_fit = limits.last_wait == LastWait::MustFit;
    if end.event == EventKind::GiveUp {
        assert!(must_fit && left.is_some_and(|left| window.end + off > left), "{end:?}");
        return expect(StopReason::MaxTime);
    }
    assert_eq!(end.event, EventKind::Backoff);
    assert!(!must_fit || left.is_none_or(|left| end.wait <= left), "{end:?}");
    let most = left.filter(|_| !may_overrun).unwrap_or(Duration::MAX);
    assert!(end.wait >= asked.min(most), "nobody comes earlier than asked: {end:?}");
    assert!(end.wait + off >= window.start.min(most) && end.wait <= most, "{end:?}");
    assert!(end.wait <= window.end + off, "{end:?}");
    // A wait that was shortened to the time left may have been any longer one.
    let moved = window.start - own.start;
    let off = if end.wait == most { off + moved } else { off };
    Own { wait: end.wait.saturating_sub(moved), off }
}
