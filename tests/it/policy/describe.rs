//! What a policy says of itself before it runs, beside what runs of it then do.

use std::time::Duration;

use proptest::option;
use proptest::prelude::*;
use relent::description::{Basis, DescribedWait, Spread};
use relent::wait::Decorrelated;
use relent::{Description, Details, Jitter, Retry, StopReason, TestClock};

use crate::support::{few_cases, millis, secs};
use crate::wait::{any_jitter, any_schedule, any_wait, any_wait_above_zero};

fn lengths(description: &Description) -> Vec<[Duration; 3]> {
    let length = |wait: &DescribedWait| {
        let Spread { shortest, mean, longest, .. } = wait.length;
        [shortest, mean, longest]
    };
    description.waits.iter().map(length).collect()
}

fn total(description: &Description) -> [Duration; 3] {
    [description.total.shortest, description.total.mean, description.total.longest]
}

/// The waits of a run, and why it ended. `None` if it made as many attempts as are described.
type Slept = (Vec<Duration>, Option<StopReason>);

/// Runs a policy on a virtual time, in which the other side asks for this wait each time. A macro, since the clock of a
/// policy is part of its type.
macro_rules! slept {
    ($policy:expr, $asked:expr, $seed:expr) => {{
        let (clock, asked) = (TestClock::new(), $asked);
        let policy = $policy.seed($seed);
        let policy = policy.retry_after(|asked: &Duration| (!asked.is_zero()).then_some(*asked));
        let mut left = Description::MAX_TRIES;
        let ended = policy.clock(&clock).explain().run(|| {
            left -= 1;
            if left == 0 { Ok(()) } else { Err(asked) }
        });
        let slept: Slept = (clock.waits(), ended.err().map(|error| error.reason()));
        slept
    }};
}

#[test]
fn ranges_means_and_totals_of_plain_policies_are_exact() {
    let description = Retry::expo().max_wait(secs(4)).max_tries(5).describe();
    let waits = [[0, 500, 1000], [0, 1000, 2000], [0, 2000, 4000], [0, 2000, 4000]];
    assert_eq!(lengths(&description), waits.map(|wait| wait.map(millis)));
    assert_eq!(total(&description), [0, 5500, 11_000].map(millis));
    assert_eq!((description.calls.fewest, description.calls.most), (5, Some(5)));
    assert_eq!(description.gives_up, [(StopReason::MaxTries, 1.0)]);
    assert_eq!(description.basis, Basis::Exact);
    assert!(!description.is_cut());

    let equal = Retry::constant(secs(8)).jitter(Jitter::Equal).max_tries(3).describe();
    assert_eq!(lengths(&equal), [[4, 6, 8].map(secs); 2]);
    let additive = Retry::sequence([secs(8)]).jitter(Jitter::Additive(secs(2))).describe();
    assert_eq!(lengths(&additive), [[8, 9, 10].map(secs)]);
    assert_eq!(additive.gives_up, [(StopReason::WaitsExhausted, 1.0)]);
}

#[test]
fn half_a_nanosecond_is_not_lost_in_the_total() {
    let policy = Retry::constant(Duration::from_nanos(1)).max_tries(5);
    assert_eq!(policy.describe().total.mean, Duration::from_nanos(2));
}

#[test]
fn a_requested_wait_moves_the_windows_up() {
    let policy = Retry::expo().first_wait(millis(100)).max_wait(secs(10)).max_tries(8);
    let description = policy.describe_if_asked(secs(30));
    assert_eq!(lengths(&description)[0], [30_000, 30_050, 30_100].map(millis));
    assert_eq!(lengths(&description)[6], [30_000, 33_200, 36_400].map(millis));
    assert_eq!(description.total.shortest, secs(210));
    assert_eq!(description.basis, Basis::Exact);
}

#[test]
fn a_requested_wait_that_ends_a_run_leaves_one_call() {
    for (policy, reason) in [
        (Retry::expo(), StopReason::MaxAskedWait),
        (Retry::expo().max_time(secs(60)), StopReason::MaxTime),
    ] {
        let description = policy.describe_if_asked(secs(3601));
        assert_eq!(description.gives_up, [(reason, 1.0)]);
        assert_eq!((description.waits.len(), description.calls.most), (0, Some(1)));
        assert_eq!(description.retry_share().to_bits(), 0_f64.to_bits());
        let shown = "total: 0s\ncalls: 1 for one, 0 % of them retries\n";
        assert!(description.to_string().starts_with(shown), "{description}");
    }
}

#[test]
fn decorrelated_waits_have_a_formula_until_a_cap_bends_it() {
    let policy = Retry::decorrelated(secs(1)).max_tries(4);
    let description = policy.describe();
    assert_eq!(
        lengths(&description),
        [[1000, 2000, 3000], [1000, 3500, 9000], [1000, 5750, 27_000]].map(|wait| wait.map(millis))
    );
    assert_eq!(description.basis, Basis::Exact);

    let capped = policy.max_wait(secs(20)).describe();
    assert_eq!(capped.basis, Basis::SimulatedMeans);
    assert_eq!(lengths(&capped)[2][2], secs(20));
    assert_eq!(policy.describe_if_asked(secs(2)).basis, Basis::SimulatedMeans);
    // A cap that is never reached bends nothing, and without jitter the middles are certain.
    assert_eq!(policy.max_wait(secs(27)).describe(), description);
    assert_eq!(policy.max_wait(secs(20)).jitter(Jitter::None).describe().basis, Basis::Exact);
    // What saturates is capped too.
    assert_eq!(policy.max_tries(100).describe().basis, Basis::SimulatedMeans);
}

#[test]
fn a_limit_of_time_that_cannot_be_reached_changes_nothing() {
    let policy = Retry::expo().max_tries(4);
    assert_eq!(policy.max_time(secs(7)).describe(), policy.describe());
    assert_eq!(policy.max_time(millis(6999)).describe().basis, Basis::SimulatedMeans);
}

#[test]
fn a_limit_of_time_bounds_the_total_in_each_of_its_forms() {
    let policy = Retry::constant(secs(4)).jitter(Jitter::Equal).max_time(secs(9));
    let shortened = policy.describe();
    assert_eq!(total(&shortened), [secs(9); 3]);
    assert_eq!((shortened.calls.fewest, shortened.calls.most), (4, Some(6)));
    // What is left after two to four waits.
    let nanosecond = Duration::from_nanos(1);
    assert_eq!(lengths(&shortened)[2][0], secs(1));
    assert_eq!(lengths(&shortened)[3][0], nanosecond);
    assert_eq!(lengths(&shortened)[4][2], secs(1));
    assert!(
        shortened.waits[0].share.to_bits() == 1_f64.to_bits() && shortened.waits[4].share < 0.1
    );

    let overrun = policy.last_wait_may_overrun().describe();
    assert_eq!(
        [overrun.total.shortest, overrun.total.longest],
        [secs(9), Duration::new(12, 999_999_999)]
    );

    let must_fit = policy.no_attempt_after_deadline().describe();
    assert_eq!([must_fit.total.shortest, must_fit.total.longest], [secs(5) + nanosecond, secs(9)]);
    assert_eq!(must_fit.gives_up, [(StopReason::MaxTime, 1.0)]);
}

#[test]
fn two_limits_share_the_runs_between_them() {
    let description = Retry::expo().max_tries(6).max_time(secs(10)).describe();
    let [(_, one), (_, other)] = description.gives_up[..] else { panic!("{description:?}") };
    assert!(one > other && other > 0.1 && (one + other - 1.0).abs() < 1e-9);
    assert_eq!((description.calls.fewest, description.calls.most), (5, Some(6)));
    assert!((5.0..6.0).contains(&description.calls.mean));
    assert_eq!((description.total.shortest, description.total.longest), (secs(0), secs(10)));
}

#[test]
fn policies_that_never_end_are_cut() {
    let description = Retry::constant(secs(1)).forever().describe();
    assert!(description.is_cut());
    assert_eq!(description.waits.len(), 999);
    assert_eq!(description.total.longest, secs(999));
    assert_eq!((description.calls.fewest, description.calls.most), (1000, None));
    assert_eq!(
        description.to_string(),
        "\
after try  wait         mean
1 to 999   0s to 1.0s  500ms
total: 0s to 16m 39s, mean 8m 20s
calls: 1000 and more for one, > 99 % of them retries
Only the first 1000 tries are described: a run may make more.
Ranges and means are exact."
    );
    // The time never passes.
    assert!(Retry::constant(Duration::ZERO).max_time(secs(1)).describe().is_cut());
    // As many as are described.
    assert!(!Retry::constant(secs(1)).max_tries(1000).describe().is_cut());
    assert!(Retry::constant(secs(1)).max_tries(1001).describe().is_cut());
    // Chance ends every run long before.
    let by_time = Retry::expo().max_time(secs(60)).describe();
    assert_eq!(total(&by_time), [secs(60); 3]);
    assert!(!by_time.is_cut() && by_time.calls.most.is_none() && by_time.waits.len() < 30);
}

#[test]
fn a_table_of_many_rows_is_shortened() {
    let shown = Retry::linear(secs(1)).max_tries(100).describe().to_string();
    assert_eq!(shown.lines().count(), 1 + 24 + 1 + 1 + 4);
    assert!(shown.contains("\n24         0s to 24.0s"), "{shown}");
    assert!(shown.contains("\n…          …"), "{shown}");
    assert!(shown.contains("\n99         0s to 1m 39s"), "{shown}");
}

#[test]
fn what_has_no_formula_is_simulated_and_says_so() {
    let custom = Retry::constant(secs(2)).jitter(Jitter::Custom(|wait| wait * 3)).max_tries(3);
    let runtime = Retry::runtime(|d: &Details<'_, (), ()>| secs(u64::from(d.tries))).max_tries(3);
    let description = custom.describe();
    assert_eq!(description.basis, Basis::Simulated);
    assert_eq!(lengths(&description), [[secs(6); 3]; 2]);
    assert!(description.to_string().ends_with("no formula describes the waits."), "{description}");
    let description = runtime.describe();
    assert_eq!(description.basis, Basis::Simulated);
    assert!(lengths(&description)[1][2] <= secs(2) && lengths(&description)[1][2] > millis(1900));
    assert!(runtime.forever().max_tries(u32::MAX).describe().is_cut());
    // A window of its own is drawn from whatever the jitter.
    let own =
        Retry::new(Decorrelated::new(secs(1))).max_tries(3).jitter(Jitter::Custom(|_| secs(9)));
    assert_eq!(own.describe().basis, Basis::Exact);
}

#[test]
fn a_description_is_the_same_each_time_and_for_each_seed() {
    let policy = Retry::expo().max_time(secs(10));
    assert_eq!(policy.describe(), policy.describe());
    assert_eq!(policy.describe(), policy.seed(7).describe());
}

#[test]
fn a_function_is_not_asked_for_waits_that_no_run_has() {
    const WAITS: [Duration; 2] = [secs(1), secs(2)];
    let policy = Retry::from_fn(|tries| Some(WAITS[tries as usize - 1])).max_tries(3);
    assert_eq!(lengths(&policy.jitter(Jitter::None).describe()), WAITS.map(|wait| [wait; 3]));
    assert_eq!(policy.max_time(secs(2)).describe().calls.most, Some(3));
}

#[test]
fn shares_are_rounded_to_neither_never_nor_always() {
    let shown = Retry::expo().max_time(secs(60)).describe().to_string();
    assert!(shown.contains(" 100 %\n") && shown.contains(" < 1 %\n"), "{shown}");
    assert!(
        shown.contains("Means and shares are those of 1000 simulated runs, from seed 0 on."),
        "{shown}"
    );
    assert!(shown.starts_with("after try  wait "), "{shown}");
}

proptest! {
    #![proptest_config(few_cases(48))]

    #[test]
    fn no_run_is_outside_of_its_description(
        schedule in prop_oneof![any_schedule(), any_wait_above_zero().prop_map(|base| Decorrelated::new(base).into())],
        max_tries in option::weighted(0.8, 1..20_u32),
        max_time in option::of(any_wait()),
        max_wait in option::of(any_wait_above_zero()),
        asked in prop_oneof![2 => Just(Duration::ZERO), 1 => any_wait()],
        jitter in any_jitter(),
        last_wait in 0..3,
    ) {
        let mut policy = Retry::new(schedule).jitter(jitter).max_asked_wait(secs(3_000_000_000));
        policy = max_tries.map_or(policy, |tries| policy.max_tries(tries));
        policy = max_time.map_or(policy, |time| policy.max_time(time));
        policy = max_wait.map_or(policy, |wait| policy.max_wait(wait));
        policy = if last_wait == 1 { policy.last_wait_may_overrun() } else { policy };
        let must_fit = policy.no_attempt_after_deadline();
        let description = if last_wait == 2 { must_fit.describe_if_asked(asked) } else { policy.describe_if_asked(asked) };
        // Seeds of its own, and some that were simulated.
        for seed in (0..5).chain(1_000_000..1_000_005) {
            let (waits, reason) = if last_wait == 2 { slept!(must_fit, asked, seed) } else { slept!(policy, asked, seed) };
            let calls = u32::try_from(waits.len()).unwrap() + 1;
            let Description { calls: described, .. } = &description;
            let is_simulated = description.basis == Basis::Simulated;
            if is_simulated && seed >= 5 { continue }
            prop_assert!(described.fewest <= calls && described.most.is_none_or(|most| calls <= most), "{calls} {description:?}");
            for (wait, described) in waits.iter().zip(&description.waits) {
                let Spread { shortest, mean, longest, .. } = described.length;
                prop_assert!((shortest..=longest).contains(wait), "{wait:?} of {description:?}");
                prop_assert!((shortest..=longest).contains(&mean));
            }
            let Spread { shortest, mean, longest, .. } = description.total;
            let total = waits.iter().fold(Duration::ZERO, |sum, wait| sum.saturating_add(*wait)).min(Duration::from_nanos(u64::MAX));
            // One that makes more attempts than are described, which no simulated run did.
            if reason.is_some() || description.is_cut() {
                prop_assert!((shortest..=longest).contains(&total), "{total:?} of {description:?}");
            }
            prop_assert!((shortest..=longest).contains(&mean));
            if let (Some(reason), true) = (reason, seed < 5) {
                let is_known = description.gives_up.iter().any(|(known, _)| *known == reason);
                prop_assert!(is_known, "{reason} {description:?}");
            }
        }
    }

    #[test]
    fn without_jitter_a_description_is_the_preview(
        schedule in any_schedule(),
        max_tries in 1..60_u32,
        max_time in option::of(any_wait()),
        max_wait in option::of(any_wait_above_zero()),
    ) {
        let mut policy = Retry::new(schedule).jitter(Jitter::None).max_tries(max_tries);
        policy = max_time.map_or(policy, |time| policy.max_time(time));
        policy = max_wait.map_or(policy, |wait| policy.max_wait(wait));
        let waits: Vec<_> = policy.waits().collect();
        let description = policy.describe();
        prop_assert_eq!(lengths(&description), waits.iter().map(|wait| [*wait; 3]).collect::<Vec<_>>());
        let total: Duration = policy.jitter(Jitter::Full).describe().waits.iter().map(|wait| wait.length.longest).max().unwrap_or_default();
        prop_assert!(waits.iter().all(|wait| *wait <= total));
    }

    #[test]
    fn means_are_those_of_many_runs(
        first in 1..1000_u64,
        max_tries in 2..6_u32,
        max_wait in option::of(1..5000_u64),
        max_time in option::of(1..5000_u64),
        asked in prop_oneof![Just(0), 1..2000_u64],
        is_decorrelated in any::<bool>(),
        jitter in prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::Proportional(0.3))],
    ) {
        let schedule: relent::Schedule = if is_decorrelated { Decorrelated::new(millis(first)).into() } else { relent::wait::Expo::new(millis(first), 3.0).into() };
        let mut policy = Retry::new(schedule).jitter(jitter).max_tries(max_tries);
        policy = max_wait.map_or(policy, |wait| policy.max_wait(millis(wait)));
        policy = max_time.map_or(policy, |time| policy.max_time(millis(time)));
        let description = policy.describe_if_asked(millis(asked));
        let runs: Vec<_> = (0..2000).map(|run| slept!(policy, millis(asked), 50_000 + run).0).collect();
        let totals = runs.iter().map(|waits| waits.iter().sum::<Duration>().as_secs_f64());
        let n = 2000.0_f64;
        let (sum, squares) = totals.fold((0.0, 0.0), |(sum, squares), total| (sum + total, squares + total * total));
        let mean = sum / n;
        let variance = (squares / n - mean * mean).max(0.0);
        // Both may be simulated, one of them in half as many runs. What happens in one of a thousand runs may be missing
        // in either.
        let width = description.total.longest.as_secs_f64() - description.total.shortest.as_secs_f64();
        let error = 6.0 * (variance * 3.0 / n).sqrt() + width * 0.01 + 1e-8;
        let described = description.total.mean.as_secs_f64();
        prop_assert!((mean - described).abs() < error, "{mean} by {error}, described {described}: {description}");
        let reached = runs.iter().filter(|waits| waits.len() == max_tries as usize - 1);
        let reached = f64::from(u32::try_from(reached.count()).unwrap()) / n;
        let share = description.waits.get(max_tries as usize - 2).map_or(0.0, |wait| wait.share);
        prop_assert!((reached - share).abs() < 0.1, "{reached}: {description}");
    }
}
