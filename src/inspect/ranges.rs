//! The bounds of each wait of a policy, for any random draw.
//!
//! There is no second plan here. `next_wait` computes the shortest and the longest wait of the earliest and the latest
//! run. Each result grows with the wait that is drawn, and a later run never has more time left. So these corners bound
//! everything between them.

use std::vec::Vec;

use super::describe::MAX_TRIES;
use crate::event::StopReason;
use crate::nanos::Nanos;
use crate::policy::settings::Settings;
use crate::run::operation::Needs;
use crate::run::plan::{check_fit, next_wait, own_window};
use crate::wait::Numeric;
use crate::wait::chance::Chance;
use crate::wait::jitter::{Jitter, Window};

/// Bounds of a number of nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Bounds {
    const ZERO: Self = Self { least: 0, most: 0 };

    /// Returns these bounds, extended to contain the others.
    pub(super) fn with(this: Option<Self>, Self { least, most }: Self) -> Self {
        let Some(this) = this else { return Self { least, most } };
        Self { least: this.least.min(least), most: this.most.max(most) }
    }

    /// Returns the largest number within the bounds that satisfies the predicate. The predicate must hold for `least`,
    /// and for no number above one that fails it.
    fn last(self, is_so: impl Fn(u64) -> bool) -> u64 {
        let Self { mut least, mut most } = self;
        while least < most {
            let middle = most - (most - least) / 2;
            if is_so(middle) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        least
    }
}

/// One wait.
pub(super) struct Range {
    pub(super) wait: Bounds,
    /// Twice the mean, which may be half a nanosecond. Valid only if [`Ranges::has_means`] is set.
    pub(super) mean_twice: u128,
}

/// All waits.
pub(super) struct Ranges {
    pub(super) waits: Vec<Range>,
    /// The duration of runs that end within `MAX_TRIES` attempts, if any do.
    pub(super) ended: Option<Bounds>,
    /// The duration of the runs with the most attempts.
    pub(super) longest: Bounds,
    pub(super) fewest_tries: u32,
    /// `None` if there is no bound, or one beyond `MAX_TRIES`.
    pub(super) most_tries: Option<u32>,
    /// Why the runs with the most attempts end.
    pub(super) reason: Option<StopReason>,
    /// Whether all runs have all of the waits, with known means.
    pub(super) has_means: bool,
}

impl Ranges {
    /// Returns how long runs last, including those that are cut.
    pub(super) fn total(&self, is_cut: bool) -> Bounds {
        match self.ended {
            Some(ended) if !is_cut => ended,
            ended => Bounds::with(ended, self.longest),
        }
    }
}

/// A strategy that has only one wait, or none.
struct Exactly {
    wait: Option<u64>,
    ends: bool,
}

impl Numeric for Exactly {
    fn nanos(&self, _: u32) -> Option<u64> {
        self.wait
    }

    fn ends(&self) -> bool {
        self.ends
    }
}

/// The known facts about the runs that make one more attempt.
struct Reach {
    elapsed: Bounds,
    /// The last wait, without a wait that the server requested.
    own: Bounds,
    mean: u64,
    has_means: bool,
}

/// Returns the bounds of the waits of a run in which the server requests this wait each time, or none if it is zero.
pub(super) fn ranges(strategy: &dyn Numeric, settings: &Settings, asked: u64) -> Ranges {
    let mut waits = Vec::new();
    let (mut ended, mut fewest_tries) = (None, None);
    let mut reach = Reach { elapsed: Bounds::ZERO, own: Bounds::ZERO, mean: 0, has_means: true };
    // The wait is drawn already.
    let drawn = Settings { jitter: Jitter::None, max_wait: Nanos::MAX, ..*settings };
    let (mut tries, ends) = (1, strategy.ends());
    let reason = loop {
        let plan = |elapsed: u64, wait: Option<u64>| {
            let exactly = Exactly { wait, ends };
            let chance = Chance::unless(settings.seed, || 0);
            let planned = next_wait(&exactly, &drawn, tries, 0, elapsed, asked, chance)?;
            check_fit(&drawn, Needs::default(), planned.wait, elapsed, 0)?;
            Ok(planned.wait)
        };
        let Reach { elapsed, own, mean, has_means } = reach;
        // Do not call the strategy for a wait that no run has.
        let windows = plan(elapsed.least, Some(0)).and_then(|_| {
            let Some(planned) = strategy.nanos(tries) else {
                return plan(elapsed.least, None).map(|_| None);
            };
            let after = |last| own_window(planned, strategy.window(last), settings);
            Ok(Some([after(own.least), after(own.most), after(mean)]))
        });
        let windows = match windows {
            Ok(Some(windows)) if tries < MAX_TRIES => windows,
            Ok(_) => break None,
            Err(reason) => break Some(reason),
        };
        let [shortest, longest, middle] = windows.map(|own| own.moved_above(asked));
        let wait = Bounds { least: shortest.start, most: longest.end() };
        let earliest = match plan(elapsed.least, Some(wait.least)) {
            Ok(wait) => wait,
            Err(reason) => break Some(reason),
        };
        let is_planned = |elapsed, wait| plan(elapsed, Some(wait)).is_ok();
        let latest = elapsed.last(|elapsed| is_planned(elapsed, wait.least));
        let longest_at = |elapsed| {
            let longest = wait.last(|wait| is_planned(elapsed, wait));
            plan(elapsed, Some(longest)).unwrap_or(longest)
        };
        if !is_planned(elapsed.most, wait.most) {
            let still = elapsed.last(|elapsed| is_planned(elapsed, wait.most));
            let least = if is_planned(still, wait.most) { still + 1 } else { still };
            ended = Some(Bounds::with(ended, Bounds { least, most: elapsed.most }));
            fewest_tries.get_or_insert(tries);
        }
        waits.push(Range {
            wait: Bounds {
                least: plan(latest, Some(wait.least)).unwrap_or(wait.least),
                most: longest_at(elapsed.least),
            },
            mean_twice: u128::from(middle.start) * 2 + u128::from(middle.width),
        });
        let is_in_time = plan(elapsed.most, Some(wait.most)) == Ok(wait.most);
        let [shortest, longest, middle] = windows;
        reach = Reach {
            elapsed: Bounds {
                least: elapsed.least.saturating_add(earliest),
                most: latest.saturating_add(longest_at(latest)),
            },
            own: Bounds { least: shortest.start, most: longest.end() },
            mean: middle.middle().start,
            has_means: has_means
                && is_in_time
                && has_mean(strategy, settings, asked, own.most, [shortest, longest]),
        };
        tries += 1;
    };
    Ranges {
        waits,
        ended: if reason.is_some() { Some(Bounds::with(ended, reach.elapsed)) } else { ended },
        longest: reach.elapsed,
        fewest_tries: fewest_tries.unwrap_or(tries),
        most_tries: reason.map(|_| tries),
        reason,
        has_means: reach.has_means,
    }
}

/// Returns whether the middle of the window after the mean of the last wait is the mean of a wait.
fn has_mean(
    strategy: &dyn Numeric,
    settings: &Settings,
    asked: u64,
    last: u64,
    [shortest, longest]: [Window; 2],
) -> bool {
    let Some(range) = strategy.window(last) else { return true };
    let is_certain = shortest.width == 0 && longest.width == 0 && shortest.start == longest.start;
    // A cap or a requested wait bends what would be linear.
    let is_whole = asked == 0 && *range.end() <= settings.max_wait.0 && *range.end() < u64::MAX;
    is_certain || strategy.is_linear() && is_whole
}
