//! How chance spreads the waits. The only file that names `rand`.

use core::ops::RangeInclusive;
use core::time::Duration;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::error::InvalidSetting;
use crate::nanos::nanos;
use crate::wait::floats::{rounded, unrounded};

/// How a wait is spread at random, so that clients that failed together do not come back together.
///
/// Jitter makes a window of the strategy's wait, and the wait is drawn from it: each length in the window is as
/// likely as any other.
///
/// | jitter | window of a wait `w` |
/// |---|---|
/// | [`Full`](Self::Full), the default | 0 to w |
/// | [`Equal`](Self::Equal) | w / 2 to w |
/// | [`Additive(a)`](Self::Additive) | w to w + a |
/// | [`Proportional(p)`](Self::Proportional) | w (1 - p) to w (1 + p) |
/// | [`Between(f)`](Self::Between) | the range that `f(w)` returns |
/// | [`None`](Self::None) | w |
/// | [`Custom(f)`](Self::Custom) | `f(w)`, without a draw |
///
/// ```
/// use std::time::Duration;
/// use relent::{Jitter, Retry, TestClock};
///
/// let clock = TestClock::new();
/// let policy = Retry::constant(Duration::from_secs(8)).max_tries(2).clock(&clock);
/// policy.run(|| Err::<(), _>("down")).unwrap_err();
/// policy.jitter(Jitter::Equal).run(|| Err::<(), _>("down")).unwrap_err();
/// policy.jitter(Jitter::None).run(|| Err::<(), _>("down")).unwrap_err();
///
/// let waits = clock.waits();
/// assert!(waits[0] <= Duration::from_secs(8));
/// assert!(waits[1] >= Duration::from_secs(4) && waits[1] <= Duration::from_secs(8));
/// assert_eq!(waits[2], Duration::from_secs(8));
/// ```
///
/// A window that ends beyond [`max_wait`](crate::Retry::max_wait) is moved down as a whole, though not below zero, so
/// that capped waits are spread too. A wait that the server asks for ([`retry_after`](crate::Retry::retry_after)) moves
/// the window up, so that clients that are asked for the same wait do not come back together either.
///
/// Draws also depend on the system's time, so that processes differ after a `fork`, or if they are restored from the
/// same snapshot. A [`seed`](crate::Retry::seed) fixes the draws, for tests.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Draws from zero to the whole wait, as Python's `backoff` does. The strategy's waits are then *maxima*.
    #[default]
    Full,
    /// Draws from half the wait to the whole wait.
    Equal,
    /// Draws from the wait to this much more.
    Additive(Duration),
    /// Draws from this part of the wait less to this part more: with `0.2`, from 80 % to 120 %.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::constant(Duration::from_secs(10)).jitter(Jitter::Proportional(0.2)).max_tries(9);
    /// policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    /// assert!(clock.waits().iter().all(|wait| (8.0..=12.0).contains(&wait.as_secs_f64())));
    /// ```
    ///
    /// From 0 to 1: the setter refuses other numbers.
    Proportional(f64),
    /// Draws from the range that the function makes of the wait. An empty range is its start.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// /// Never less than 100 ms.
    /// const AT_LEAST: Jitter = Jitter::Between(|wait| Duration::from_millis(100)..=wait);
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::constant(Duration::from_secs(1)).jitter(AT_LEAST).max_tries(9);
    /// policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    /// assert!(clock.waits().iter().all(|wait| wait.as_millis() >= 100));
    /// ```
    Between(fn(Duration) -> RangeInclusive<Duration>),
    /// Waits exactly as long as the strategy computes.
    None,
    /// Waits as long as the function computes, at most [`max_wait`](crate::Retry::max_wait): for other distributions.
    ///
    /// The function has to bring its own randomness, which a [`seed`](crate::Retry::seed) does not fix.
    Custom(fn(Duration) -> Duration),
}

impl Jitter {
    /// This jitter, unless it has a part that is not from 0 to 1.
    pub(crate) const fn checked(self) -> Result<Self, InvalidSetting> {
        match self {
            // In this order NaN is refused too.
            Self::Proportional(part) if !(part >= 0.0 && part <= 1.0) => {
                Err(InvalidSetting::new("the part of Jitter::Proportional must be from 0 to 1"))
            }
            jitter => Ok(jitter),
        }
    }

    /// The window of a wait.
    pub(crate) fn window(self, wait: u64) -> Window {
        match self {
            Self::Full => Window { start: 0, width: wait },
            Self::Equal => Window { start: wait - wait / 2, width: wait / 2 },
            Self::Additive(most) => Window { start: wait, width: nanos(most) },
            Self::Proportional(part) => {
                let less = rounded(unrounded(wait) * part).min(wait);
                Window { start: wait - less, width: less.saturating_mul(2) }
            }
            Self::Between(function) => {
                let range = function(Duration::from_nanos(wait));
                Window::of(&(nanos(*range.start())..=nanos(*range.end())))
            }
            Self::None => Window { start: wait, width: 0 },
            Self::Custom(function) => {
                Window { start: nanos(function(Duration::from_nanos(wait))), width: 0 }
            }
        }
    }
}

/// The waits from which one is drawn, in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) width: u64,
}

impl Window {
    /// The window of a range of nanoseconds. An empty range is its start.
    pub(crate) fn of(range: &RangeInclusive<u64>) -> Self {
        let start = *range.start();
        Self { start, width: range.end().saturating_sub(start) }
    }

    /// The middle of it alone.
    pub(crate) fn middle(self) -> Self {
        Self { start: self.start.saturating_add(self.width / 2), width: 0 }
    }

    /// Moves it down as a whole, so that it ends at `most` at the latest, though not below zero.
    pub(crate) fn moved_below(self, most: u64) -> Self {
        let width = self.width.min(most);
        Self { start: self.start.min(most - width), width }
    }

    /// Cuts it off at `most`.
    pub(crate) fn cut_at(self, most: u64) -> Self {
        let start = self.start.min(most);
        Self { start, width: self.width.min(most - start) }
    }

    /// Moves its start up to `least`. Where that leaves less than its width, it is as wide as it was, though not wider
    /// than `least` is long.
    pub(crate) fn moved_above(self, least: u64) -> Self {
        let start = self.start.max(least);
        let end = self.start.saturating_add(self.width);
        Self { start, width: end.saturating_sub(start).max(self.width.min(least)) }
    }
}

/// Draws from `0..=most`, the same for the same seed and attempt, which is all the state there is.
pub(crate) fn seeded(seed: u64, tries: u32, most: u64) -> u64 {
    // Far apart, or devices whose seeds are neighbours would draw the same numbers one attempt later.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let seed = seed.wrapping_add(u64::from(tries).wrapping_mul(STEP));
    uniform(SmallRng::seed_from_u64(seed).next_u64(), most)
}

/// Makes a number of `0..=most` of a random one: the upper half of a product. That there are 2⁶⁴ factors makes some
/// numbers likelier than others, by less than could ever be noticed; the last one of them all is not drawn.
fn uniform(random: u64, most: u64) -> u64 {
    let product = u128::from(random) * u128::from(most.saturating_add(1));
    (product >> 64) as u64
}

/// What unseeded jitter is drawn from: with `std` this thread's generator and the system's time; without it the policy's
/// clock, since nothing else differs from one device to the next. In a browser std has neither random keys nor the time.
#[derive(Clone, Copy)]
pub(crate) struct Chance(#[cfg(any(not(feature = "std"), target_os = "unknown"))] u64);

impl Chance {
    #[cfg(all(feature = "std", not(target_os = "unknown")))]
    #[inline]
    pub(crate) fn at(_: impl FnOnce() -> u64) -> Self {
        Self()
    }

    #[cfg(any(not(feature = "std"), target_os = "unknown"))]
    pub(crate) fn at(now: impl FnOnce() -> u64) -> Self {
        Self(now())
    }
}

#[cfg(all(feature = "std", not(target_os = "unknown")))]
std::thread_local! {
    /// Seeded once by the system.
    static GENERATOR: core::cell::RefCell<SmallRng> = core::cell::RefCell::new(generator());
}

#[cfg(all(feature = "std", not(target_os = "unknown")))]
#[cold]
fn generator() -> SmallRng {
    use core::hash::BuildHasher;

    // The keys of the standard library's hash maps are the system's randomness, for which no further dependency is
    // needed.
    SmallRng::seed_from_u64(std::hash::RandomState::new().hash_one(0_u8))
}

/// Draws from `0..=most` with this thread's generator, at this time.
#[cfg(all(feature = "std", not(target_os = "unknown")))]
pub(crate) fn drawn(_: Chance, most: u64) -> u64 {
    use core::hash::{Hash, Hasher};
    use std::time::{SystemTime, UNIX_EPOCH};

    /// Makes one number of the parts of a time, which costs a third of what a `Duration` does.
    struct Folded(u64);

    impl Hasher for Folded {
        fn write(&mut self, bytes: &[u8]) {
            self.0 = bytes.iter().fold(self.0, |all, byte| all.rotate_left(8) ^ u64::from(*byte));
        }

        fn write_u32(&mut self, part: u32) {
            self.write_u64(u64::from(part));
        }

        fn write_u64(&mut self, part: u64) {
            self.0 = self.0.rotate_left(32) ^ part;
        }

        fn finish(&self) -> u64 {
            self.0
        }
    }

    // Not an `Instant`: a snapshot that is restored twice continues with the same. Miri has no such time by default.
    let now = if cfg!(miri) { UNIX_EPOCH } else { SystemTime::now() };
    let mut time = Folded(0);
    now.hash(&mut time);
    let time = time.finish();
    GENERATOR
        .try_with(|rng| drawn_at(time, &mut rng.borrow_mut(), most))
        // This thread is ending and its generator is gone already.
        .unwrap_or_else(|_| drawn_at(time, &mut generator(), most))
}

/// Draws from `0..=most`, at different times differently: processes may have the same generator, after a fork or from
/// one snapshot.
#[cfg(all(feature = "std", not(target_os = "unknown")))]
fn drawn_at(time: u64, rng: &mut SmallRng, most: u64) -> u64 {
    // The finish of SplitMix64, by which neighbouring times lead to numbers that are far apart.
    let mixed = rng.next_u64() ^ time;
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    uniform(mixed ^ (mixed >> 31), most)
}

/// Draws from `0..=most`. A [`seed`](crate::Retry::seed) does better.
#[cfg(any(not(feature = "std"), target_os = "unknown"))]
pub(crate) fn drawn(Chance(now): Chance, most: u64) -> u64 {
    seeded(now, 0, most)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// In nanoseconds since 1970.
    const NOW: u64 = 1_800_000_000_000_000_000;

    #[test]
    fn generators_of_the_same_state_draw_differently_at_different_times() {
        let mut parent = SmallRng::seed_from_u64(7);
        drawn_at(NOW, &mut parent, 1000);
        let mut child = parent.clone();
        for draw in 0..100 {
            let time = NOW + draw * 1_000_000;
            let [one, other] = [(&mut parent, time), (&mut child, time + 1)]
                .map(|(rng, time)| drawn_at(time, rng, 1 << 40));
            assert_ne!(one, other, "draw {draw}");
        }
    }

    #[test]
    fn a_thread_whose_generator_is_put_back_does_not_draw_the_same_again() {
        use std::time::SystemTime;

        let mut drawn_before = Vec::new();
        for _ in 0..100 {
            GENERATOR.set(SmallRng::seed_from_u64(7));
            let drawn = drawn(Chance::at(|| 0), u64::MAX);
            assert!(!drawn_before.contains(&drawn), "{drawn_before:?}");
            drawn_before.push(drawn);
            // Until the time is another one.
            let began = SystemTime::now();
            while SystemTime::now() == began {}
        }
    }

    #[test]
    fn a_thousand_processes_that_fail_in_the_same_microseconds_are_spread() {
        // Ten boxes of a hundred expected. One in a thousand would be further off than 27.9.
        for step in [1, 41, 100, 1000] {
            let mut boxes = [0_u32; 10];
            for process in 0..1000 {
                let mut inherited = SmallRng::seed_from_u64(7);
                let drawn = drawn_at(NOW + process * step, &mut inherited, 9);
                boxes[usize::try_from(drawn).unwrap()] += 1;
            }
            let chi_squared =
                boxes.iter().map(|n| (f64::from(*n) - 100.0).powi(2) / 100.0).sum::<f64>();
            assert!(chi_squared < 27.9, "every {step} ns: {boxes:?}");
        }
    }

    #[test]
    fn a_draw_takes_both_the_time_and_the_generator_into_account() {
        let at_one_time: Vec<_> = (0..100)
            .map(|seed| drawn_at(NOW, &mut SmallRng::seed_from_u64(seed), 1 << 40))
            .collect();
        assert!(at_one_time.iter().enumerate().all(|(n, drawn)| !at_one_time[..n].contains(drawn)));
    }
}
