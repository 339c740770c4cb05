//! The simulations whose figures the guide's page `beyond_one_process` quotes: fleets of 1, 10 and 1000 processes with the
//! same policy. They are played by real policies and budgets. If a figure changes, so must the page.

use std::time::Duration;

use relent::clock::BlockingFnClock;
use relent::{Budget, Jitter, Retry};

use crate::support::{millis, secs};

const PAGE: &str = include_str!("../../src/guide/beyond_one_process.md");

#[track_caller]
fn assert_quoted(figures: &str) {
    assert!(PAGE.contains(figures), "the page beyond_one_process does not quote: {figures}");
}

/// With the thousands apart.
fn readable(number: u64) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}

const FLEETS: [u32; 3] = [1, 10, 1000];

/// What all processes together ask for while the server is down.
const CALLS: u32 = 10_000;

/// The retries of a fleet in an outage, in which every attempt fails.
fn retries(processes: u32, budget: impl Fn() -> Option<Budget>) -> u64 {
    let clock = BlockingFnClock::new(|| Duration::ZERO, |_| {});
    let policy = Retry::expo().max_tries(4).clock(clock);
    let mut attempts = 0_u64;
    let mut down = || {
        attempts += 1;
        Err::<(), _>("down")
    };
    for _ in 0..processes {
        let budget = budget();
        for _ in 0..CALLS / processes {
            match &budget {
                Some(budget) => policy.by_ref().budget(budget).run(&mut down),
                None => policy.run(&mut down),
            }
            .unwrap_err();
        }
    }
    attempts - u64::from(CALLS)
}

#[test]
fn the_retries_of_a_fleet_are_bounded_by_its_processes_times_their_budget() {
    const FOR_ALL: u32 = 14_000;
    for processes in FLEETS {
        let none = retries(processes, || None);
        let each = retries(processes, || Some(Budget::new()));
        let divided = retries(processes, || Some(Budget::new().capacity(FOR_ALL / processes)));
        let bound = |capacity: u32| u64::from(processes * (capacity / 14));
        assert!(each <= bound(500) && divided <= bound(FOR_ALL / processes));
        let cells =
            [u64::from(processes), none, each, bound(500), divided, bound(FOR_ALL / processes)];
        assert_quoted(&format!("| {} |", cells.map(readable).join(" | ")));
    }
}

/// The most requests of a fleet within a tenth of a second, if all of its processes fail at the same moment and each
/// waits before it tries again.
fn peak(processes: u32, wait: Duration, jitter: Jitter) -> u64 {
    let policy = Retry::constant(wait).jitter(jitter);
    let mut arrivals: Vec<Duration> = (0..processes)
        // Each process draws for itself, as it does without a seed.
        .map(|process| policy.seed(process.into()).into_backoff().next().unwrap())
        .collect();
    arrivals.sort_unstable();
    let within = |first: usize| {
        let end = arrivals[first] + millis(100);
        arrivals[first..].iter().take_while(|arrival| **arrival < end).count()
    };
    (0..arrivals.len()).map(within).max().unwrap() as u64
}

#[test]
fn the_peak_of_a_fleet_is_what_its_jitter_leaves() {
    for processes in FLEETS {
        let peaks = [Jitter::None, Jitter::Proportional(0.2), Jitter::Equal, Jitter::Full]
            .map(|jitter| readable(peak(processes, secs(1), jitter)));
        assert_quoted(&format!("| {} | {} |", readable(processes.into()), peaks.join(" | ")));
    }
}

#[test]
fn a_start_that_is_spread_over_thirty_seconds_is_no_herd() {
    let herd = peak(1000, secs(30), Jitter::Full);
    assert_quoted(&format!(
        "at most {herd} of the thousand begin within the same tenth of a second"
    ));
}
