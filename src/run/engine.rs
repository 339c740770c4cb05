//! The one engine: it asks the policy's questions in one fixed order and says what follows.
//!
//! It does no I/O and owns no clock. Limits, caps and the order of the questions are here and nowhere
//! else. The drivers lend it a way to read their clock, make the attempts, tell the events and sleep,
//! as its verdicts say.
//!
//! What a failed attempt goes through is inlined into its driver, so that what nobody reads, as most of
//! the details, is never computed.
#![expect(clippy::inline_always, reason = "a call here would cost more than what is called")]

use core::time::Duration;

use crate::clock::time::Time;
use crate::condition::{Ask, Condition};
use crate::event::{Details, EventKind, GiveUp, Subject};
use crate::nanos::nanos;
use crate::policy::settings::{DEFAULT_MAX_TRIES, Settings, Tries};
use crate::run::operation::Needs;
use crate::run::{Run, Verdict};
use crate::testing::scope;
use crate::wait::Wait;
use crate::wait::jitter;
use crate::wait::jitter::Jitter;

/// What the condition answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    answer: Answer,
    /// The wait of `RetryIn`.
    wait: Duration,
    elapsed: u64,
}

/// An [`Ask`] without the wait: with it a back-off of which a handler is told is dearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accept,
    Stop,
    Retry,
    RetryIn,
}

/// The policy's side: what is asked, and never changes during a run.
pub(crate) struct Engine<'p, S, C> {
    pub(crate) settings: &'p Settings,
    pub(crate) needs: Needs,
    pub(crate) strategy: &'p S,
    pub(crate) condition: &'p C,
}

impl<S, C> Engine<'_, S, C> {
    /// Asks the condition about an attempt's outcome, right after it ended. `None` is a success of
    /// which nobody is told: nothing follows but the end of the run.
    ///
    /// The clock is read before anybody else is asked, but where nobody who is asked wants to know:
    /// then it is read after the condition was asked, and not at all for a success of which nobody is
    /// told.
    #[inline]
    pub(crate) fn ask<T, E>(
        &self,
        run: &Run,
        subject: Subject<'_>,
        outcome: &Result<T, E>,
        wants_success: bool,
        time: Option<impl Time>,
    ) -> Option<Asked>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
    {
        let elapsed = || time.map_or(0, |time| run.elapsed_nanos(time));
        let mut verdict = Verdict::new(EventKind::Backoff, 0);
        let needs_elapsed = self.needs_elapsed::<T, E>();
        if needs_elapsed {
            verdict.elapsed = elapsed();
        }
        let mut details = run.details(&verdict, subject, Some(outcome));
        let asked_wait = || self.condition.asked_wait(&details);
        let (answer, wait) = match self.condition.ask(&details) {
            Ask::Accept => (Answer::Accept, Duration::ZERO),
            Ask::Stop => (Answer::Stop, Duration::ZERO),
            Ask::Retry => match asked_wait() {
                None => (Answer::Retry, Duration::ZERO),
                Some(wait) => (Answer::RetryIn, wait),
            },
            Ask::RetryIn(wait) => (Answer::RetryIn, asked_wait().unwrap_or_default().max(wait)),
        };
        let is_told = wants_success || answer != Answer::Accept;
        if is_told && !needs_elapsed {
            verdict.elapsed = elapsed();
            details.elapsed = Duration::from_nanos(verdict.elapsed);
        }
        if answer == Answer::Accept {
            details.event = EventKind::Success;
            self.condition.settle(&details).ok();
        }
        is_told.then_some(Asked { answer, wait, elapsed: verdict.elapsed })
    }

    /// Says what follows from the answer.
    #[inline(always)]
    pub(crate) fn judge<T, E>(
        &self,
        run: &Run,
        subject: Subject<'_>,
        outcome: &Result<T, E>,
        asked: Asked,
        time: impl Time,
    ) -> Verdict
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
    {
        let Asked { answer, wait, elapsed } = asked;
        let wait = match answer {
            Answer::Accept => return Verdict::new(EventKind::Success, elapsed),
            Answer::Stop => return Verdict::give_up(GiveUp::NotRetryable, elapsed),
            Answer::Retry => None,
            Answer::RetryIn => Some(wait),
        };
        let verdict = Verdict::new(EventKind::Backoff, elapsed);
        let details = run.details(&verdict, subject, Some(outcome));
        // Whoever has the last word speaks where there would be a retry, and nowhere else.
        let next = self.next_wait(&details, elapsed, wait, time).and_then(|wait| {
            if time.is_cancelled() {
                return Err(GiveUp::Cancelled);
            }
            self.condition.settle(&details.with_wait(wait))?;
            Ok(wait)
        });
        match next {
            Ok(wait) => Verdict { wait, ..verdict },
            Err(reason) => Verdict::give_up(reason, elapsed),
        }
    }

    /// Whether the policy itself needs to know how much time has passed.
    pub(crate) fn needs_elapsed<T, E>(&self) -> bool
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
    {
        self.settings.max_time.is_some()
            || self.strategy.needs_elapsed()
            || self.condition.needs_elapsed()
    }

    /// The wait before the next attempt, or why there is none.
    #[inline(always)]
    fn next_wait<T, E>(
        &self,
        details: &Details<'_, T, E>,
        elapsed: u64,
        asked: Option<Duration>,
        time: impl Time,
    ) -> Result<Duration, GiveUp>
    where
        S: Wait<T, E>,
    {
        if self.is_last_try(details.tries, self.strategy.ends()) {
            return Err(GiveUp::MaxTries);
        }
        if self.settings.max_time.is_some_and(|most| is_over(most, elapsed)) {
            return Err(GiveUp::MaxTime);
        }
        // Asked for also where another wait replaces it: when it ends, so do the attempts.
        let planned = self.strategy.wait_nanos(details).ok_or(GiveUp::WaitsExhausted)?;
        let wait = match asked {
            Some(asked) => asked,
            None => Duration::from_nanos(self.spread(planned, details.tries, time)),
        };
        match self.settings.max_time {
            Some(most) => {
                let must_fit = asked.is_some() || self.settings.stop_before_deadline;
                in_time(wait, must_fit, self.needs.time_for_attempt, most, elapsed)
            }
            None => Ok(wait),
        }
    }

    /// A wait as the settings have it, in nanoseconds.
    #[inline(always)]
    fn spread(&self, planned: u64, tries: u32, time: impl Time) -> u64 {
        // Capped before jitter, so that a long wait is not spread far beyond the cap and then cut to
        // it, for all clients alike; and after it, so that no jitter exceeds it.
        let wait = planned.min(self.settings.max_wait.0);
        match self.settings {
            Settings { jitter: Jitter::Full, seed: None, .. } => jitter::drawn(time, wait),
            settings => spread_otherwise(settings, wait, tries, time),
        }
    }

    fn is_last_try(&self, tries: u32, strategy_ends: bool) -> bool {
        let most = match self.settings.tries {
            Tries::AtMost(most) => most.get(),
            Tries::Unsaid if strategy_ends => u32::MAX,
            Tries::Unsaid => DEFAULT_MAX_TRIES,
        };
        tries >= most || scope::is_last_try(tries)
    }

    /// The wait before the next attempt of a run whose attempts take no time, were the outcome of this
    /// one not accepted.
    pub(crate) fn preview<T, E>(
        &self,
        run: &mut Run,
        subject: Subject<'_>,
        elapsed: Duration,
    ) -> Option<Duration>
    where
        S: Wait<T, E>,
    {
        /// Nobody looks at a clock.
        #[derive(Clone, Copy)]
        struct Still;

        impl Time for Still {
            fn now(&self) -> Duration {
                Duration::ZERO
            }

            fn is_cancelled(&self) -> bool {
                false
            }
        }

        run.count_try();
        let mut verdict = Verdict::new(EventKind::Backoff, nanos(elapsed));
        let details = run.details(&verdict, subject, None);
        verdict.wait = self.next_wait::<T, E>(&details, verdict.elapsed, None, Still).ok()?;
        Some(run.back_off(&verdict))
    }
}

// What follows is out of the way of runs with the default jitter and without a deadline.

/// With any jitter but the default. Chance has a call of its own, so that none needs no stack.
#[cold]
#[inline(never)]
fn spread_otherwise(settings: &Settings, wait: u64, tries: u32, time: impl Time) -> u64 {
    match settings.jitter {
        Jitter::None => wait,
        _ => spread_by_chance(settings, wait, tries, time),
    }
}

#[cold]
#[inline(never)]
fn spread_by_chance(settings: &Settings, wait: u64, tries: u32, time: impl Time) -> u64 {
    let spread = settings.jitter.apply(wait, |most| match settings.seed {
        Some(seed) => jitter::seeded(seed, tries, most),
        None => jitter::drawn(time, most),
    });
    spread.min(settings.max_wait.0)
}

/// Whether that much time has passed.
#[cold]
#[inline(never)]
fn is_over(most: Duration, elapsed: u64) -> bool {
    Duration::from_nanos(elapsed) >= most
}

/// The wait as far as it fits into the time that is left.
#[cold]
#[inline(never)]
fn in_time(
    wait: Duration,
    must_fit: bool,
    must_leave_time: bool,
    most: Duration,
    elapsed: u64,
) -> Result<Duration, GiveUp> {
    let left = most.saturating_sub(Duration::from_nanos(elapsed));
    if wait > left && must_fit || wait >= left && must_leave_time {
        return Err(GiveUp::MaxTime);
    }
    Ok(wait.min(left))
}
