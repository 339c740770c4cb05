//! The policy: `Retry`, its constructors and its parts.

use core::time::Duration;

use crate::attempt::Attempt;
use crate::clock::System;
use crate::condition::{AnyError, Condition};
use crate::details::{Details, EventKind};
use crate::engine::{Asked, Engine};
use crate::lent::{Lent, Mode};
use crate::operation::{Needs, Operation};
use crate::run::{Run, Verdict};
use crate::settings::Settings;
use crate::strategies::{Constant, Decay, Expo, Fibo, Linear, Runtime, Sequence};
use crate::target::{Subject, Target};
use crate::tell::{Cursor, Tell};
use crate::wait::Wait;

/// How to be patient: a policy that any number of calls can share.
///
/// ```
/// use std::time::Duration;
/// use relent::{Retry, TestClock};
///
/// static API: Retry = Retry::expo().max_tries(5).max_wait(Duration::from_secs(10));
///
/// let mut calls = 0;
/// let number = API.clock(TestClock::new()).run(|| {
///     calls += 1;
///     if calls < 3 { Err("busy") } else { Ok(7) }
/// });
/// assert_eq!(number, Ok(7));
/// let text: Result<String, std::fmt::Error> = API.run(|| Ok(String::from("any type")));
/// assert!(text.is_ok());
/// ```
///
/// A policy is a value: a constructor says how long to wait, a chain of settings says the rest, in
/// any order, and [`run`](Self::run) or [`run_async`](Self::run_async) makes the call. Unless told
/// otherwise it retries every error, at most 10 times in all, with full jitter: the waits that a
/// strategy computes are *maxima*.
///
/// | parameter | question | default | changed by |
/// |---|---|---|---|
/// | `S` | how long to wait? [`Wait`] | [`Expo`] | the constructors |
/// | `C` | whether to retry? [`Condition`] | [`AnyError`] | `retry_if`, `until`, `retry_after`, `retry_after_value`, `budget`, `condition` |
/// | `H` | who is told? [`Observe`](crate::Observe) | `()`, nobody | `on_try`, `on_success`, `on_backoff`, `on_giveup`, `on_*_async`, `observe` |
/// | `Z` | what clock? [`Sleep`](crate::Sleep), [`AsyncSleep`](crate::AsyncSleep) | [`System`] | `clock`, `cancelled_by` |
///
/// A policy is `Copy` where its parts are: not with handlers or [`cancelled_by`](Self::cancelled_by),
/// and with a clock or a budget where they are given by reference. It is `Send` and `Sync` where they
/// are, as handlers always are: share one by reference, in an `Arc` or in a `LazyLock`. Where it is
/// numbers alone it can be a `const` or a `static`.
///
/// The guide has [recipes](crate::_docs::recipes), and the [dangers](crate::_docs::dangers) of retries.
#[derive(Clone, Copy)]
#[must_use = "a policy does nothing until it is run: `.run(..)` or `.run_async(..)`"]
pub struct Retry<S = Expo, C = AnyError, H = (), Z = System> {
    pub(crate) strategy: S,
    pub(crate) condition: C,
    pub(crate) observer: H,
    pub(crate) clock: Z,
    pub(crate) settings: Settings,
}

/// # How long to wait
impl Retry {
    /// Waits of 1 s, 2 s, 4 s, 8 s and so on: maxima, since full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().first_wait(Duration::from_millis(100)).factor(3.0);
    /// assert!(policy.waits().take(3).eq([100, 300, 900].map(Duration::from_millis)));
    /// ```
    ///
    /// It grows without end unless [`max_wait`](Retry::max_wait) caps it.
    pub const fn expo() -> Self {
        Self::new(Expo::DEFAULT)
    }

    /// Waits of 1 s, 1 s, 2 s, 3 s, 5 s, 8 s and so on: maxima, since full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::fibo().max_wait(Duration::from_secs(4));
    /// assert!(policy.waits().take(6).eq([1, 1, 2, 3, 4, 4].map(Duration::from_secs)));
    /// ```
    pub const fn fibo() -> Retry<Fibo> {
        Retry::new(Fibo::DEFAULT)
    }

    /// The same wait each time: a maximum, since full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::constant(Duration::from_secs(2)).max_tries(4);
    /// assert!(policy.waits().eq([2, 2, 2].map(Duration::from_secs)));
    /// ```
    pub const fn constant(wait: Duration) -> Retry<Constant> {
        Retry::new(Constant::new(wait))
    }

    /// Waits of once, twice, three times `step` and so on: maxima, since full jitter is on by
    /// default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::linear(Duration::from_secs(2)).max_tries(4);
    /// assert!(policy.waits().eq([2, 4, 6].map(Duration::from_secs)));
    /// ```
    pub const fn linear(step: Duration) -> Retry<Linear> {
        Retry::new(Linear::new(step, step))
    }

    /// Waits that shrink: 1 s, 0.368 s, 0.135 s and so on, divided by e each time. Maxima, since
    /// full jitter is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::decay().min_wait(Duration::from_millis(100));
    /// let millis: Vec<_> = policy.waits().map(|wait| wait.as_millis()).take(5).collect();
    /// assert_eq!(millis, [1000, 367, 135, 100, 100]);
    /// ```
    ///
    /// For what is likely to be ready soon after it was not: a lock, a replica that catches up. After
    /// some twenty tries the waits are zero: give a run that may last longer a
    /// [`min_wait`](Retry::min_wait), below which only jitter goes.
    pub const fn decay() -> Retry<Decay> {
        Retry::new(Decay::DEFAULT)
    }

    /// These waits, each once and in order: N waits make N + 1 attempts. Maxima, since full jitter
    /// is on by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// const SECOND: Duration = Duration::from_secs(1);
    /// const MINUTE: Duration = Duration::from_secs(60);
    ///
    /// let policy = Retry::sequence([SECOND, SECOND, MINUTE]);
    /// assert!(policy.waits().eq([1, 1, 60].map(Duration::from_secs)));
    /// ```
    ///
    /// An array, a slice, a `Vec`: anything that lends a slice of durations. The end of the list is
    /// the limit; there is no other unless one is set. Waits that are computed one by one are for
    /// [`runtime`](Self::runtime), or for a [`Wait`] of your own.
    pub const fn sequence<L: AsRef<[Duration]>>(waits: L) -> Retry<Sequence<L>> {
        Retry::new(Sequence::new(waits))
    }

    /// Waits that a function computes from what happened. Maxima, since full jitter is on by
    /// default; switch it off where the wait is one that was asked for.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// struct Busy { retry_after: u64 }
    ///
    /// let clock = TestClock::new();
    /// let mut answers = [1, 3, 7].into_iter();
    /// Retry::runtime(|d| Duration::from_secs(d.error().map_or(1, |e: &Busy| e.retry_after)))
    ///     .jitter(Jitter::None)
    ///     .clock(&clock)
    ///     .run(|| answers.next().map_or(Ok(()), |retry_after| Err(Busy { retry_after })))
    ///     .ok();
    /// assert_eq!(clock.waits(), [1, 3, 7].map(Duration::from_secs));
    /// ```
    pub const fn runtime<T, E, F>(compute: F) -> Retry<Runtime<F>>
    where
        F: Fn(&Details<'_, T, E>) -> Duration,
    {
        Retry::new(Runtime::new(compute))
    }

    /// Waits of a strategy of your own, or of one that is chosen at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Fibo, Retry, Schedule};
    ///
    /// let chosen = Schedule::from(Fibo::default());
    /// let policy = Retry::new(chosen).max_tries(6);
    /// assert!(policy.waits().eq([1, 1, 2, 3, 5].map(Duration::from_secs)));
    /// ```
    ///
    /// See [`Wait`] and [`Schedule`](crate::Schedule).
    pub const fn new<S>(strategy: S) -> Retry<S> {
        Retry {
            strategy,
            condition: AnyError,
            observer: (),
            clock: System,
            settings: Settings::DEFAULT,
        }
    }
}

/// [`Retry::expo`].
impl Default for Retry {
    fn default() -> Self {
        Self::expo()
    }
}

/// The parts, for the files that ask the questions.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    pub(crate) fn map_condition<D>(self, change: impl FnOnce(C) -> D) -> Retry<S, D, H, Z> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition: change(condition), observer, clock, settings }
    }

    pub(crate) fn map_observer<O>(self, change: impl FnOnce(H) -> O) -> Retry<S, C, O, Z> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition, observer: change(observer), clock, settings }
    }

    pub(crate) fn map_clock<Y>(self, change: impl FnOnce(Z) -> Y) -> Retry<S, C, H, Y> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition, observer, clock: change(clock), settings }
    }

    pub(crate) fn engine(&self, needs: Needs) -> Engine<'_, S, C> {
        let Self { strategy, condition, settings, .. } = self;
        Engine { settings, needs, strategy, condition }
    }

    /// One side of the clock.
    pub(crate) fn time<M: Mode<Z>>(&self) -> Lent<'_, Z, M> {
        Lent::new(&self.clock)
    }

    /// The name by which events call an operation that calls itself `own`.
    pub(crate) fn target_or(&self, own: Target) -> Target {
        self.settings.target.map_or(own, Target::new)
    }

    /// What is told of an operation.
    pub(crate) fn subject<'a>(&self, operation: &'a impl Operation) -> Subject<'a> {
        Subject { target: self.target_or(operation.target()), args: operation.args() }
    }

    /// Begins a run, and reads the clock if anybody will want to know how long it takes.
    pub(crate) fn begin<M, T, E>(&self, needs: Needs) -> Run
    where
        M: Mode<Z>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
    {
        use EventKind::{Backoff, GiveUp, Success, Try};
        let wanted = needs.elapsed
            || self.engine(needs).needs_elapsed::<T, E>()
            || [Try, Success, Backoff, GiveUp].into_iter().any(|event| self.observer.wants(event));
        Run::begin(wanted.then(|| self.time::<M>()))
    }

    /// Whether anybody may want to know the time, as whoever is told of anything does, as far as that
    /// is known without asking observers. Where nobody does, there is nobody to tell.
    pub(crate) fn is_timed<T, E>(&self, needs: Needs) -> bool
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
    {
        needs.elapsed || H::IS_SOMEBODY || self.engine(needs).needs_elapsed::<T, E>()
    }

    /// Begins the next attempt of a run.
    pub(crate) fn next_try<M, T, E>(&self, run: &mut Run) -> Verdict
    where
        M: Mode<Z>,
        H: Tell<T, E>,
    {
        run.next_try(self.observer.wants(EventKind::Try).then(|| self.time::<M>()))
    }

    /// What an operation is told of the attempt that is about to be made.
    pub(crate) fn attempt<M: Mode<Z>>(&self, run: &Run) -> Attempt {
        let elapsed = run.elapsed(self.time::<M>());
        Attempt { tries: run.tries(), elapsed, remaining: self.settings.time_left(elapsed) }
    }

    /// Asks the condition about the outcome of an attempt. A driver that knows that nobody wants to
    /// know the time spares the question.
    #[inline]
    pub(crate) fn ask<M, T, E>(
        &self,
        run: &Run,
        subject: Subject<'_>,
        outcome: &Result<T, E>,
        needs: Needs,
        may_be_timed: bool,
    ) -> Option<Asked>
    where
        M: Mode<Z>,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Tell<T, E>,
    {
        let wants_success = needs.elapsed || self.observer.wants(EventKind::Success);
        let time = (may_be_timed && self.is_timed(needs)).then(|| self.time::<M>());
        self.engine(needs).ask(run, subject, outcome, wants_success, time)
    }

    /// Says what follows from the answer.
    #[expect(clippy::inline_always, reason = "as what it calls")]
    #[inline(always)]
    pub(crate) fn judge<M, T, E>(
        &self,
        run: &Run,
        subject: Subject<'_>,
        outcome: &Result<T, E>,
        asked: Asked,
        needs: Needs,
    ) -> Verdict
    where
        M: Mode<Z>,
        S: Wait<T, E>,
        C: Condition<T, E>,
    {
        self.engine(needs).judge(run, subject, outcome, asked, self.time::<M>())
    }

    /// Tells an event to whoever is next: see [`Tell::tell`].
    #[inline]
    pub(crate) fn tell<T, E>(
        &self,
        run: &Run,
        verdict: &Verdict,
        subject: Subject<'_>,
        outcome: Option<&Result<T, E>>,
        cursor: &mut Cursor,
    ) -> Option<H::Pending>
    where
        H: Tell<T, E>,
    {
        if !self.observer.wants(verdict.event) {
            return None;
        }
        self.observer.tell(&run.details(verdict, subject, outcome), cursor)
    }
}

/// A policy, owned or borrowed. Private: it is what a run's future holds.
pub trait Policy {
    type Strategy;
    type Condition;
    type Observer;
    type Clock;

    fn policy(&self) -> &Retry<Self::Strategy, Self::Condition, Self::Observer, Self::Clock>;
}

impl<S, C, H, Z> Policy for Retry<S, C, H, Z> {
    type Strategy = S;
    type Condition = C;
    type Observer = H;
    type Clock = Z;

    fn policy(&self) -> &Self {
        self
    }
}

impl<S, C, H, Z> Policy for &Retry<S, C, H, Z> {
    type Strategy = S;
    type Condition = C;
    type Observer = H;
    type Clock = Z;

    fn policy(&self) -> &Retry<S, C, H, Z> {
        self
    }
}
