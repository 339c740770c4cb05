//! Random numbers from the clock, for the one target where the standard library has neither.

/// A source of random numbers for unseeded jitter: a clock on `wasm32-unknown-unknown` has to be one.
///
/// There the standard library compiles, but it has no time, no sleep and no randomness. So the default clock,
/// [`SystemClock`](crate::clock::SystemClock), does not implement the clock traits, and every other clock must implement
/// this trait, or all browsers would draw the same waits. On other targets it is not needed and not called.
/// `BrowserClock` (feature `wasm-bindgen`) does. Implement it for a host without JavaScript, or for another timer:
///
/// ```
/// use std::time::Duration;
/// use relent::AsyncClock;
/// use relent::clock::Entropy;
///
/// struct Host;
///
/// impl AsyncClock for Host {
///     type Timer = std::future::Ready<()>; // of the host's timer
///
///     fn now(&self) -> Duration {
///         Duration::ZERO // from the host's clock
///     }
///
///     fn timer(&self, _wait: Duration) -> Self::Timer {
///         std::future::ready(())
///     }
/// }
///
/// impl Entropy for Host {
///     fn entropy(&self) -> u64 {
///         0x5eed // from the host's random numbers
///     }
/// }
/// # assert_eq!(Host.entropy(), 0x5eed);
/// ```
///
/// Policies with a [`seed`](crate::Retry::seed) never call it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no random numbers for jitter, and neither has the standard library on this target",
    label = "does not implement `Entropy`",
    note = "where there is JavaScript, enable relent's feature `wasm-bindgen` and set its clock: `.clock(relent::clock::BrowserClock)`",
    note = "elsewhere, implement `relent::clock::Entropy` and `AsyncClock` or `BlockingClock` for a clock of your own, and set it"
)]
pub trait Entropy {
    /// Returns a random number, another one with each call.
    ///
    /// Called once before each wait of a policy without a [`seed`](crate::Retry::seed), on `wasm32-unknown-unknown` only.
    /// The bits of a browser's `Math.random()` are good enough, since nothing secret depends on them.
    fn entropy(&self) -> u64;
}

macro_rules! entropy_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<Z: Entropy + ?Sized> Entropy for $pointer {
            fn entropy(&self) -> u64 {
                (**self).entropy()
            }
        }
    )* };
}

entropy_by_reference! {
    &Z,
    #[cfg(feature = "std")] std::boxed::Box<Z>,
    #[cfg(feature = "std")] std::sync::Arc<Z>,
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use self::Entropy as EntropyIfNeeded;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use not_needed::EntropyIfNeeded;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use not_needed::of;

/// The clock's random number, if it has to have one.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[expect(clippy::unnecessary_wraps, reason = "other targets return none")]
#[inline]
pub(crate) fn of<Z: Entropy + ?Sized>(clock: &Z) -> Option<u64> {
    Some(clock.entropy())
}

/// For targets where the standard library has random numbers, and for those without std, where the time has to do.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod not_needed {
    /// [`Entropy`](super::Entropy) on `wasm32-unknown-unknown`, and implemented by every type on other targets.
    pub trait EntropyIfNeeded {}

    impl<Z: ?Sized> EntropyIfNeeded for Z {}

    #[inline]
    pub(crate) fn of<Z: EntropyIfNeeded + ?Sized>(_: &Z) -> Option<u64> {
        None
    }
}
