//! From which window a wait is drawn: by formulas of the tests' own, and by policies that nobody observes and no seed
//! fixes, which is how most runs are made.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use proptest::prelude::*;
use relent::run::Decision;
use relent::{BlockingClock, Details, Jitter, Retry, TestClock, Wait};

use super::LONGEST;
use crate::support::{panic_of, secs};

/// A window in nanoseconds, both ends included.
pub(crate) type Ends = (u128, u128);

/// A jitter, and the window that it makes of a wait.
pub(crate) type Case = (Jitter, fn(u128) -> Ends);

const NS: Duration = Duration::from_nanos(1);

/// Each jitter, where waits are some nanoseconds long.
const SHORT: [Case; 9] = [
    (Jitter::Full, |w| (0, w)),
    (Jitter::Equal, |w| (w.div_ceil(2), w)),
    (Jitter::Additive(Duration::from_nanos(7)), |w| (w, w + 7)),
    (Jitter::Proportional(0.25), |w| (w - (w + 2) / 4, w + (w + 2) / 4)),
    (Jitter::Proportional(1.0), |w| (0, 2 * w)),
    (Jitter::Between(|w| w / 2..=w + 5 * NS), |w| (w / 2, w + 5)),
    (Jitter::Between(|w| w..=w / 2), |w| (w, w)),
    (Jitter::None, |w| (w, w)),
    (Jitter::Custom(|w| w + 3 * NS), |w| (w + 3, w + 3)),
];

/// Each jitter, where waits are some seconds long.
pub(crate) const LONG: [Case; 7] = [
    (Jitter::Full, |w| (0, w)),
    (Jitter::Equal, |w| (w.div_ceil(2), w)),
    (Jitter::Additive(secs(6)), |w| (w, w + 6_000_000_000)),
    (Jitter::Proportional(0.25), |w| (w - (w + 2) / 4, w + (w + 2) / 4)),
    (Jitter::Between(|w| w / 3..=w * 2), |w| (w / 3, w * 2)),
    (Jitter::None, |w| (w, w)),
    (Jitter::Custom(|w| w * 2), |w| (w * 2, w * 2)),
];

/// Where a window is once the cap has moved its end, and what the other side asks for its beginning.
pub(crate) fn moved((lo, hi): Ends, cap: u128, asked: u128) -> Ends {
    let beyond = hi.saturating_sub(cap);
    let (lo, hi) = (lo.saturating_sub(beyond), hi - beyond);
    let start = lo.max(asked);
    let end = hi.max(start + asked.min(hi - lo));
    assert!(start >= asked && end <= cap.max(asked + asked.min(hi - lo)), "the promised bounds");
    (start, end)
}

/// The window of a wait, from its strategy on.
fn window_of(window: fn(u128) -> Ends, wait: u128, cap: u128, asked: u128) -> Ends {
    moved(window(wait.min(cap)), cap, asked)
}

fn nanos(nanos: u128) -> Duration {
    nanos.try_into().map_or(Duration::MAX, Duration::from_nanos)
}

/// The waits of a run in which the other side asks for this wait each time, in nanoseconds. Nobody observes it.
fn slept<S: Wait<(), Duration>>(policy: Retry<S>, asked: u128, waits: u32) -> Vec<u128> {
    let clock = TestClock::new();
    let asked = nanos(asked);
    let policy = policy.max_tries(waits + 1).retry_after(|asked: &Duration| Some(*asked));
    policy.clock(&clock).run(|| Err::<(), _>(asked)).unwrap_err();
    clock.waits().iter().map(Duration::as_nanos).collect()
}

fn constant(wait: u128, cap: u128, jitter: Jitter) -> Retry<relent::wait::Constant> {
    Retry::constant(nanos(wait)).max_wait(nanos(cap)).jitter(jitter)
}

/// Panics unless these are even draws from the whole of the window. Each check fails by chance less than once in 10¹¹
/// times.
#[expect(clippy::cast_precision_loss, reason = "six digits are looked at")]
pub(crate) fn assert_drawn_evenly(waits: &[u128], (lo, hi): Ends, case: &str) {
    let case = format!("{case}: {lo} to {hi}");
    let outside = waits.iter().find(|wait| !(lo..=hi).contains(*wait));
    assert_eq!(outside, None, "a wait outside of the window, {case}");
    if lo == hi {
        return;
    }
    assert!(hi - lo >= 1_000_000, "too narrow to be looked at in this way, {case}");
    for end in [lo, hi] {
        let atom = waits.iter().filter(|wait| **wait == end).count();
        assert!(atom * 100 < waits.len(), "{atom} waits at {end}, {case}");
    }
    let places: Vec<_> = waits.iter().map(|w| (w - lo) as f64 / (hi - lo) as f64).collect();
    assert_even(&places, &case);
}

/// Panics unless these numbers are spread evenly from 0 to 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "six digits of numbers from 0 to 1 are looked at"
)]
pub(super) fn assert_even(places: &[f64], case: &str) {
    let n = places.len() as f64;
    let mean = places.iter().sum::<f64>() / n;
    let errors = (mean - 0.5).abs() / (1.0 / (12.0 * n)).sqrt();
    assert!(errors < 7.0, "the mean is {errors} standard errors off, {case}");
    let mut boxes = [0_u32; 10];
    for place in places {
        boxes[((place * 10.0) as usize).min(9)] += 1;
    }
    let expected = n / 10.0;
    let chi = boxes.map(|n| (f64::from(n) - expected).powi(2) / expected).iter().sum::<f64>();
    // With nine degrees of freedom, beyond 80 once in 10¹³ times.
    assert!(chi < 80.0, "chi squared is {chi}, {case}: {boxes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_wait_of_the_window_is_drawn_and_no_other(
        wait in 0..12_u128,
        cap in prop_oneof![1..24_u128, Just(u128::MAX)],
        asked in prop_oneof![Just(0), 0..40_u128],
    ) {
        for (jitter, window) in SHORT {
            let (lo, hi) = window_of(window, wait, cap, asked);
            let waits = slept(constant(wait, cap, jitter), asked, 1000);
            let drawn: BTreeSet<_> = waits.into_iter().collect();
            prop_assert_eq!(drawn, (lo..=hi).collect(), "{:?}", jitter);
        }
    }

    #[test]
    fn the_order_of_cap_jitter_and_limits_does_not_matter(
        order in Just((0..6).collect::<Vec<_>>()).prop_shuffle(),
        case in 0..SHORT.len(),
        wait in 0..12_u64,
        cap in 1..24_u64,
        asked in 0..40_u64,
        asks_first in any::<bool>(),
    ) {
        let (jitter, window) = SHORT[case];
        let clock = TestClock::new();
        macro_rules! set_all {
            ($policy:expr) => {
                order.into_iter().fold($policy, |policy, setting| match setting {
                    0 => policy.max_wait(Duration::from_nanos(cap)),
                    1 => policy.jitter(jitter),
                    2 => policy.max_asked_wait(Duration::from_nanos(40)),
                    3 => policy.max_time(secs(1)),
                    4 => policy.max_tries(1501),
                    _ => policy.last_wait_may_overrun(),
                })
            };
        }
        let policy = Retry::constant(Duration::from_nanos(wait));
        let asked_for = |asked: &Duration| Some(*asked);
        let fails = || Err::<(), _>(Duration::from_nanos(asked));
        if asks_first {
            set_all!(policy.retry_after(asked_for).clock(&clock)).run(fails).unwrap_err();
        } else {
            set_all!(policy).clock(&clock).retry_after(asked_for).run(fails).unwrap_err();
        }
        let (lo, hi) = window_of(window, wait.into(), cap.into(), asked.into());
        let drawn: BTreeSet<_> = clock.waits().iter().map(Duration::as_nanos).collect();
        prop_assert_eq!(drawn, (lo..=hi).collect());
    }
}

#[test]
fn each_length_in_the_window_is_as_likely_as_any_other() {
    const SECOND: u128 = 1_000_000_000;
    const WAIT: u128 = 8 * SECOND + 1;
    // Far away, beyond some windows, at the wait, below it.
    for cap in [u128::MAX, 10 * SECOND, WAIT, 5 * SECOND] {
        for (jitter, window) in LONG {
            let (lo, hi) = window_of(window, WAIT, cap, 0);
            // Nothing, below the window, inside it, its end, beyond it and far beyond it.
            for asked in [0, lo / 2, lo.midpoint(hi), hi, hi + 3 * SECOND, 1000 * SECOND] {
                let waits = slept(constant(WAIT, cap, jitter), asked, 1500);
                let ends = window_of(window, WAIT, cap, asked);
                assert_drawn_evenly(&waits, ends, &format!("{jitter:?} cap {cap} asked {asked}"));
            }
        }
    }
}

/// The same window, at the cap and moved by what was asked for, in every kind of driver.
#[test]
fn every_driver_draws_from_the_window_where_nobody_observes() {
    const FAILS: Result<(), Duration> = Err(secs(2));
    // 0 to 6 s; from 2 s on; no wider than it was.
    let ends = (2_000_000_000, 6_000_000_000);
    let policy =
        Retry::expo().max_wait(secs(6)).max_tries(1508).retry_after(|a: &Duration| Some(*a));
    let check = |form: &str, run: &dyn Fn(&TestClock)| {
        let clock = TestClock::new();
        run(&clock);
        let waits: Vec<_> = clock.waits().iter().skip(7).map(Duration::as_nanos).collect();
        assert_eq!(waits.len(), 1500, "{form}");
        assert_drawn_evenly(&waits, ends, form);
    };
    check("run", &|clock| policy.clock(clock).run(|| FAILS).unwrap_err_and_drop());
    check("run_async", &|clock| {
        block_on(policy.clock(clock).run_async(async || FAILS)).unwrap_err_and_drop();
    });
    check("boxed", &|clock| {
        policy.clock(clock.clone()).boxed().run(|| FAILS).unwrap_err_and_drop();
    });
    check("in line", &|clock| {
        let policy = policy.clock(clock);
        let mut attempts = policy.attempts();
        while attempts.after(FAILS).is_continue() {}
    });
    check("in line, async", &|clock| {
        let policy = policy.clock(clock);
        let mut attempts = policy.attempts_async();
        while block_on(attempts.after(FAILS)).is_continue() {}
    });
    check("by hand", &|clock| {
        let policy = policy.clock(clock);
        let mut attempts = policy.attempts();
        while let Decision::Backoff(wait) = attempts.decide(&FAILS) {
            BlockingClock::sleep(clock, wait);
            attempts.next_try().unwrap();
        }
    });
    check("without a clock", &|clock| {
        let mut progress = relent::Progress::default();
        while let Decision::Backoff(wait) = policy.decide(&mut progress, &FAILS) {
            BlockingClock::sleep(clock, wait);
        }
    });
}

trait Failed {
    fn unwrap_err_and_drop(self);
}

impl Failed for Result<(), Duration> {
    fn unwrap_err_and_drop(self) {
        self.unwrap_err();
    }
}

#[test]
fn backoff_draws_from_the_window_too() {
    let policy = Retry::constant(secs(8)).max_wait(secs(5)).max_tries(1501);
    let waits: Vec<_> = policy.backoff().map(|wait| wait.as_nanos()).collect();
    assert_drawn_evenly(&waits, (0, 5_000_000_000), "backoff");
    let waits: Vec<_> = (0..1500).map(|_| policy.wait_after(7).unwrap().as_nanos()).collect();
    assert_drawn_evenly(&waits, (0, 5_000_000_000), "wait_after");
}

#[test]
fn what_a_server_asks_for_each_time_does_not_stop_the_growth() {
    // After the first try 30 s to 31 s, after the fifth 30 s to 46 s, after the ninth 30 s to 256 s.
    let most = [31, 32, 34, 38, 46, 60, 64, 128, 256];
    let mut longest = [Duration::ZERO; 9];
    for _ in 0..1000 {
        let clock = TestClock::new();
        let policy = Retry::expo().retry_after(|asked: &Duration| Some(*asked)).clock(&clock);
        policy.run(|| Err::<(), _>(secs(30))).unwrap_err();
        for (n, wait) in clock.waits().into_iter().enumerate() {
            assert!((secs(30)..=secs(most[n])).contains(&wait), "{n}: {wait:?}");
            longest[n] = longest[n].max(wait);
        }
    }
    for (n, wait) in longest.into_iter().enumerate() {
        let width = secs(most[n] - 30);
        assert!(wait >= secs(30) + width.mul_f64(0.9), "{n}: {wait:?}");
    }
}

#[test]
fn a_wait_that_time_shortens_is_as_long_as_the_time_that_is_left() {
    let mut at_the_end = 0;
    for _ in 0..500 {
        let clock = TestClock::new();
        let policy = Retry::constant(secs(10)).max_time(secs(4)).clock(&clock);
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        assert_eq!(clock.elapsed(), secs(4), "{:?}", clock.waits());
        at_the_end += u32::from(clock.waits() == [secs(4)]);
    }
    // Six of ten first waits do not fit. 500 of them: 300, and the standard deviation is 11.
    assert!((220..=380).contains(&at_the_end), "{at_the_end}");
}

const MAX: Duration = Duration::MAX;

#[test]
fn the_longest_durations_do_not_overflow_a_window() {
    let jitters = [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Additive(MAX),
        Jitter::Additive(NS),
        Jitter::Proportional(1.0),
        Jitter::Proportional(0.0),
        Jitter::Between(|wait| Duration::ZERO..=wait),
        Jitter::Between(|_| Duration::ZERO..=MAX),
        Jitter::Between(|_| MAX..=MAX),
        Jitter::Between(|_| MAX..=Duration::ZERO),
        Jitter::None,
        Jitter::Custom(|_| MAX),
    ];
    for jitter in jitters {
        for (wait, cap) in [(MAX, MAX), (LONGEST, LONGEST), (MAX, secs(1)), (secs(1), MAX)] {
            let policy = Retry::constant(wait).max_wait(cap).jitter(jitter).max_asked_wait(MAX);
            let waits = slept(policy, 0, 50);
            assert_eq!(waits.len(), 50);
            assert!(
                waits.iter().all(|w| *w <= cap.min(LONGEST).as_nanos()),
                "{jitter:?} {waits:?}"
            );
            for asked in [1, secs(1).as_nanos(), LONGEST.as_nanos(), u128::MAX] {
                let waits = slept(policy, asked, 50);
                let least = asked.min(LONGEST.as_nanos());
                assert!(waits.iter().all(|w| *w >= least), "{jitter:?} {asked} {waits:?}");
            }
        }
    }
}

#[test]
fn a_range_that_is_empty_is_its_start() {
    let backwards = Jitter::Between(|wait| wait..=wait / 2);
    assert_eq!(slept(Retry::constant(secs(4)).jitter(backwards), 0, 20), [4_000_000_000; 20]);
    // Its start is capped as any other wait is, and a floor moves it.
    let capped = Retry::constant(secs(1)).max_wait(secs(3));
    let capped = capped.jitter(Jitter::Between(|_| secs(5)..=secs(2)));
    assert_eq!(slept(capped, 0, 20), [3_000_000_000; 20]);
    assert_eq!(slept(capped, 7_000_000_000, 20), [7_000_000_000; 20]);
}

#[test]
fn a_custom_jitter_is_capped_but_what_was_asked_for_is_not() {
    let policy = Retry::constant(secs(2)).max_wait(secs(5)).jitter(Jitter::Custom(|w| w * 10));
    assert_eq!(slept(policy, 0, 20), [5_000_000_000; 20]);
    assert_eq!(slept(policy, 4_000_000_000, 20), [5_000_000_000; 20]);
    assert_eq!(slept(policy, 9_000_000_000, 20), [9_000_000_000; 20]);
}

#[test]
fn the_function_of_a_jitter_is_given_the_capped_wait() {
    for jitter in [Jitter::Custom(|wait| wait / 4), Jitter::Between(|wait| wait / 4..=wait / 4)] {
        let policy = Retry::constant(secs(100)).max_wait(secs(8)).jitter(jitter);
        assert_eq!(slept(policy, 0, 3), [2_000_000_000; 3], "{jitter:?}");
    }
}

const IN_A_CONST: Retry = Retry::expo().jitter(Jitter::Proportional(0.5));

#[test]
fn a_part_that_is_no_part_is_refused_as_a_jitter() {
    let bad =
        [-0.1, 1.000_001, 2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -f64::NAN, -1e-300];
    for part in bad {
        let jitter = Jitter::Proportional(part);
        let refused = Retry::expo().try_jitter(jitter).unwrap_err();
        assert!(refused.to_string().contains("Proportional must be from 0 to 1"), "{refused}");
        assert_eq!(panic_of(|| Retry::expo().jitter(jitter)), refused.to_string());
    }
    for part in [0.0, -0.0, f64::MIN_POSITIVE, 0.5, 1.0] {
        assert!(Retry::expo().try_jitter(Jitter::Proportional(part)).is_ok(), "{part}");
    }
    assert!(matches!(IN_A_CONST.get_jitter(), Jitter::Proportional(_)));
    // A policy is still what it was where its new jitter is refused.
    let policy = Retry::expo().jitter(Jitter::Equal);
    assert!(policy.try_jitter(Jitter::Proportional(7.0)).is_err());
}

#[test]
fn a_seed_reaches_every_jitter_that_the_engine_draws() {
    let drawn = |seed: u64, jitter: Jitter| {
        slept(constant(8_000_000_000, 9_000_000_000, jitter).seed(seed), 5_000_000_000, 30)
    };
    for (jitter, _) in LONG {
        for seed in [0, 1, 7, u64::MAX] {
            let waits = drawn(seed, jitter);
            assert_eq!(waits, drawn(seed, jitter), "{jitter:?}");
            let is_fixed = matches!(jitter, Jitter::None | Jitter::Custom(_));
            assert_eq!(waits == drawn(seed ^ 1, jitter), is_fixed, "{jitter:?}");
            let distinct = waits.iter().collect::<BTreeSet<_>>().len();
            assert_eq!(distinct, if is_fixed { 1 } else { 30 }, "{jitter:?}");
        }
    }
}

/// A window of the strategy's own, in whole seconds. Ends after some waits, if a number is given.
#[derive(Clone, Copy, Debug)]
struct Own(u64, u64, Option<u32>);

impl<T, E> Wait<T, E> for Own {
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        // The window is asked, not this.
        self.2.is_none_or(|most| details.tries <= most).then_some(secs(1_000_000))
    }

    fn window(&self, _: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
        Some(secs(self.0)..=secs(self.1))
    }
}

#[test]
fn a_strategy_of_ones_own_may_have_a_window_of_its_own() {
    const SECOND: u128 = 1_000_000_000;
    for cap in [u128::MAX, 12, 8, 3] {
        for asked in [0, 2, 7, 13, 1000] {
            let cap = cap.saturating_mul(SECOND);
            let policy = Retry::new(Own(5, 11, None)).max_wait(nanos(cap));
            let waits = slept(policy, asked * SECOND, 1500);
            // Cut off at the cap, or moved below it as a whole where nothing else would be left.
            let end = if cap > 5 * SECOND { cap.min(11 * SECOND) } else { 11 * SECOND };
            let ends = moved((5 * SECOND, end), cap, asked * SECOND);
            assert_drawn_evenly(&waits, ends, &format!("cap {cap} asked {asked}"));
        }
    }
}

#[test]
fn a_window_of_its_own_is_not_jittered() {
    // The middle where no jitter is wanted, and the window itself whatever the jitter.
    let policy = Retry::new(Own(5, 11, None));
    assert_eq!(slept(policy.jitter(Jitter::None), 0, 5), [8_000_000_000; 5]);
    let ignored = [Jitter::Equal, Jitter::Additive(secs(99)), Jitter::Custom(|_| secs(99))];
    for jitter in ignored {
        let ends = (5_000_000_000, 11_000_000_000);
        assert_drawn_evenly(&slept(policy.jitter(jitter), 0, 1500), ends, &format!("{jitter:?}"));
    }
    assert_eq!(slept(Retry::new(Own(6, 2, None)), 0, 5), [6_000_000_000; 5], "an empty range");
    assert_eq!(policy.waits().collect::<Vec<_>>(), [secs(8); 9]);
}

#[test]
fn a_strategy_with_a_window_of_its_own_still_ends_by_its_waits() {
    let policy = Retry::new(Own(5, 11, Some(3)));
    assert_eq!(slept(policy, 0, 50).len(), 3);
    assert_eq!(policy.backoff().count(), 3);
}

#[test]
fn a_window_of_its_own_is_seen_through_every_pointer() {
    const FAILS: Result<(), &str> = Err("down");
    fn check<S: Wait<(), &'static str>>(policy: Retry<S>) {
        let clock = TestClock::new();
        policy.clock(&clock).run(|| FAILS).unwrap_err();
        assert_eq!(clock.waits().len(), 9);
        let in_window = |wait: &Duration| (secs(5)..=secs(11)).contains(wait);
        assert!(clock.waits().iter().all(in_window), "{:?}", clock.waits());
    }
    let own = Own(5, 11, None);
    check(Retry::new(&own));
    check(Retry::new(Box::new(own)));
    check(Retry::new(Arc::new(own)));
    check(Retry::new(&own as &dyn Wait<(), &'static str>));
    let clock = TestClock::new();
    let boxed = Retry::new(own).jitter(Jitter::None).clock(clock.clone()).boxed::<(), &str>();
    boxed.run(|| FAILS).unwrap_err();
    assert_eq!(clock.waits(), [secs(8); 9]);
}

/// Draws up to twice its last wait.
struct Doubling;

impl<T, E> Wait<T, E> for Doubling {
    fn wait(&self, _: &Details<'_, T, E>) -> Option<Duration> {
        Some(secs(1))
    }

    fn window(&self, details: &Details<'_, T, E>) -> Option<RangeInclusive<Duration>> {
        let last = details.last_wait.max(secs(1));
        Some(last..=last * 2)
    }
}

#[test]
fn a_window_may_depend_on_the_last_wait() {
    for _ in 0..50 {
        let clock = TestClock::new();
        Retry::new(Doubling).clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
        let mut last = secs(1);
        for wait in clock.waits() {
            assert!((last..=last * 2).contains(&wait), "{:?}", clock.waits());
            last = wait;
        }
    }
    let middles: Vec<_> = Retry::new(Doubling).max_tries(4).waits().collect();
    assert_eq!(middles, [1500, 2250, 3375].map(Duration::from_millis));
}
