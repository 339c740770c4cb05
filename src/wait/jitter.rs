//! How chance spreads the waits. The only file that names `rand`.

use core::time::Duration;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::nanos::nanos;

/// How much of a computed wait is left to chance, so that clients that failed together do not come
/// back together.
///
/// The default is [`Full`](Jitter::Full), as in Python's `backoff`: the strategy's waits are then
/// *maxima*.
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
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Anything from nothing to the whole wait, each length as likely as any other.
    #[default]
    Full,
    /// Half of the wait, and anything from nothing to the other half.
    Equal,
    /// The wait, and anything from nothing to this much more.
    Additive(Duration),
    /// The wait as it is.
    None,
    /// Whatever the function makes of the wait.
    Custom(fn(Duration) -> Duration),
}

impl Jitter {
    /// The wait in nanoseconds after jitter. `uniform(n)` draws from `0..=n`.
    pub(crate) fn apply(self, wait: u64, uniform: impl FnOnce(u64) -> u64) -> u64 {
        match self {
            Self::Full => uniform(wait),
            Self::Equal => {
                let half = wait / 2;
                (wait - half) + uniform(half)
            }
            Self::Additive(most) => wait.saturating_add(uniform(nanos(most))),
            Self::None => wait,
            Self::Custom(jitter) => nanos(jitter(Duration::from_nanos(wait))),
        }
    }
}

/// Draws from `0..=most`, the same for the same seed and attempt, which is all the state there is.
pub(crate) fn seeded(seed: u64, tries: u32, most: u64) -> u64 {
    // Far apart, or devices whose seeds are neighbours would draw the same numbers one attempt later.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let seed = seed.wrapping_add(u64::from(tries).wrapping_mul(STEP));
    uniform(&mut SmallRng::seed_from_u64(seed), most)
}

/// Draws from `0..=most`: the upper half of a product. That there are 2⁶⁴ factors makes some numbers
/// likelier than others, by less than could ever be noticed; the last one of them all is not drawn.
fn uniform(rng: &mut SmallRng, most: u64) -> u64 {
    let product = u128::from(rng.next_u64()) * u128::from(most.saturating_add(1));
    (product >> 64) as u64
}

/// What unseeded jitter is drawn from: with `std` this thread's generator; without it the clock, since nothing else
/// differs from one device to the next.
#[derive(Clone, Copy)]
pub(crate) struct Chance(#[cfg(not(feature = "std"))] u64);

impl Chance {
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn at(_: impl FnOnce() -> u64) -> Self {
        Self()
    }

    #[cfg(not(feature = "std"))]
    pub(crate) fn at(now: impl FnOnce() -> u64) -> Self {
        Self(now())
    }
}

/// Draws from `0..=most` with this thread's generator, which the system seeds once.
#[cfg(feature = "std")]
pub(crate) fn drawn(_: Chance, most: u64) -> u64 {
    use core::cell::RefCell;
    use core::hash::BuildHasher;

    #[cold]
    fn generator() -> SmallRng {
        // The keys of the standard library's hash maps are the system's randomness, for which no
        // further dependency is needed.
        SmallRng::seed_from_u64(std::hash::RandomState::new().hash_one(0_u8))
    }
    std::thread_local! {
        static GENERATOR: RefCell<SmallRng> = RefCell::new(generator());
    }
    GENERATOR
        .try_with(|rng| uniform(&mut rng.borrow_mut(), most))
        // This thread is ending and its generator is gone already.
        .unwrap_or_else(|_| uniform(&mut generator(), most))
}

/// Draws from `0..=most`. A [`seed`](crate::Retry::seed) does better.
#[cfg(not(feature = "std"))]
pub(crate) fn drawn(Chance(now): Chance, most: u64) -> u64 {
    seeded(now, 0, most)
}
