//! A scripted operation, the story that a run of it tells, and small helpers.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::ops::ControlFlow::Break;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::executor::block_on;
use relent::{Ask, Condition, Details, EventKind, GiveUp, Retry, TestClock, Wait};

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Busy,
    /// The server asks for this wait.
    Later(Duration),
    Fatal,
}

impl Fault {
    pub(crate) fn is_transient(&self) -> bool {
        *self != Self::Fatal
    }

    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Later(wait) => Some(*wait),
            Self::Busy | Self::Fatal => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Obeys the server, and otherwise retries every error, by a condition of one's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obey;

impl<T> Condition<T, Fault> for Obey {
    fn ask(&self, details: &Details<'_, T, Fault>) -> Ask {
        match details.error() {
            None => Ask::Accept,
            Some(Fault::Later(wait)) => Ask::RetryIn(*wait),
            Some(_) => Ask::Retry,
        }
    }
}

pub(crate) type Outcome = Result<u32, Fault>;

/// What one call of the operation returns, and how long it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) outcome: Outcome,
    pub(crate) takes: Duration,
}

/// An outcome that comes at once.
pub(crate) const fn at_once(outcome: Outcome) -> Step {
    Step { outcome, takes: Duration::ZERO }
}

/// An operation that fails at once, each time.
pub(crate) const BUSY: [Step; 1] = [at_once(Err(Fault::Busy))];

/// All that an event shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) event: EventKind,
    pub(crate) target: String,
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) wait: Duration,
    pub(crate) last_wait: Duration,
    pub(crate) reason: Option<GiveUp>,
    pub(crate) outcome: Option<Outcome>,
}

impl Told {
    pub(crate) fn of(details: &Details<'_, u32, Fault>) -> Self {
        assert_eq!(details.value().copied(), details.outcome().and_then(|o| o.ok()));
        assert_eq!(details.error().copied(), details.outcome().and_then(|o| o.err()));
        Self {
            event: details.event,
            target: details.target().to_string(),
            tries: details.tries,
            elapsed: details.elapsed,
            wait: details.wait,
            last_wait: details.last_wait,
            reason: details.reason,
            outcome: details.outcome().copied(),
        }
    }
}

/// What can be seen of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) calls: usize,
    pub(crate) waits: Vec<Duration>,
    pub(crate) told: Vec<Told>,
    pub(crate) result: Outcome,
}

impl Story {
    /// The kinds of the events, one letter each.
    pub(crate) fn kinds(&self) -> String {
        self.told.iter().map(|told| letter(told.event)).collect()
    }

    pub(crate) fn end(&self) -> &Told {
        self.told.last().expect("every run that ends says so")
    }

    /// What holds for every run that ends, whatever its policy.
    fn check(&self) {
        let kinds = self.kinds();
        let begin = "TB".repeat(self.calls - 1) + "T";
        let end = kinds.strip_prefix(&begin).unwrap_or_else(|| panic!("{self:#?}"));
        assert!(matches!(end, "S" | "G"), "one end, and only one: {kinds}");
        let told_waits: Vec<_> =
            self.told.iter().filter(|t| t.event == EventKind::Backoff).map(|t| t.wait).collect();
        assert_eq!(told_waits, self.waits, "the wait that is told is the wait that is slept");
        assert_eq!(self.end().outcome, Some(self.result), "the run returns the last outcome");
        assert_eq!(self.end().reason.is_some(), end == "G");
    }
}

pub(crate) const fn letter(event: EventKind) -> char {
    match event {
        EventKind::Try => 'T',
        EventKind::Success => 'S',
        EventKind::Backoff => 'B',
        EventKind::GiveUp => 'G',
    }
}

/// Plays a script; its last step repeats.
struct Script<'a> {
    steps: &'a [Step],
    clock: TestClock,
    calls: Cell<usize>,
    told: Mutex<Vec<Told>>,
}

impl<'a> Script<'a> {
    fn new(steps: &'a [Step]) -> Self {
        Self { steps, clock: TestClock::new(), calls: Cell::new(0), told: Mutex::default() }
    }

    fn attempt(&self) -> Outcome {
        let call = self.calls.replace(self.calls.get() + 1);
        let step = self.steps[call.min(self.steps.len() - 1)];
        self.clock.advance(step.takes);
        step.outcome
    }

    fn ended(self, result: Outcome) -> Story {
        let Self { clock, calls, told, .. } = self;
        Story { calls: calls.get(), waits: clock.waits(), told: told.into_inner().unwrap(), result }
    }
}

/// The policy on the script's clock, with handlers that note every event.
macro_rules! noted {
    ($policy:expr, $script:expr) => {{
        let note = |d: &Details<'_, u32, Fault>| $script.told.lock().unwrap().push(Told::of(d));
        let told = $policy.clock(&$script.clock).on_try(note).on_success(note);
        told.on_backoff(note).on_giveup(note)
    }};
}

/// The same with handlers that have to be awaited.
macro_rules! noted_async {
    ($policy:expr, $script:expr) => {{
        let log = &$script.told;
        let note = move |d: &Details<'_, u32, Fault>| {
            let told = Told::of(d);
            async move {
                yields(2).await;
                log.lock().unwrap().push(told);
            }
        };
        let told = $policy.clock(&$script.clock).on_try_async(note).on_success_async(note);
        told.on_backoff_async(note).on_giveup_async(note)
    }};
}

/// Plays the script through `run`, through `run_async`, through `run_async` with handlers that are
/// awaited, and through both in-line loops. All must tell the same story.
pub(crate) fn play<S, C>(policy: Retry<S, C>, steps: &[Step]) -> Story
where
    S: Wait<u32, Fault> + Copy,
    C: Condition<u32, Fault> + Copy,
{
    let policy = policy.target("scripted");
    // Every run draws the same jitter, or the stories could not be compared.
    let policy = policy.seed(policy.get_seed().unwrap_or(1));

    let script = Script::new(steps);
    let result = noted!(policy, script).run(|| script.attempt());
    let blocking = script.ended(result);
    blocking.check();

    let script = Script::new(steps);
    let result = block_on(noted!(policy, script).run_async(async || {
        yields(1).await;
        script.attempt()
    }));
    assert_eq!(blocking, script.ended(result), "`run`, and `run_async`");

    let script = Script::new(steps);
    let result = block_on(noted_async!(policy, script).run_async(async || script.attempt()));
    assert_eq!(blocking, script.ended(result), "`run`, and `run_async` with async handlers");

    let script = Script::new(steps);
    let told = noted!(policy, script);
    let mut attempts = told.attempts();
    let result = loop {
        if let Break(end) = attempts.after(script.attempt()) {
            break end;
        }
    };
    drop(told);
    assert_eq!(blocking, script.ended(result), "`run`, and `attempts`");

    let script = Script::new(steps);
    let told = noted_async!(policy, script);
    let result = block_on(async {
        let mut attempts = told.attempts_async().await;
        loop {
            yields(1).await;
            if let Break(end) = attempts.after_async(script.attempt()).await {
                break end;
            }
        }
    });
    drop(told);
    assert_eq!(blocking, script.ended(result), "`run`, and `attempts_async` with async handlers");

    blocking
}

/// A future that is pending this many times before it is ready.
pub(crate) fn yields(times: u32) -> Yields {
    Yields(times)
}

#[derive(Debug)]
pub(crate) struct Yields(u32);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The message with which the function panics.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it was expected to panic"),
        Err(panic) => message(panic.as_ref()),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .expect("a panic with a message")
}
