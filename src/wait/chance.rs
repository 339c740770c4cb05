//! Random numbers. This is the only file that uses `rand`.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

#[cfg(not(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown")))))]
pub(crate) use of_the_clock::{Chance, drawn};
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) use of_the_system::{Chance, drawn};

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

/// Unseeded jitter with `std`: drawn from a generator of this thread and the system's time.
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
mod of_the_system {
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::uniform;

    /// What an unseeded draw needs of the run: nothing.
    #[derive(Clone, Copy)]
    pub(crate) struct Chance;

    impl Chance {
        #[inline]
        pub(crate) fn unless(_: Option<u64>, _: impl FnOnce() -> u64) -> Self {
            Self
        }
    }

    std::thread_local! {
        /// Seeded once by the system.
        pub(super) static GENERATOR: core::cell::RefCell<SmallRng> = core::cell::RefCell::new(generator());
    }

    #[cold]
    fn generator() -> SmallRng {
        use core::hash::BuildHasher;

        // The keys of the standard library's hash maps are the system's randomness, for which no further dependency is
        // needed.
        SmallRng::seed_from_u64(std::hash::RandomState::new().hash_one(0_u8))
    }

    /// Draws from `0..=most` with this thread's generator, at this time.
    pub(crate) fn drawn(Chance: Chance, most: u64) -> u64 {
        use core::hash::{Hash, Hasher};
        use std::time::{SystemTime, UNIX_EPOCH};

        /// Makes one number of the parts of a time, which costs a third of what a `Duration` does.
        struct Folded(u64);

        impl Hasher for Folded {
            fn write(&mut self, bytes: &[u8]) {
                self.0 =
                    bytes.iter().fold(self.0, |all, byte| all.rotate_left(8) ^ u64::from(*byte));
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
    pub(super) fn drawn_at(time: u64, rng: &mut SmallRng, most: u64) -> u64 {
        // The finish of SplitMix64, by which neighbouring times lead to numbers that are far apart.
        let mixed = rng.next_u64() ^ time;
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        uniform(mixed ^ (mixed >> 31), most)
    }
}

/// Unseeded jitter without `std`, and where std has neither randomness nor the time: drawn from the policy's clock.
#[cfg(not(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown")))))]
mod of_the_clock {
    use super::seeded;

    /// The clock's entropy or, if it has none, its time: nothing else differs from one device to the next.
    #[derive(Clone, Copy)]
    pub(crate) struct Chance(u64);

    impl Chance {
        /// The number, for which the clock is not asked if the draws are seeded.
        pub(crate) fn unless(seed: Option<u64>, number: impl FnOnce() -> u64) -> Self {
            Self(if seed.is_some() { 0 } else { number() })
        }
    }

    /// Draws from `0..=most`. A [`seed`](crate::Retry::seed) does better than a clock's time.
    pub(crate) fn drawn(Chance(number): Chance, most: u64) -> u64 {
        seeded(number, 0, most)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::of_the_system::*;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
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
            let drawn = drawn(Chance::unless(None, || 0), u64::MAX);
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
