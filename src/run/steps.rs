//! The steps of a run, which all drivers take.

use crate::condition::Condition;
use crate::event::{EventKind, Subject, Target};
use crate::observe::chain::{Cursor, Tell};
use crate::policy::Retry;
use crate::run::engine::{Asked, Engine};
use crate::run::operation::{Attempt, Needs, Operation};
use crate::run::side::{Lent, Mode};
use crate::run::{Run, Verdict};
use crate::wait::Wait;

/// The steps of a run: what the drivers ask of a policy. Each reads the clock, the observer or the
/// settings, and leaves the decision to the engine.
impl<S, C, H, Z> Retry<S, C, H, Z> {
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
