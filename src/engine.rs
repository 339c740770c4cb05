//! The one engine: it asks the policy's questions in one fixed order and says what follows.
//!
//! It does no I/O and owns no clock. Limits, caps and the order of it all are here and nowhere else.
//! The drivers lend it a way to read their clock, make the attempts, tell the events and sleep, as
//! its verdicts say.

use core::time::Duration;

use crate::condition::{Ask, Condition};
use crate::details::{Details, EventKind, GiveUp};
use crate::jitter;
use crate::operation::{End, Needs};
use crate::scope;
use crate::settings::{DEFAULT_MAX_TRIES, Settings, Tries};
use crate::target::Subject;
use crate::wait::Wait;

/// A duration in whole nanoseconds; more than 584 years are 584 years.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64)
}

/// What a driver lends the engine of its clock.
pub(crate) trait Time {
    /// The time since any fixed moment.
    fn now(&self) -> Duration;

    /// Whether nothing is to be waited for any more.
    fn is_cancelled(&self) -> bool;
}

/// What the engine says: the event to tell, which is also what to do after it has been told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    /// `Try`: make an attempt. `Backoff`: sleep for `wait`. `Success`, `GiveUp`: return.
    pub(crate) event: EventKind,
    pub(crate) elapsed: Duration,
    pub(crate) wait: Duration,
    pub(crate) reason: Option<GiveUp>,
}

impl Verdict {
    pub(crate) const fn new(event: EventKind, elapsed: Duration) -> Self {
        Self { event, elapsed, wait: Duration::ZERO, reason: None }
    }
}

/// The policy's side: what is asked, and never changes during a run.
#[derive(Debug)]
pub(crate) struct Engine<'p, S, C> {
    pub(crate) settings: &'p Settings,
    pub(crate) needs: Needs,
    pub(crate) strategy: &'p S,
    pub(crate) condition: &'p C,
}

/// The run's side: what is carried from one attempt to the next. In nanoseconds, since a run's future
/// carries it too, and how many of those fit is how fast they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    last_wait: u64,
    /// When the run began, where anybody wants to know.
    began: u64,
    tries: u32,
}

impl Run {
    /// A time that no clock shows before 584 years are over.
    const NOBODY_ASKS: u64 = u64::MAX;

    pub(crate) const NEW: Self = Self { last_wait: 0, began: Self::NOBODY_ASKS, tries: 0 };

    /// A run that begins now, if anybody wants to know the time.
    pub(crate) fn begin(time: Option<&impl Time>) -> Self {
        Self { began: time.map_or(Self::NOBODY_ASKS, |time| nanos(time.now())), ..Self::NEW }
    }

    /// The same run, as if its current attempt were the first.
    pub(crate) fn reset(&mut self, time: &impl Time) {
        *self = Self { tries: 1, ..Self::begin(Some(time)) };
    }

    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    pub(crate) fn elapsed(&self, time: &impl Time) -> Duration {
        match self.began {
            Self::NOBODY_ASKS => Duration::ZERO,
            began => Duration::from_nanos(nanos(time.now()).saturating_sub(began)),
        }
    }

    /// Counts one attempt more.
    pub(crate) fn count_try(&mut self) {
        self.tries = self.tries.saturating_add(1);
    }

    /// Begins the next attempt. `time` is `None` where nobody is told of it.
    pub(crate) fn next_try(&mut self, time: Option<&impl Time>) -> Verdict {
        self.count_try();
        let elapsed = match time {
            // The first attempt begins when the run does.
            Some(time) if self.tries > 1 => self.elapsed(time),
            _ => Duration::ZERO,
        };
        Verdict::new(EventKind::Try, elapsed)
    }

    /// Ends a run whose wait was cut short.
    pub(crate) fn cut_short(&self, time: &impl Time) -> Verdict {
        let reason = Some(GiveUp::Cancelled);
        Verdict { reason, ..Verdict::new(EventKind::GiveUp, self.elapsed(time)) }
    }

    /// What handlers are shown of a verdict.
    pub(crate) fn details<'a, T, E>(
        &self,
        verdict: &Verdict,
        subject: Subject<'a>,
        outcome: Option<&'a Result<T, E>>,
    ) -> Details<'a, T, E> {
        let mut details = Details::of(subject.target, verdict.event, self.tries);
        details.elapsed = verdict.elapsed;
        details.wait = verdict.wait;
        details.last_wait = Duration::from_nanos(self.last_wait);
        details.reason = verdict.reason;
        details.args = subject.args;
        details.outcome = outcome;
        details
    }

    /// Judges an attempt's outcome, right after it ended.
    ///
    /// The clock is read before anybody else is asked, but where nobody who is asked wants to know:
    /// then it is read after the condition was asked, and only for what will be told.
    pub(crate) fn judge<T, E, S: Wait<T, E>, C: Condition<T, E>>(
        &self,
        engine: &Engine<'_, S, C>,
        subject: Subject<'_>,
        outcome: &Result<T, E>,
        wants_success: bool,
        time: &impl Time,
    ) -> Verdict {
        let mut verdict = Verdict::new(EventKind::Backoff, Duration::ZERO);
        let mut details = self.details(&verdict, subject, Some(outcome));
        let needs_elapsed = engine.needs_elapsed::<T, E>();
        if needs_elapsed {
            details.elapsed = self.elapsed(time);
        }
        let asked = engine.condition.ask(&details);
        if !needs_elapsed && (wants_success || asked != Ask::Accept) {
            details.elapsed = self.elapsed(time);
        }
        verdict.elapsed = details.elapsed;
        let next = match asked {
            Ask::Accept => {
                details.event = EventKind::Success;
                engine.condition.settle(&details).ok();
                verdict.event = EventKind::Success;
                return verdict;
            }
            Ask::Stop => Err(GiveUp::NotRetryable),
            Ask::Retry => engine.next_wait(&details, None, time),
            Ask::RetryIn(wait) => engine.next_wait(&details, Some(wait), time),
        };
        // Whoever has the last word speaks where there would be a retry, and nowhere else.
        let next = next.and_then(|wait| {
            if time.is_cancelled() {
                return Err(GiveUp::Cancelled);
            }
            engine.condition.settle(&details.with_wait(wait))?;
            Ok(wait)
        });
        match next {
            Ok(wait) => verdict.wait = wait,
            Err(reason) => {
                verdict.event = EventKind::GiveUp;
                verdict.reason = Some(reason);
            }
        }
        verdict
    }

    /// How the run ended with this verdict.
    pub(crate) fn end(&self, verdict: &Verdict) -> End {
        End { tries: self.tries, elapsed: verdict.elapsed, reason: verdict.reason }
    }

    /// Takes the wait of a verdict that has been told.
    pub(crate) fn back_off(&mut self, verdict: &Verdict) -> Duration {
        self.last_wait = nanos(verdict.wait);
        verdict.wait
    }
}

impl<S, C> Engine<'_, S, C> {
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
    fn next_wait<T, E>(
        &self,
        details: &Details<'_, T, E>,
        asked: Option<Duration>,
        time: &impl Time,
    ) -> Result<Duration, GiveUp>
    where
        S: Wait<T, E>,
    {
        if self.is_last_try(details.tries, self.strategy.ends()) {
            return Err(GiveUp::MaxTries);
        }
        let left = self.settings.time_left(details.elapsed);
        if left == Some(Duration::ZERO) {
            return Err(GiveUp::MaxTime);
        }
        // Asked for also where another wait replaces it: when it ends, so do the attempts.
        let planned = self.strategy.wait(details).ok_or(GiveUp::WaitsExhausted)?;
        let (wait, must_fit) = match asked {
            Some(asked) => (asked, true),
            // Capped before jitter, so that a long wait is not spread far beyond the cap and then
            // cut to it, for all clients alike; and after it, so that no jitter exceeds it.
            None => (
                self.capped(self.jittered(self.capped(planned), details.tries, time)),
                self.settings.stop_before_deadline,
            ),
        };
        match left {
            Some(left) if wait > left && must_fit => Err(GiveUp::MaxTime),
            Some(left) if wait >= left && self.needs.time_for_attempt => Err(GiveUp::MaxTime),
            Some(left) => Ok(wait.min(left)),
            None => Ok(wait),
        }
    }

    fn is_last_try(&self, tries: u32, strategy_ends: bool) -> bool {
        let is_last = match self.settings.tries {
            Tries::AtMost(most) => tries >= most.get(),
            Tries::Unsaid => !strategy_ends && tries >= DEFAULT_MAX_TRIES,
            Tries::Unlimited => false,
        };
        is_last || scope::is_last_try(tries)
    }

    fn jittered(&self, wait: Duration, tries: u32, time: &impl Time) -> Duration {
        Duration::from_nanos(self.settings.jitter.apply(
            nanos(wait),
            |most| match self.settings.seed {
                Some(seed) => jitter::seeded(seed, tries, most),
                None => jitter::drawn(|| nanos(time.now()), most),
            },
        ))
    }

    fn capped(&self, wait: Duration) -> Duration {
        self.settings.max_wait.map_or(wait, |most| wait.min(most))
    }

    /// The wait before the next attempt, were the outcome of this one not accepted.
    pub(crate) fn preview<T, E>(&self, details: &Details<'_, T, E>) -> Option<Duration>
    where
        S: Wait<T, E>,
    {
        /// Attempts that take no time.
        struct Still(Duration);

        impl Time for Still {
            fn now(&self) -> Duration {
                self.0
            }

            fn is_cancelled(&self) -> bool {
                false
            }
        }

        self.next_wait(details, None, &Still(details.elapsed)).ok()
    }
}
