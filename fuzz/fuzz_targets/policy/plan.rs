//! What the fuzzer's bytes mean: a policy, and a script of outcomes.

use std::ops::RangeInclusive;
use std::time::Duration;

use arbitrary::Arbitrary;
use relent::Jitter;

/// A length of time. Those that are near something matter more often than chance has them.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Time {
    Zero,
    Nanos(u16),
    Millis(u16),
    Secs(u16),
    Exact(u64, u32),
    /// So many nanoseconds less than a `u64` of them holds.
    NearlyU64(u8),
    Max,
}

impl Time {
    pub(crate) fn duration(self) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::Nanos(nanos) => Duration::from_nanos(nanos.into()),
            Self::Millis(millis) => Duration::from_millis(millis.into()),
            Self::Secs(secs) => Duration::from_secs(secs.into()),
            Self::Exact(secs, nanos) => Duration::new(secs, nanos % 1_000_000_000),
            Self::NearlyU64(less) => Duration::from_nanos(u64::MAX - u64::from(less)),
            Self::Max => Duration::MAX,
        }
    }
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Strategy {
    Expo { first: Time, factor: Option<f64> },
    Fibo { first: Time },
    Constant { wait: Time },
    Linear { step: Time, first: Option<Time> },
    Decay { first: Time, factor: Option<f64>, least: Option<Time> },
    Sequence { waits: Vec<Time> },
    Runtime { wait: Time, times_last: u8 },
    Schedule { wait: Time, kind: u8 },
    FromFn { wait: Time, ends_after: u8 },
    Decorrelated { base: Time },
}

impl Strategy {
    /// Counts the waits out in another way than the library does.
    pub(crate) fn check(&self, planned: &[Duration]) {
        let mut before = 0;
        let mut wait = self.first();
        for (place, planned) in planned.iter().enumerate() {
            match self {
                Self::Expo { factor: Some(factor), first } => {
                    let most = u64::MAX as f64;
                    let place = i32::try_from(place).expect("there are few of them");
                    let power = factor.powi(place);
                    let first = whole_nanos(first.duration()).as_nanos() as f64;
                    // What is no number is no time at all, grown without end.
                    let exact = if first == 0.0 { 0.0 } else { (first * power).min(most) };
                    let off = (planned.as_nanos() as f64 - exact).abs();
                    assert!(off <= 1.0 + exact * 1e-9, "{planned:?} is not {exact} ns");
                    continue;
                }
                Self::Decay { first, least, .. } => {
                    let least = whole_nanos(least.map_or(Duration::ZERO, Time::duration));
                    let most = whole_nanos(first.duration()).max(least);
                    // Computed in floats, of which not every nanosecond has one.
                    let most = most.as_nanos() as f64 * (1.0 + 1e-9) + 1.0;
                    assert!(*planned >= least && planned.as_nanos() as f64 <= most);
                    continue;
                }
                Self::Sequence { waits } => wait = waits[place].duration().as_nanos(),
                Self::FromFn { wait: computed, .. } => {
                    wait = from_fn(*computed, place as u32 + 1).as_nanos();
                }
                Self::Runtime { .. } | Self::Schedule { .. } | Self::Decorrelated { .. } => return,
                Self::Expo { .. } | Self::Fibo { .. } => {}
                Self::Constant { .. } | Self::Linear { .. } => {}
            }
            let exact = Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX));
            assert_eq!(*planned, exact);
            let next = match self {
                Self::Fibo { .. } if place == 0 => wait,
                Self::Fibo { .. } => before + wait,
                Self::Expo { .. } => wait * 2,
                Self::Linear { step, .. } => wait + whole_nanos(step.duration()).as_nanos(),
                _ => wait,
            };
            before = wait;
            // Enough to stay above what a `u64` holds, and to be doubled.
            wait = next.min(u128::MAX / 4);
        }
    }

    /// The first wait in nanoseconds, where there is one to begin with.
    fn first(&self) -> u128 {
        let first = match self {
            Self::Expo { first, .. } | Self::Fibo { first } | Self::Decay { first, .. } => *first,
            Self::Constant { wait } => *wait,
            Self::Linear { step, first } => first.unwrap_or(*step),
            Self::Sequence { .. } | Self::Runtime { .. } | Self::Schedule { .. } => Time::Zero,
            Self::FromFn { .. } | Self::Decorrelated { .. } => Time::Zero,
        };
        whole_nanos(first.duration()).as_nanos()
    }
}

/// What the function of a plan's `FromFn` computes.
pub(crate) fn from_fn(wait: Time, tries: u32) -> Duration {
    wait.duration().saturating_mul(tries)
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Chance {
    Default,
    Full,
    Equal,
    None,
    Additive(Time),
    Shrinks,
    Grows,
    Proportional(f64),
    /// In 256ths.
    Part(u8),
    AtLeast,
    Empty,
}

const LEAST: Duration = Duration::from_millis(500);

/// No range at all, where the wait is no longer than `LEAST`.
fn at_least(wait: Duration) -> RangeInclusive<Duration> {
    LEAST..=wait
}

fn empty(wait: Duration) -> RangeInclusive<Duration> {
    wait..=Duration::ZERO
}

impl Chance {
    pub(crate) fn jitter(self) -> Jitter {
        match self {
            Self::Default => Jitter::default(),
            Self::Full => Jitter::Full,
            Self::Equal => Jitter::Equal,
            Self::None => Jitter::None,
            Self::Additive(most) => Jitter::Additive(most.duration()),
            Self::Shrinks => Jitter::Custom(|wait| wait / 3),
            Self::Grows => Jitter::Custom(|wait| wait.saturating_mul(3)),
            Self::Proportional(part) => Jitter::Proportional(part),
            Self::Part(part) => Jitter::Proportional(f64::from(part) / 256.0),
            Self::AtLeast => Jitter::Between(at_least),
            Self::Empty => Jitter::Between(empty),
        }
    }

    pub(crate) fn may_be_refused(self) -> bool {
        matches!(self, Self::Proportional(part) if !(0.0..=1.0).contains(&part))
    }

    /// The window of a wait, computed in another way than the library does, and how far off it may be.
    fn window(self, wait: Duration) -> (Window, Duration) {
        let exactly = |start, end| (Window { start, end }, Duration::ZERO);
        match self {
            Self::Default | Self::Full => exactly(Duration::ZERO, wait),
            // The upper half of an odd number of nanoseconds.
            Self::Equal => exactly(wait - wait / 2, wait),
            Self::None | Self::Empty => exactly(wait, wait),
            Self::Additive(more) => exactly(wait, wait + whole_nanos(more.duration())),
            Self::Shrinks => exactly(wait / 3, wait / 3),
            Self::Grows => {
                let grown = whole_nanos(wait.saturating_mul(3));
                exactly(grown, grown)
            }
            Self::AtLeast => exactly(LEAST, wait.max(LEAST)),
            Self::Part(part) => Self::Proportional(f64::from(part) / 256.0).window(wait),
            Self::Proportional(part) => {
                let off = wait.as_nanos() as f64 * part;
                let off = Duration::from_nanos(off as u64).min(wait);
                let rounding = Duration::from_nanos(2) + wait / 1_000_000_000;
                (Window { start: wait - off, end: wait + off }, rounding)
            }
        }
    }
}

/// A call of one of the builder's setters.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Setting {
    MaxTries(u32),
    FewTries(u8),
    MaxTime(Time),
    MaxWait(Time),
    NoAttemptAfterDeadline,
    Forever,
    Jitter(Chance),
    Seed(u64),
    LastWaitMayOverrun,
    MaxAskedWait(Time),
}

/// The functions of the condition chain. Each bit says what a function says of outcomes of one kind.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) retried: [u8; 2],
    pub(crate) wanted: [u8; 2],
    pub(crate) obeys_errors: bool,
    pub(crate) obeys_values: bool,
}

/// What the chain must say of an outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judged {
    Accepted,
    Refused,
    Retried { asked: Option<Duration> },
}

impl Conditions {
    /// The wait that an error asks for, where that counts.
    pub(crate) fn obeyed(&self, error: &Answer) -> Option<Duration> {
        error.asks.filter(|_| self.obeys_errors)
    }

    pub(crate) fn judge(&self, outcome: &Outcome) -> Judged {
        match outcome {
            Err(error) if !self.retried.iter().all(|kinds| error.is_in(*kinds)) => Judged::Refused,
            Err(error) => Judged::Retried { asked: self.obeyed(error) },
            Ok(value) if self.wanted.iter().all(|kinds| value.is_in(*kinds)) => Judged::Accepted,
            Ok(value) => Judged::Retried { asked: value.asks.filter(|_| self.obeys_values) },
        }
    }
}

/// A value or an error: one of a few kinds, and the wait that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) kind: u8,
    pub(crate) asks: Option<Duration>,
}

impl Answer {
    /// What every condition of a plan accepts, so that a run without a limit ends too.
    pub(crate) const LAST: Self = Self { kind: u8::MAX, asks: None };

    /// What a function of the chain says of it.
    pub(crate) fn is_in(&self, kinds: u8) -> bool {
        *self == Self::LAST || kinds & (1 << (self.kind % 8)) != 0
    }
}

pub(crate) type Outcome = Result<Answer, Answer>;

/// What one call returns, and how long it takes.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Step {
    is_ok: bool,
    kind: u8,
    asks: Option<Time>,
    takes: Time,
}

impl Step {
    pub(crate) fn outcome(&self) -> Outcome {
        let answer = Answer { kind: self.kind % 8, asks: self.asks.map(Time::duration) };
        if self.is_ok { Ok(answer) } else { Err(answer) }
    }

    pub(crate) fn takes(&self) -> Duration {
        self.takes.duration()
    }
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Plan {
    pub(crate) strategy: Strategy,
    pub(crate) settings: Vec<Setting>,
    pub(crate) conditions: Conditions,
    /// Where no setting says another.
    pub(crate) seed: u64,
    /// What the clock shows when the run begins.
    pub(crate) began: Time,
    /// The last one repeats.
    pub(crate) steps: Vec<Step>,
}

/// What the settings of a plan come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastWait {
    #[default]
    Shortened,
    MayOverrun,
    MustFit,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start: Duration,
    pub(crate) end: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) max_tries: Option<u32>,
    pub(crate) has_no_default: bool,
    pub(crate) max_time: Option<Duration>,
    pub(crate) max_wait: Option<Duration>,
    pub(crate) max_asked_wait: Option<Duration>,
    pub(crate) last_wait: LastWait,
    pub(crate) chance: Option<Chance>,
}

impl Limits {
    pub(crate) fn of(settings: &[Setting]) -> Self {
        let mut limits = Self::default();
        for setting in settings {
            match *setting {
                Setting::MaxTries(tries) => limits.max_tries = Some(tries),
                Setting::FewTries(tries) => limits.max_tries = Some(u32::from(tries) + 1),
                Setting::MaxTime(time) => {
                    limits.max_time = Some(time.duration());
                    limits.has_no_default = true;
                }
                Setting::MaxWait(wait) => limits.max_wait = Some(wait.duration()),
                Setting::NoAttemptAfterDeadline => limits.last_wait = LastWait::MustFit,
                Setting::LastWaitMayOverrun => limits.last_wait = LastWait::MayOverrun,
                Setting::MaxAskedWait(wait) => limits.max_asked_wait = Some(wait.duration()),
                Setting::Forever => limits.has_no_default = true,
                Setting::Jitter(chance) => limits.chance = Some(chance),
                Setting::Seed(_) => {}
            }
        }
        limits
    }

    /// Whether this many attempts are all.
    pub(crate) fn is_last_try(&self, tries: u32, strategy_ends: bool) -> bool {
        match self.max_tries {
            Some(most) => tries >= most,
            None => !self.has_no_default && !strategy_ends && tries >= 10,
        }
    }

    /// The longest wait that the other side may ask for.
    pub(crate) fn max_asked_wait(&self) -> Duration {
        whole_nanos(self.max_asked_wait.unwrap_or(Duration::from_secs(3600)))
    }

    /// The time that is left after this much, where there is a limit.
    pub(crate) fn left(&self, elapsed: Duration) -> Option<Duration> {
        let most = self.max_time.map(whole_nanos)?;
        (most < Duration::from_nanos(u64::MAX)).then(|| most.saturating_sub(elapsed))
    }

    /// The window from which a wait is drawn where nothing was asked for, and how far off its ends may be.
    pub(crate) fn window(&self, planned: Duration, own: Option<Window>) -> (Window, Duration) {
        let cap = whole_nanos(self.max_wait.unwrap_or(Duration::MAX));
        let chance = self.chance.unwrap_or(Chance::Default);
        match (own, chance) {
            (None, chance) => {
                let (window, off) = chance.window(whole_nanos(planned.min(cap)));
                (window.moved_below(cap), off)
            }
            (Some(Window { start, end }), Chance::None) => {
                let (start, end) = (start.min(cap), end.min(cap));
                let middle = start + (end - start) / 2;
                (Window { start: middle, end: middle }, Duration::from_nanos(1))
            }
            (Some(Window { start, end }), _) if start < cap => {
                (Window { start, end: end.min(cap) }, Duration::ZERO)
            }
            (Some(window), _) => (window.moved_below(cap), Duration::ZERO),
        }
    }
}

impl Window {
    /// That of decorrelated jitter after this wait.
    pub(crate) fn decorrelated(base: Duration, last_wait: Duration) -> Self {
        let base = whole_nanos(base);
        Self { start: base, end: whole_nanos(last_wait.max(base).saturating_mul(3)) }
    }

    fn moved_below(self, cap: Duration) -> Self {
        let too_far = self.end.saturating_sub(cap);
        Self { start: self.start.saturating_sub(too_far), end: self.end.min(cap) }
    }

    /// As wide as before, but no wider than what was asked for, where that is longer.
    pub(crate) fn moved_above(self, asked: Duration) -> Self {
        let start = self.start.max(asked);
        let width = (self.end - self.start).min(asked);
        Self { start, end: self.end.max(whole_nanos(start + width)) }
    }
}

/// As much of it as a `u64` of nanoseconds holds, which is what the library counts in.
pub(crate) fn whole_nanos(time: Duration) -> Duration {
    Duration::from_nanos(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
