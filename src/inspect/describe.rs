//! What a policy does in an outage: the schedule of its waits, and the cost.

use core::time::Duration;
use std::vec::Vec;

use super::ranges::{Bounds, Ranges, ranges};
use super::simulate::{Seen, simulate};
use crate::event::StopReason;
use crate::nanos::nanos;
use crate::policy::Retry;
use crate::policy::settings::Settings;
use crate::wait::Wait;
use crate::wait::jitter::Jitter;

/// The maximum number of attempts described, since a run may go on forever.
pub(super) const MAX_TRIES: u32 = 1000;
/// The number of simulated runs.
pub(super) const RUNS: u32 = 1000;
/// The seed of the first simulated run.
pub(super) const SEED: u64 = 0;

/// # Description
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Describes the runs of this policy in an outage: their waits, their total time, and the number of calls per run.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().first_wait(Duration::from_millis(100)).max_wait(Duration::from_secs(1)).max_tries(8);
    /// let description = policy.describe();
    /// assert_eq!(
    ///     description.to_string(),
    ///     "\
    /// after try  wait          mean
    /// 1          0s to 100ms   50ms
    /// 2          0s to 200ms  100ms
    /// 3          0s to 400ms  200ms
    /// 4          0s to 800ms  400ms
    /// 5 to 7     0s to 1.0s   500ms
    /// total: 0s to 4.5s, mean 2.3s
    /// calls: 8 for one, 88 % of them retries
    /// gives up: max tries
    /// Ranges and means are exact."
    /// );
    /// assert_eq!(description.waits[0].length.longest, Duration::from_millis(100));
    /// assert_eq!(description.total.mean, Duration::from_millis(2250));
    /// ```
    ///
    /// In this outage, all attempts fail and take no time, and timers are never late. As in [`waits`](Self::waits),
    /// conditions and budgets are not consulted. A budget allows fewer retries; see [`Budget`](crate::Budget).
    ///
    /// A [`seed`](Self::seed) has no effect, because the description covers everything that jitter may draw.
    ///
    /// If no formula gives a figure, it comes from [`Description::RUNS`] simulated runs with fixed seeds.
    /// [`Description::basis`] shows which figures these are. At most [`Description::MAX_TRIES`] attempts are described.
    /// If a policy may make more, the description is [cut](Description::is_cut) there.
    ///
    /// Your functions, such as those of [`from_fn`](Retry::from_fn), [`runtime`](Retry::runtime) and
    /// [`Jitter::Custom`], are called up to a million times.
    #[must_use]
    pub fn describe(&self) -> Description
    where
        S: Wait<(), ()>,
    {
        self.describe_if_asked(Duration::ZERO)
    }

    /// Same as [`describe`](Self::describe), for an outage in which the server requests this wait after each attempt:
    /// see [`retry_after`](Self::retry_after).
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, StopReason};
    ///
    /// let (half, two_hours) = (Duration::from_secs(30), Duration::from_secs(7200));
    /// let wait = Retry::expo().describe_if_asked(half).waits[0].length;
    /// assert_eq!((wait.shortest, wait.longest), (half, Duration::from_secs(31)));
    ///
    /// // More than `max_asked_wait` ends a run.
    /// let description = Retry::expo().describe_if_asked(two_hours);
    /// assert_eq!(description.gives_up, [(StopReason::MaxAskedWait, 1.0)]);
    /// assert_eq!(description.calls.most, Some(1));
    /// ```
    #[must_use]
    pub fn describe_if_asked(&self, wait: Duration) -> Description
    where
        S: Wait<(), ()>,
    {
        Description::of(&self.strategy, &self.settings, nanos(wait))
    }
}

/// What a policy does in an outage: see [`Retry::describe`].
///
/// Its [`Display`](core::fmt::Display) form is a table. Waits that look equal share a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Description {
    /// The waits, in order. For simulated runs, the waits of at least one run.
    pub waits: Vec<DescribedWait>,
    /// The time from the first attempt to the end of the run, without the time of attempts.
    pub total: Spread,
    /// The number of calls that each run sends to the server.
    pub calls: Calls,
    /// Why runs give up, and the share of runs with each reason, from 0 to 1. Empty if all runs were cut.
    pub gives_up: Vec<(StopReason, f64)>,
    /// The source of the figures.
    pub basis: Basis,
    is_cut: bool,
}

/// One wait of a [`Description`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct DescribedWait {
    /// The length of the wait.
    pub length: Spread,
    /// The share of runs that have this wait, from 0 to 1. Less than 1 if the time may be up before.
    pub share: f64,
}

/// A random duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spread {
    /// The shortest possible duration.
    pub shortest: Duration,
    /// The mean.
    pub mean: Duration,
    /// The longest possible duration.
    pub longest: Duration,
}

/// The number of calls that a run makes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Calls {
    /// The minimum.
    pub fewest: u32,
    /// The mean.
    pub mean: f64,
    /// The maximum. `None` if there is no limit, or one beyond [`Description::MAX_TRIES`].
    pub most: Option<u32>,
}

/// The source of the figures in a [`Description`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// Ranges and means follow from the settings. Means are rounded down to whole nanoseconds.
    Exact,
    /// Ranges follow from the settings. Means and shares come from simulated runs. This applies if
    /// [`max_time`](Retry::max_time) depends on random draws, and to [`decorrelated`](Retry::decorrelated) waits with a
    /// cap or a requested wait.
    SimulatedMeans,
    /// All figures come from simulated runs, and others are possible. This applies to [`Jitter::Custom`],
    /// [`runtime`](Retry::runtime) and your own strategies. The functions see no outcome. If they have their own
    /// randomness, the figures differ from one description to the next.
    Simulated,
}

impl Description {
    /// The maximum number of attempts described in a run.
    pub const MAX_TRIES: u32 = MAX_TRIES;
    /// The number of runs simulated if no formula exists.
    pub const RUNS: u32 = RUNS;
    /// The [`seed`](Retry::seed) of the first simulated run. Each further run has the next number.
    ///
    /// The same seed may draw other waits on another platform or with another version of `rand`.
    pub const SEED: u64 = SEED;

    /// Returns whether the description ends before a run does, because the run made [`MAX_TRIES`](Self::MAX_TRIES)
    /// attempts.
    ///
    /// ```
    /// # use relent::{Description, Retry};
    /// let endless = Retry::expo().forever().describe();
    /// assert!(endless.is_cut() && !Retry::expo().describe().is_cut());
    /// assert_eq!((endless.calls.fewest, endless.calls.most), (Description::MAX_TRIES, None));
    /// ```
    ///
    /// The total and the calls then cover only these attempts.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Returns the share of retries among all calls in an outage, from 0 to 1.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().max_tries(4).describe().retry_share(), 0.75);
    /// ```
    #[must_use]
    pub fn retry_share(&self) -> f64 {
        (self.calls.mean - 1.0) / self.calls.mean
    }

    fn of(strategy: &dyn Wait<(), ()>, settings: &Settings, asked: u64) -> Self {
        let known = strategy.numeric().filter(|strategy| {
            !matches!(settings.jitter, Jitter::Custom(_)) || strategy.window(0).is_some()
        });
        let Some(known) = known else {
            return Self::seen(&simulate(strategy, settings, asked), None);
        };
        let ranges = ranges(known, settings, asked);
        if ranges.has_means {
            Self::exact(&ranges)
        } else {
            Self::seen(&simulate(strategy, settings, asked), Some(&ranges))
        }
    }

    fn exact(ranges: &Ranges) -> Self {
        let mean_twice =
            ranges.waits.iter().fold(0, |sum: u128, wait| sum.saturating_add(wait.mean_twice));
        let wait = |range: &super::ranges::Range| DescribedWait {
            length: Spread::new(range.wait, range.mean_twice / 2),
            share: 1.0,
        };
        Self {
            waits: ranges.waits.iter().map(wait).collect(),
            total: Spread::new(ranges.total(ranges.reason.is_none()), mean_twice / 2),
            calls: Calls {
                fewest: ranges.fewest_tries,
                mean: f64::from(ranges.fewest_tries),
                most: ranges.most_tries,
            },
            gives_up: ranges.reason.map(|reason| (reason, 1.0)).into_iter().collect(),
            basis: Basis::Exact,
            is_cut: ranges.reason.is_none(),
        }
    }

    /// The results of simulated runs, with the known bounds.
    fn seen(seen: &Seen, ranges: Option<&Ranges>) -> Self {
        let wait = |(at, wait): (usize, &super::simulate::Tally)| DescribedWait {
            length: Spread::new(
                ranges.map_or(wait.bounds, |ranges| ranges.waits[at].wait),
                wait.mean(),
            ),
            share: share(wait.count),
        };
        let [fewest, most] = [seen.calls.bounds.least, seen.calls.bounds.most]
            .map(|calls| u32::try_from(calls).unwrap_or(MAX_TRIES));
        Self {
            waits: seen.waits.iter().enumerate().map(wait).collect(),
            total: Spread::new(
                ranges.map_or(seen.total.bounds, |ranges| ranges.total(seen.is_cut)),
                seen.total.mean(),
            ),
            calls: Calls {
                fewest: ranges.map_or(fewest, |ranges| ranges.fewest_tries),
                mean: f64::from(u32::try_from(seen.calls.sum).unwrap_or(u32::MAX))
                    / f64::from(RUNS),
                most: ranges.map_or((!seen.is_cut).then_some(most), |ranges| ranges.most_tries),
            },
            gives_up: seen.reasons.iter().map(|(reason, count)| (*reason, share(*count))).collect(),
            basis: ranges.map_or(Basis::Simulated, |_| Basis::SimulatedMeans),
            is_cut: seen.is_cut,
        }
    }
}

fn share(count: u32) -> f64 {
    f64::from(count) / f64::from(RUNS)
}

impl Spread {
    fn new(Bounds { least, most }: Bounds, mean: u128) -> Self {
        let mean = u64::try_from(mean).unwrap_or(u64::MAX).clamp(least, most);
        let [shortest, mean, longest] = [least, mean, most].map(Duration::from_nanos);
        Self { shortest, mean, longest }
    }
}
