//! Between which bounds each wait of a policy lies, whatever jitter draws.
//!
//! There is no second plan here: `next_wait` is asked for the shortest and the longest wait of the earliest and the
//! latest run. Each of its answers grows with the wait that is drawn, and a later run never has more time left, so that
//! these corners are the bounds of everything between them.

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

    /// These bounds, or those that hold the others too.
    pub(super) fn with(this: Option<Self>, Self { least, most }: Self) -> Self {
        let Some(this) = this else { return Self { least, most } };
        Self { least: this.least.min(least), most: this.most.max(most) }
    }

    /// The largest number within the bounds for which this is so, if it is so for `least` and for no number above one for
    /// which it is not.
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
    /// Twice the mean, which may be half a nanosecond. Only what [`Ranges::has_means`] promises.
    pub(super) mean_twice: u128,
}

/// All waits.
pub(super) struct Ranges {
    pub(super) waits: Vec<Range>,
    /// How long runs last that end within `MAX_TRIES` attempts, if any do.
    pub(super) ended: Option<Bounds>,
    /// How long those last that make the most attempts.
    pub(super) longest: Bounds,
    pub(super) fewest_tries: u32,
    /// `None` if there is no bound, or one beyond `MAX_TRIES`.
    pub(super) most_tries: Option<u32>,
    /// Why those runs end that make the most attempts.
    pub(super) reason: Option<StopReason>,
    /// Whether all runs have all of the waits, whose means are known.
    pub(super) has_means: bool,
}

impl Ranges {
    /// How long runs last, with those that are cut if there are any.
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

/// What is known of the runs that make one attempt more.
struct Reach {
    elapsed: Bounds,
    /// The last wait, without what the other side asked for.
    own: Bounds,
    mean: u64,
    has_means: bool,
}

/// The bounds of the waits of a run in which the other side asks for this wait each time, zero for none.
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
        // The strategy is not asked for a wait that no run has.
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

/// Whether the middle of the window after the mean of the last wait is the mean of a wait.
fn has_mean(
    strategy: &dyn Numeric,
    settings: &Settings,
    asked: u64,
    last: u64,
    [shortest, longest]: [Window; 2],
) -> bool {
    let Some(range) = strategy.window(last) else { return true };
    let is_certain = shortest.width == 0 && longest.width == 0 && shortest.start == longest.start;
    // A cap or the other side bends what would be linear.
    let is_whole = asked == 0 && *range.end() <= settings.max_wait.0 && *range.end() < u64::MAX;
    is_certain || strategy.is_linear() && is_whole
}
