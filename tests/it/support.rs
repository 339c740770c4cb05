//! A scripted operation, the story that a run of it tells, and small helpers.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::ops::ControlFlow::Break;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::executor::block_on;
use proptest::test_runner::Config as ProptestConfig;
use relent::run::Decision;
use relent::{
    AsyncClock, Attempt, BlockingClock, Cancel, Condition, Details, EventKind, Observe, Retry,
    RetryError, StopReason, Succeeded, TestClock, TimedOut, Verdict, Wait,
};

/// As many cases as `PROPTEST_CASES` asks for, or else this many: for tests of which one case is expensive.
pub(crate) fn few_cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases, ..config },
    }
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Writes down each event as a letter and the number of the attempt, and why the run gave up.
#[derive(Default)]
pub(crate) struct Events(Mutex<Vec<String>>);

impl Events {
    /// Returns the events since the last call.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

impl<T, E> Observe<T, E> for Events {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let mut event = format!("{}{}", letter(details.event), details.tries);
        if let Some(reason) = details.reason {
            event.push(':');
            event.push_str(reason.name());
        }
        self.0.lock().unwrap().push(event);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Busy,
    /// The server asks for this wait.
    Later(Duration),
    Fatal,
    /// While the attempt was made, the run was cancelled.
    Shutdown,
    /// The attempt was not over in time.
    TooSlow,
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::TooSlow
    }
}

impl Fault {
    pub(crate) fn is_transient(&self) -> bool {
        *self != Self::Fatal
    }

    pub(crate) fn requested_wait(&self) -> Option<Duration> {
        match self {
            Self::Later(wait) => Some(*wait),
            _ => None,
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
    fn judge(&self, details: &Details<'_, T, Fault>) -> Verdict {
        match details.error() {
            None => Verdict::Accept,
            Some(Fault::Later(wait)) => Verdict::RetryIn(*wait),
            Some(_) => Verdict::Retry,
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

/// An operation that asks for this wait, each time.
pub(crate) const fn later(wait: Duration) -> [Step; 1] {
    [at_once(Err(Fault::Later(wait)))]
}

/// All that an event shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) event: EventKind,
    pub(crate) target: String,
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) wait: Duration,
    pub(crate) last_wait: Duration,
    pub(crate) reason: Option<StopReason>,
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

    /// What holds for every run that ends, whatever its policy, but for one that is cancelled in a
    /// wait.
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
        _ => panic!("an event of a new kind"),
    }
}

/// Plays a script; its last step repeats.
pub(crate) struct Script<'a> {
    steps: &'a [Step],
    pub(crate) clock: TestClock,
    pub(crate) cancel: Cancel,
    pub(crate) calls: Cell<usize>,
    told: Mutex<Vec<Told>>,
}

impl<'a> Script<'a> {
    pub(crate) fn new(steps: &'a [Step]) -> Self {
        let (clock, cancel) = (TestClock::new(), Cancel::new());
        Self { steps, clock, cancel, calls: Cell::new(0), told: Mutex::default() }
    }

    pub(crate) fn attempt(&self) -> Outcome {
        let call = self.calls.replace(self.calls.get() + 1);
        let step = self.steps[call.min(self.steps.len() - 1)];
        self.clock.advance(step.takes);
        if step.outcome == Err(Fault::Shutdown) {
            self.cancel.cancel();
        }
        step.outcome
    }

    /// An attempt that knows which one it is.
    pub(crate) fn attempt_of(&self, attempt: Attempt) -> Outcome {
        assert_eq!(attempt.tries as usize, self.calls.get() + 1);
        // A run counts up to 584 years.
        let elapsed = self.clock.elapsed().min(Duration::from_nanos(u64::MAX));
        assert_eq!(attempt.elapsed, elapsed, "the time is fresh");
        self.attempt()
    }

    fn ended(self, result: Outcome) -> Story {
        let Self { clock, calls, told, .. } = self;
        Story { calls: calls.get(), waits: clock.waits(), told: told.into_inner().unwrap(), result }
    }
}

/// The policy on the script's clock, with handlers that note every event.
macro_rules! noted {
    ($policy:expr, $script:expr $(, $cancelled_by:ident)?) => {{
        let note = |d: &Details<'_, u32, Fault>| $script.told.lock().unwrap().push(Told::of(d));
        let policy = $policy.clock(&$script.clock)$(.$cancelled_by(&$script.cancel))?;
        policy.on_try(note).on_success(note).on_backoff(note).on_giveup(note)
    }};
}

/// The same with handlers that have to be awaited.
macro_rules! noted_async {
    ($policy:expr, $script:expr $(, $cancelled_by:ident)?) => {{
        let log = &$script.told;
        let note = move |d: &Details<'_, u32, Fault>| {
            let told = Told::of(d);
            async move {
                yields(2).await;
                log.lock().unwrap().push(told);
            }
        };
        let policy = $policy.clock(&$script.clock)$(.$cancelled_by(&$script.cancel))?;
        let told = policy.on_try_async(note).on_success_async(note);
        told.on_backoff_async(note).on_giveup_async(note)
    }};
}

/// Every form of a run, in the order in which they are compared: its name, whose handlers it tells,
/// and how it is made.
macro_rules! play_all {
    ($policy:expr, $steps:expr $(, $cancelled_by:ident)?) => {
        play_all!(
            @forms $policy, $steps, [$($cancelled_by)?];
            run: noted |p, s| p.run(|| s.attempt());
            run_with: noted |p, s| p.run_with(&s, Script::attempt);
            run_attempt: noted |p, s| p.run_attempt(|attempt| s.attempt_of(attempt));
            explained: noted |p, s| of_explained(p.explain().run(|| s.attempt()));
            in_line: noted |p, s| {
                let mut attempts = p.attempts();
                loop {
                    if let Break(end) = attempts.after(s.attempt()) {
                        break end;
                    }
                }
            };
            by_hand: noted |p, s| {
                let mut attempts = p.attempts();
                loop {
                    let outcome = s.attempt();
                    match attempts.decide(&outcome) {
                        Decision::Backoff(wait) => BlockingClock::sleep(&s.clock, wait),
                        Decision::Done | Decision::GiveUp(_) => break outcome,
                    }
                    attempts.next_try().unwrap();
                }
            };
            by_hand_async: noted |p, s| {
                let mut attempts = p.attempts_async();
                loop {
                    let outcome = block_on(attempts.attempt(async { s.attempt() }));
                    match attempts.decide(&outcome) {
                        Decision::Backoff(wait) => block_on(AsyncClock::timer(&s.clock, wait)),
                        Decision::Done | Decision::GiveUp(_) => break outcome,
                    }
                }
            };
            run_async: noted |p, s| block_on(p.run_async(async || {
                yields(1).await;
                s.attempt()
            }));
            run_async_awaiting_handlers: noted_async |p, s| {
                block_on(p.run_async(async || s.attempt()))
            };
            run_with_async: noted_async |p, s| {
                block_on(p.run_with_async(&s, |s| async { s.attempt() }))
            };
            run_attempt_async: noted |p, s| {
                block_on(p.run_attempt_async(async |attempt| s.attempt_of(attempt)))
            };
            explained_async: noted_async |p, s| {
                of_explained(block_on(p.explain().run_async(async || s.attempt())))
            };
            timed: noted |p, s| {
                let timed = p.attempt_timeout(Duration::MAX);
                block_on(timed.run_async(async || s.attempt()))
            };
            all_last_steps: noted_async |p, s| {
                let last = p.show_args().attempt_timeout(Duration::MAX).explain();
                of_explained(block_on(last.run_attempt_async(async |attempt| s.attempt_of(attempt))))
            };
            in_line_async: noted_async |p, s| block_on(async {
                let mut attempts = p.begin_async().await;
                loop {
                    yields(1).await;
                    if let Break(end) = attempts.after(s.attempt()).await {
                        break end;
                    }
                }
            });
        )
    };
    (
        @forms $policy:expr, $steps:expr, $cancelled_by:tt;
        $($form:ident: $noted:ident |$p:ident, $s:ident| $run:expr;)*
    ) => {
        [$({
            let $s = Script::new($steps);
            let $p = play_all!(@policy $noted, $policy, $s, $cancelled_by);
            let result = $run;
            drop($p);
            (stringify!($form), $s.ended(result))
        }),*]
    };
    (@policy $noted:ident, $policy:expr, $s:expr, [$($cancelled_by:ident)?]) => {
        $noted!($policy, $s $(, $cancelled_by)?)
    };
}

macro_rules! play_all_forms {
    ($policy:expr, $steps:expr, |$p:ident| $mode:expr) => {{
        let (policy, steps) = ($policy.target("scripted"), $steps);
        // Every run draws the same jitter, or the stories could not be compared.
        let policy = policy.seed(policy.get_seed().unwrap_or(1));
        // Behind a pointer, so that the forms are not compiled once for each condition of the tests.
        let condition = *policy.get_condition();
        let condition: &dyn Condition<u32, Fault> = &condition;
        let $p = policy.without_conditions().condition(condition);
        let policy = $mode;

        let [(_, story), cancellable @ ..] = play_all!(policy, steps, cancelled_by);
        story.check();
        for (form, other) in cancellable {
            assert_eq!(story, other, "`run`, and {form}, cancellable");
        }
        if !steps.iter().any(|step| step.outcome == Err(Fault::Shutdown)) {
            for (form, other) in play_all!(policy, steps) {
                assert_eq!(story, other, "cancellable `run`, and {form}");
            }
        }
        story
    }};
}

/// What an explained run says, as one that is not says it.
fn of_explained(result: Result<Succeeded<u32>, RetryError<u32, Fault>>) -> Outcome {
    result.map(|succeeded| succeeded.value).or_else(RetryError::into_outcome)
}

/// Plays the script through every form of a run, in both drivers and in line. All must tell the same
/// story; so must those that could be cancelled, where nobody cancels.
pub(crate) fn play<S, C>(policy: Retry<S, C>, steps: &[Step]) -> Story
where
    S: Wait<u32, Fault> + Copy,
    C: Condition<u32, Fault> + Copy,
{
    play_all_forms!(policy, steps, |policy| policy)
}

/// The same of a policy that makes no attempt after its deadline, which is a type of its own.
pub(crate) fn play_strictly<S, C>(policy: Retry<S, C>, steps: &[Step]) -> Story
where
    S: Wait<u32, Fault> + Copy,
    C: Condition<u32, Fault> + Copy,
{
    play_all_forms!(policy, steps, |policy| policy.no_attempt_after_deadline())
}

/// Counts how often its waker was woken.
pub(crate) struct Wakes(AtomicU32);

impl Wakes {
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn counting_waker() -> (Arc<Wakes>, Waker) {
    let wakes = Arc::new(Wakes(AtomicU32::new(0)));
    (Arc::clone(&wakes), Waker::from(wakes))
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
