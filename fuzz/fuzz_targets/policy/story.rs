//! Plays a plan's script through a driver, and notes what can be seen of it.

use std::future::poll_fn;
use std::ops::ControlFlow::Break;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use relent::clock::ReplaceClock;
use relent::run::Decision;
use relent::{
    AsyncClock, BlockingClock, Condition, Details, EventKind, Observe, Progress, Retry, RetryError,
    StopReason, TestClock, Wait,
};

use crate::plan::{Answer, Outcome, Plan};

/// The driver that goes on with a run from its progress.
pub(crate) const KEPT: &str = "attempts_from";

/// The call that every condition accepts.
const LAST_CALL: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) event: EventKind,
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) wait: Duration,
    pub(crate) last_wait: Duration,
    pub(crate) reason: Option<StopReason>,
    pub(crate) outcome: Option<Outcome>,
    /// What the clock shows at that moment.
    pub(crate) now: Duration,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) calls: usize,
    pub(crate) waits: Vec<Duration>,
    pub(crate) told: Vec<Told>,
    pub(crate) result: Outcome,
}

struct Script<'a> {
    plan: &'a Plan,
    clock: TestClock,
    calls: AtomicUsize,
    told: Mutex<Vec<Told>>,
}

impl<'a> Script<'a> {
    fn new(plan: &'a Plan) -> Self {
        let clock = TestClock::new();
        clock.advance(plan.began.duration());
        Self { plan, clock, calls: AtomicUsize::new(0), told: Mutex::default() }
    }

    fn attempt(&self) -> Outcome {
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        let steps = &self.plan.steps;
        let step = steps.get(call - 1).or(steps.last());
        let step = step.filter(|_| call < LAST_CALL);
        self.clock.advance(step.map_or(Duration::ZERO, |step| step.takes()));
        step.map_or(Ok(Answer::LAST), |step| step.outcome())
    }

    fn note(&self, details: &Details<'_, Answer, Answer>) {
        self.told.lock().unwrap().push(Told {
            event: details.event,
            tries: details.tries,
            elapsed: details.elapsed,
            wait: details.wait,
            last_wait: details.last_wait,
            reason: details.reason,
            outcome: details.outcome().copied(),
            now: self.clock.elapsed(),
        });
    }

    fn ended(self, result: Outcome) -> Story {
        Story {
            calls: self.calls.into_inner(),
            waits: self.clock.waits(),
            told: self.told.into_inner().unwrap(),
            result,
        }
    }
}

impl Observe<Answer, Answer> for Script<'_> {
    fn on_event(&self, details: &Details<'_, Answer, Answer>) {
        self.note(details);
    }
}

/// The story of a blocking run.
pub(crate) fn blocking<S, C, Z>(policy: Retry<S, C, (), Z>, plan: &Plan) -> Story
where
    S: Wait<Answer, Answer>,
    C: Condition<Answer, Answer>,
    Z: ReplaceClock<TestClock, Output: BlockingClock>,
{
    let script = Script::new(plan);
    let result = policy.clock(script.clock.clone()).observe(&script).run(|| script.attempt());
    script.ended(result)
}

/// The stories of all other drivers, by name.
pub(crate) fn others<S, C, Z>(policy: Retry<S, C, (), Z>, plan: &Plan) -> Vec<(&'static str, Story)>
where
    S: Wait<Answer, Answer> + Copy,
    C: Condition<Answer, Answer> + Copy,
    Z: ReplaceClock<TestClock, Output: BlockingClock + AsyncClock> + Copy,
{
    let mut stories = Vec::new();

    let script = Script::new(plan);
    let told = policy.clock(script.clock.clone()).observe(&script);
    let result = match told.explain().run(|| script.attempt()) {
        Ok(succeeded) => Ok(succeeded.value),
        Err(stats) => {
            let end = script.told.lock().unwrap().last().cloned().expect("it told its end");
            assert_eq!(Some(stats.reason()), end.reason);
            assert_eq!((stats.tries(), stats.elapsed()), (end.tries, end.elapsed));
            RetryError::into_outcome(stats)
        }
    };
    drop(told);
    stories.push(("explain", script.ended(result)));

    let script = Script::new(plan);
    let result = {
        let told = policy.clock(script.clock.clone()).observe(&script);
        let mut attempts = told.attempts();
        loop {
            if let Break(end) = attempts.after(script.attempt()) {
                break end;
            }
        }
    };
    stories.push(("attempts", script.ended(result)));

    let script = Script::new(plan);
    let result = {
        let told = policy.clock(script.clock.clone()).observe(&script);
        let mut attempts = told.attempts();
        loop {
            let outcome = script.attempt();
            let Decision::Backoff(wait) = attempts.decide(&outcome) else { break outcome };
            BlockingClock::sleep(&script.clock, wait);
            if attempts.next_try().is_err() {
                break outcome;
            }
        }
    };
    stories.push(("decide", script.ended(result)));

    let script = Script::new(plan);
    let result = {
        let told = policy.clock(script.clock.clone()).observe(&script);
        let mut progress = Progress::default();
        loop {
            let mut attempts = told.attempts_from(progress);
            let outcome = script.attempt();
            let Decision::Backoff(wait) = attempts.decide(&outcome) else { break outcome };
            BlockingClock::sleep(&script.clock, wait);
            progress = attempts.progress();
        }
    };
    stories.push((KEPT, script.ended(result)));

    let script = Script::new(plan);
    let note = |details: &Details<'_, Answer, Answer>| script.note(details);
    let told = policy.clock(script.clock.clone()).on_try(note).on_success(note);
    let told = told.on_backoff(note).on_giveup(note);
    let result = block_on(told.run_async(async || {
        yields().await;
        script.attempt()
    }));
    drop(told);
    stories.push(("run_async", script.ended(result)));

    let script = Script::new(plan);
    let note = |details: &Details<'_, Answer, Answer>| {
        script.note(details);
        yields()
    };
    let told = policy.clock(script.clock.clone()).on_try_async(note).on_success_async(note);
    let told = told.on_backoff_async(note).on_giveup_async(note);
    let result = block_on(async {
        let mut attempts = told.begin_async().await;
        loop {
            yields().await;
            if let Break(end) = attempts.after(script.attempt()).await {
                break end;
            }
        }
    });
    drop(told);
    stories.push(("attempts_async", script.ended(result)));

    stories
}

/// Pending once.
fn yields() -> impl Future<Output = ()> + Send {
    let mut has_yielded = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Polls only a future that was woken: one that would sleep for ever is found out.
fn block_on<R>(future: impl Future<Output = R>) -> R {
    let mut future = pin!(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    while woken.0.swap(false, Relaxed) {
        if let Poll::Ready(ready) = future.as_mut().poll(&mut context) {
            return ready;
        }
    }
    panic!("pending, and nobody will wake it")
}
