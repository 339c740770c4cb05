//! The constructors. Each of them sets how long to wait.

use core::time::Duration;

use crate::clock::SystemClock;
use crate::condition::AnyError;
use crate::error::InvalidSetting;
use crate::event::Details;
use crate::policy::Retry;
use crate::policy::settings::Settings;
use crate::wait::strategies::{Constant, Decay, Expo, Fibo, Linear, Sequence};
use crate::wait::{Decorrelated, FromFn, Runtime};

/// # Constructors
impl Retry {
    /// Creates a policy with exponential back-off: waits of 1 s, 2 s, 4 s, 8 s and so on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().first_wait(Duration::from_millis(100)).factor(3.0);
    /// assert!(policy.waits().take(3).eq([100, 300, 900].map(Duration::from_millis)));
    /// ```
    ///
    /// The waits are maxima, since full jitter is on by default. They grow without end unless
    /// [`max_wait`](Retry::max_wait) caps them.
    #[doc(alias("exponential", "exponential_backoff"))]
    pub const fn expo() -> Self {
        Self::new(Expo::DEFAULT)
    }

    /// Creates a policy with Fibonacci back-off: waits of 1 s, 1 s, 2 s, 3 s, 5 s, 8 s and so on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::fibo().max_wait(Duration::from_secs(4));
    /// assert!(policy.waits().take(6).eq([1, 1, 2, 3, 4, 4].map(Duration::from_secs)));
    /// ```
    ///
    /// The waits are maxima, since full jitter is on by default.
    pub const fn fibo() -> Retry<Fibo> {
        Retry::new(Fibo::DEFAULT)
    }

    /// Creates a policy that waits the same time before each retry.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::constant(Duration::from_secs(2)).max_tries(4);
    /// assert!(policy.waits().eq([2, 2, 2].map(Duration::from_secs)));
    /// ```
    ///
    /// The wait is a maximum, since full jitter is on by default.
    ///
    /// A wait of zero is allowed. Retries then follow each other without a pause, so set a limit. An async run without
    /// waits yields to other tasks only if the operation or the clock's timer does.
    #[doc(alias = "delay")]
    pub const fn constant(wait: Duration) -> Retry<Constant> {
        Retry::new(Constant::new(wait))
    }

    /// Creates a policy with linear back-off: waits of once, twice, three times `step` and so on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::linear(Duration::from_secs(2)).max_tries(4);
    /// assert!(policy.waits().eq([2, 4, 6].map(Duration::from_secs)));
    /// ```
    ///
    /// The waits are maxima, since full jitter is on by default.
    ///
    /// # Panics
    ///
    /// If `step` is zero. In a `const` or `static` this is a compile error. See [`try_linear`](Self::try_linear).
    #[track_caller]
    pub const fn linear(step: Duration) -> Retry<Linear> {
        match Self::try_linear(step) {
            Ok(policy) => policy,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`linear`](Self::linear), but returns an error instead of panicking: for a step known only at run time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::try_linear(Duration::from_secs(2)).is_ok());
    /// assert!(Retry::try_linear(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `step` is zero.
    pub const fn try_linear(step: Duration) -> Result<Retry<Linear>, InvalidSetting> {
        match Linear::try_by_step(step) {
            Ok(linear) => Ok(Retry::new(linear)),
            Err(refused) => Err(refused),
        }
    }

    /// Creates a policy whose waits shrink: 1 s, 0.368 s, 0.135 s and so on, divided by e each time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::decay().min_wait(Duration::from_millis(100));
    /// let millis: Vec<_> = policy.waits().map(|wait| wait.as_millis()).take(5).collect();
    /// assert_eq!(millis, [1000, 367, 135, 100, 100]);
    /// ```
    ///
    /// Use it for something that is likely to be ready soon, such as a lock or a replica that catches up.
    ///
    /// The waits are maxima, since full jitter is on by default. After about 20 tries they are zero. If a run may
    /// last longer, set a [`min_wait`](Retry::min_wait). Only jitter can make a wait shorter than that.
    pub const fn decay() -> Retry<Decay> {
        Retry::new(Decay::DEFAULT)
    }

    /// Creates a policy with decorrelated jitter: each wait is drawn between `base` and three times the last wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// let clock = TestClock::new();
    /// let policy = Retry::decorrelated(Duration::from_millis(100)).max_wait(Duration::from_secs(10)).max_tries(9);
    /// policy.clock(&clock).run(|| Err::<(), _>("down")).unwrap_err();
    /// let waits = clock.waits();
    /// assert!(waits[0].as_millis() >= 100 && waits[0].as_millis() <= 300);
    /// assert!(waits.iter().all(|wait| wait.as_millis() >= 100 && wait.as_secs() <= 10));
    /// ```
    ///
    /// The waits are random already, so [`jitter`](Retry::jitter) refuses any setting but
    /// [`Jitter::None`](crate::Jitter::None), which takes the middle of each range. The last wait does not include what
    /// the server requested.
    ///
    /// The algorithm comes from the article "Exponential Backoff And Jitter" in the AWS Architecture Blog.
    ///
    /// # Panics
    ///
    /// If `base` is zero: all waits would be zero. In a `const` or `static` this is a compile error. See
    /// [`try_decorrelated`](Self::try_decorrelated).
    #[doc(alias = "jitter")]
    #[track_caller]
    pub const fn decorrelated(base: Duration) -> Retry<Decorrelated> {
        match Self::try_decorrelated(base) {
            Ok(policy) => policy,
            Err(refused) => refused.panic(),
        }
    }

    /// Same as [`decorrelated`](Self::decorrelated), but returns an error instead of panicking: for a wait known only
    /// at run time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use relent::Retry;
    /// assert!(Retry::try_decorrelated(Duration::from_millis(100)).is_ok());
    /// assert!(Retry::try_decorrelated(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If `base` is zero.
    pub const fn try_decorrelated(base: Duration) -> Result<Retry<Decorrelated>, InvalidSetting> {
        match Decorrelated::try_new(base) {
            Ok(decorrelated) => {
                let mut policy = Retry::new(decorrelated);
                policy.settings.has_own_window = true;
                Ok(policy)
            }
            Err(refused) => Err(refused),
        }
    }

    /// Creates a policy with the given waits, each used once and in order: N waits make N + 1 attempts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// const SECOND: Duration = Duration::from_secs(1);
    /// const MINUTE: Duration = Duration::from_secs(60);
    ///
    /// let policy = Retry::sequence([SECOND, SECOND, MINUTE]);
    /// assert!(policy.waits().eq([1, 1, 60].map(Duration::from_secs)));
    /// ```
    ///
    /// Takes an array, a slice, a `Vec`, or anything else that can be borrowed as a slice of durations. The waits are
    /// maxima, since full jitter is on by default.
    ///
    /// The run gives up at the end of the list. There is no other limit unless you set one. To compute the waits one by
    /// one, use [`runtime`](Self::runtime) or implement [`Wait`](crate::Wait).
    pub const fn sequence<L: AsRef<[Duration]>>(waits: L) -> Retry<Sequence<L>> {
        Retry::new(Sequence::new(waits))
    }

    /// Creates a policy whose waits are computed by a function from the number of tries. `None` gives up.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// /// 100 ms, 400 ms, 900 ms and so on.
    /// fn quadratic(tries: u32) -> Option<Duration> {
    ///     Some(Duration::from_millis(100) * tries.saturating_pow(2))
    /// }
    ///
    /// let policy = Retry::from_fn(quadratic).max_tries(4);
    /// assert!(policy.waits().eq([100, 400, 900].map(Duration::from_millis)));
    /// ```
    ///
    /// `tries` is 1 after the first attempt. The waits are maxima, since full jitter is on by default. The default
    /// limit of 10 tries applies. To use the waits of an iterator, collect them into a [`sequence`](Self::sequence).
    pub const fn from_fn<F>(compute: F) -> Retry<FromFn<F>>
    where
        F: Fn(u32) -> Option<Duration>,
    {
        Retry::new(FromFn::new(compute))
    }

    /// Creates a policy whose waits are computed by a function from the last outcome.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// struct Busy { retry_after: u64 }
    ///
    /// let clock = TestClock::new();
    /// let mut answers = [1, 3, 7].into_iter();
    /// Retry::runtime(|d| Duration::from_secs(d.error().map_or(1, |e: &Busy| e.retry_after)))
    ///     .jitter(Jitter::None)
    ///     .clock(&clock)
    ///     .run(|| answers.next().map_or(Ok(()), |retry_after| Err(Busy { retry_after })))
    ///     .ok();
    /// assert_eq!(clock.waits(), [1, 3, 7].map(Duration::from_secs));
    /// ```
    ///
    /// The function receives the [`Details`] of the attempt, with its value or error.
    ///
    /// The waits are maxima, since full jitter is on by default. Switch jitter off if the function returns waits that a
    /// server requested.
    pub const fn runtime<T, E, F>(compute: F) -> Retry<Runtime<F>>
    where
        F: Fn(&Details<'_, T, E>) -> Duration,
    {
        Retry::new(Runtime::new(compute))
    }

    /// Creates a policy from your own strategy, or from one chosen at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::wait::Fibo;
    /// use relent::{Retry, Schedule};
    ///
    /// let chosen = Schedule::from(Fibo::default());
    /// let policy = Retry::new(chosen).max_tries(6);
    /// assert!(policy.waits().eq([1, 1, 2, 3, 5].map(Duration::from_secs)));
    /// ```
    ///
    /// See [`Wait`](crate::Wait) and [`Schedule`](crate::Schedule). Full jitter is on by default here too.
    pub const fn new<S>(strategy: S) -> Retry<S> {
        Retry {
            strategy,
            condition: AnyError,
            observer: (),
            clock: SystemClock,
            settings: Settings::DEFAULT,
        }
    }
}
