//! The blocking driver: one loop.

use core::ops::ControlFlow;

use crate::clock::Sleep;
use crate::condition::Condition;
use crate::event::{EventKind, Subject};
use crate::observe::chain::{Blocking, Cursor, Tell};
use crate::policy::Retry;
use crate::run::engine::Asked;
use crate::run::finish::Finish;
use crate::run::operation::{Needs, Operation};
use crate::run::side::{Blocks, Mode};
use crate::run::{End, Run, Verdict};
use crate::testing::scope;
use crate::wait::Wait;

#[expect(clippy::inline_always, reason = "so that a first success costs no call")]
#[inline(always)]
pub(crate) fn drive<S, C, H, Z, O, X>(
    policy: &Retry<S, C, H, Z>,
    mut operation: O,
    finish: &X,
) -> X::Output
where
    O: Operation,
    X: Finish<O::Output>,
    S: Wait<X::Value, X::Error>,
    C: Condition<X::Value, X::Error>,
    H: Tell<X::Value, X::Error> + Blocking,
    Z: Sleep,
{
    let needs = finish.needs(operation.needs());
    let run = start::<Blocks, _, _, _, _, _, _>(policy, needs, policy.subject(&operation));
    let outcome = finish.outcome(operation.attempt(|| policy.attempt::<Blocks>(&run)));
    match policy.ask::<Blocks, _, _>(&run, policy.subject(&operation), &outcome, needs, true) {
        // Most runs end here, and should not pay for what they do not need.
        None => finish.finish(outcome, run.end_untold()),
        Some(asked) => go_on(policy, operation, finish, run, outcome, asked),
    }
}

/// All that follows the first attempt, where there is more to it than its end.
#[cold]
#[inline(never)]
fn go_on<S, C, H, Z, O, X>(
    policy: &Retry<S, C, H, Z>,
    mut operation: O,
    finish: &X,
    mut run: Run,
    mut outcome: Result<X::Value, X::Error>,
    mut asked: Asked,
) -> X::Output
where
    O: Operation,
    X: Finish<O::Output>,
    S: Wait<X::Value, X::Error>,
    C: Condition<X::Value, X::Error>,
    H: Tell<X::Value, X::Error> + Blocking,
    Z: Sleep,
{
    let needs = finish.needs(operation.needs());
    loop {
        let subject = policy.subject(&operation);
        if let ControlFlow::Break((outcome, end)) =
            after(policy, &mut run, subject, needs, outcome, asked)
        {
            return finish.finish(outcome, end);
        }
        outcome = finish.outcome(operation.attempt(|| policy.attempt::<Blocks>(&run)));
        let subject = policy.subject(&operation);
        match policy.ask::<Blocks, _, _>(&run, subject, &outcome, needs, true) {
            None => return finish.finish(outcome, run.end_untold()),
            Some(next) => asked = next,
        }
    }
}

/// Begins a run, up to where its first attempt is to be made.
pub(crate) fn start<M, T, E, S, C, H, Z>(
    policy: &Retry<S, C, H, Z>,
    needs: Needs,
    subject: Subject<'_>,
) -> Run
where
    M: Mode<Z>,
    S: Wait<T, E>,
    C: Condition<T, E>,
    H: Tell<T, E> + Blocking,
{
    let mut run = policy.begin::<M, T, E>(needs);
    let verdict = policy.next_try::<M, T, E>(&mut run);
    tell(policy, &run, &verdict, subject, None);
    run
}

/// All that follows an attempt, up to where the next one is to be made.
#[expect(clippy::inline_always, reason = "as what it calls")]
#[inline(always)]
pub(crate) fn after<T, E, S, C, H, Z>(
    policy: &Retry<S, C, H, Z>,
    run: &mut Run,
    subject: Subject<'_>,
    needs: Needs,
    outcome: Result<T, E>,
    asked: Asked,
) -> ControlFlow<(Result<T, E>, End)>
where
    S: Wait<T, E>,
    C: Condition<T, E>,
    H: Tell<T, E> + Blocking,
    Z: Sleep,
{
    let verdict = policy.judge::<Blocks, _, _>(run, subject, &outcome, asked, needs);
    tell(policy, run, &verdict, subject, Some(&outcome));
    if verdict.event != EventKind::Backoff {
        return ControlFlow::Break((outcome, run.end(&verdict)));
    }
    // What the outcome holds is let go of before the wait, unless the run may end with it.
    let kept = policy.clock.is_cancelled().is_some().then_some(outcome);
    let wait = run.back_off(&verdict);
    scope::sleep(&policy.clock, wait);
    if let Some(outcome) = kept.filter(|_| policy.clock.is_cancelled() == Some(true)) {
        let verdict = run.cut_short(policy.time::<Blocks>());
        tell(policy, run, &verdict, subject, Some(&outcome));
        return ControlFlow::Break((outcome, run.end(&verdict)));
    }
    let verdict = policy.next_try::<Blocks, T, E>(run);
    tell(policy, run, &verdict, subject, None);
    ControlFlow::Continue(())
}

/// Tells an event to everybody.
fn tell<T, E, S, C, H, Z>(
    policy: &Retry<S, C, H, Z>,
    run: &Run,
    verdict: &Verdict,
    subject: Subject<'_>,
    outcome: Option<&Result<T, E>>,
) where
    H: Tell<T, E> + Blocking,
{
    let pending = policy.tell(run, verdict, subject, outcome, &mut Cursor::default());
    debug_assert!(pending.is_none(), "`Blocking` promises that nobody has to be awaited");
}
