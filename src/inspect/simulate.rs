//! Runs of a policy with fixed seeds, for policies without a formula.

use std::vec::Vec;

use super::describe::{MAX_TRIES, RUNS, SEED};
use super::ranges::Bounds;
use crate::event::StopReason;
use crate::nanos::nanos;
use crate::policy::settings::Settings;
use crate::run::plan::Unseen;
use crate::wait::Wait;

/// A tally of observed numbers.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    pub(super) count: u32,
    pub(super) sum: u128,
    pub(super) bounds: Bounds,
}

impl Tally {
    const NONE: Self = Self { count: 0, sum: 0, bounds: Bounds { least: u64::MAX, most: 0 } };

    fn add(&mut self, number: u64) {
        self.count += 1;
        self.sum += u128::from(number);
        let Bounds { least, most } = self.bounds;
        self.bounds = Bounds { least: least.min(number), most: most.max(number) };
    }

    pub(super) fn mean(&self) -> u128 {
        self.sum / u128::from(self.count.max(1))
    }
}

/// The results of all runs.
pub(super) struct Seen {
    pub(super) waits: Vec<Tally>,
    pub(super) total: Tally,
    pub(super) calls: Tally,
    /// With the number of runs, the most frequent first.
    pub(super) reasons: Vec<(StopReason, u32)>,
    pub(super) is_cut: bool,
}

pub(super) fn simulate(strategy: &dyn Wait<(), ()>, settings: &Settings, asked: u64) -> Seen {
    let mut seen = Seen {
        waits: Vec::new(),
        total: Tally::NONE,
        calls: Tally::NONE,
        reasons: Vec::new(),
        is_cut: false,
    };
    for run in 0..RUNS {
        let settings = Settings { seed: Some(SEED + u64::from(run)), ..*settings };
        let mut unseen = Unseen::NEW;
        let (mut total, mut calls) = (0_u64, 1);
        loop {
            match unseen.try_wait(strategy, &settings, asked, || None) {
                Err(reason) => break seen.count(reason),
                Ok(_) if calls == MAX_TRIES => break seen.is_cut = true,
                Ok(wait) => {
                    let wait = nanos(wait);
                    seen.waits.resize(seen.waits.len().max(calls as usize), Tally::NONE);
                    seen.waits[calls as usize - 1].add(wait);
                    total = total.saturating_add(wait);
                    calls += 1;
                }
            }
        }
        seen.total.add(total);
        seen.calls.add(u64::from(calls));
    }
    seen.reasons.sort_by_key(|(_, runs)| core::cmp::Reverse(*runs));
    seen
}

impl Seen {
    fn count(&mut self, reason: StopReason) {
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, runs)) => *runs += 1,
            None => self.reasons.push((reason, 1)),
        }
    }
}
