//! A policy's getters and `Debug`.

use core::fmt;
use core::time::Duration;

use crate::nanos::Nanos;
use crate::policy::Retry;
use crate::policy::settings::{Nested, Settings, Tries};
use crate::wait::jitter::Jitter;

/// The limit on the number of attempts: see [`Retry::get_max_tries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MaxTries {
    /// Not set: 10 attempts. With waits that end, such as those of [`sequence`](Retry::sequence), one attempt more than
    /// there are waits.
    Default,
    /// The limit set by [`max_tries`](Retry::max_tries).
    AtMost(u32),
    /// No limit: [`forever`](Retry::forever), [`max_time`](Retry::max_time) without `max_tries`, or a limit of
    /// `u32::MAX`.
    Unlimited,
}

/// # Getters
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Returns the limit on the number of attempts.
    ///
    /// ```
    /// # use relent::{MaxTries, Retry};
    /// assert_eq!(Retry::expo().max_tries(5).get_max_tries(), MaxTries::AtMost(5));
    /// assert_eq!(Retry::expo().get_max_tries(), MaxTries::Default);
    /// assert_eq!(Retry::expo().forever().get_max_tries(), MaxTries::Unlimited);
    /// ```
    #[must_use]
    pub const fn get_max_tries(&self) -> MaxTries {
        match self.settings.tries {
            Tries::Unset => MaxTries::Default,
            Tries::UNLIMITED => MaxTries::Unlimited,
            Tries::AtMost(tries) => MaxTries::AtMost(tries.get()),
        }
    }

    /// Returns the limit set by [`max_time`](Self::max_time), if there is one.
    ///
    /// ```
    /// # use relent::Retry;
    /// # use std::time::Duration;
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(Retry::expo().max_time(minute).get_max_time(), Some(minute));
    /// ```
    #[must_use]
    pub const fn get_max_time(&self) -> Option<Duration> {
        self.settings.max_time
    }

    /// Returns the cap set by [`max_wait`](Self::max_wait), if there is one.
    ///
    /// ```
    /// # use relent::Retry;
    /// # use std::time::Duration;
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(Retry::expo().max_wait(minute).get_max_wait(), Some(minute));
    /// ```
    ///
    /// A cap of 584 years or more counts as no cap.
    #[must_use]
    pub const fn get_max_wait(&self) -> Option<Duration> {
        match self.settings.max_wait {
            Nanos::MAX => None,
            most => Some(most.duration()),
        }
    }

    /// Returns whether a run retries inside another run: [`Nested::Allow`], unless [`nested`](Self::nested) is set.
    ///
    /// ```
    /// # use relent::{Nested, Retry};
    /// assert_eq!(Retry::expo().get_nested(), Nested::Allow);
    /// assert_eq!(Retry::expo().nested(Nested::Once).get_nested(), Nested::Once);
    /// ```
    #[must_use]
    pub const fn get_nested(&self) -> Nested {
        self.settings.nested
    }

    /// Returns the [`max_asked_wait`](Self::max_asked_wait), by default one hour. `Duration::MAX` means no limit.
    ///
    /// ```
    /// # use relent::Retry;
    /// # use std::time::Duration;
    /// assert_eq!(Retry::expo().get_max_asked_wait(), Duration::from_secs(3600));
    /// ```
    #[must_use]
    pub const fn get_max_asked_wait(&self) -> Duration {
        match self.settings.max_asked_wait {
            Nanos::MAX => Duration::MAX,
            most => most.duration(),
        }
    }

    /// Returns the [`jitter`](Self::jitter), by default [`Jitter::Full`].
    ///
    /// For a [`decorrelated`](Retry::decorrelated) policy, [`Jitter::Full`] means that each wait is drawn from the
    /// strategy's range.
    ///
    /// ```
    /// # use relent::{Jitter, Retry};
    /// assert!(matches!(Retry::expo().get_jitter(), Jitter::Full));
    /// ```
    #[must_use]
    pub const fn get_jitter(&self) -> Jitter {
        self.settings.jitter
    }

    /// Returns the [`seed`](Self::seed), if set.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().seed(42).get_seed(), Some(42));
    /// ```
    #[must_use]
    pub const fn get_seed(&self) -> Option<u64> {
        self.settings.seed
    }

    /// Returns the [`target`](Self::target), if set.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().target("fetch_user").get_target(), Some("fetch_user"));
    /// ```
    #[must_use]
    pub const fn get_target(&self) -> Option<&'static str> {
        self.settings.target
    }

    /// Returns the strategy.
    ///
    /// ```
    /// # use relent::wait::Expo;
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().get_strategy(), &Expo::default());
    /// ```
    #[must_use]
    pub const fn get_strategy(&self) -> &S {
        &self.strategy
    }

    /// Returns the condition.
    ///
    /// ```
    /// # use relent::{Condition, Details, Retry};
    /// let policy = Retry::expo().retry_if(|e: &&str| *e == "busy");
    /// let outcome: Result<(), &str> = Err("no such user");
    /// let details = Details::new("fetch", 1).with_outcome(&outcome);
    /// assert_eq!(policy.get_condition().judge(&details), relent::Verdict::Stop);
    /// ```
    #[must_use]
    pub const fn get_condition(&self) -> &C {
        &self.condition
    }
}

impl<S, C, H, Z> fmt::Debug for Retry<S, C, H, Z>
where
    S: fmt::Debug,
    C: fmt::Debug,
    H: fmt::Debug,
    Z: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { tries, max_time, last_wait, nested, jitter, seed, target, .. } =
            &self.settings;
        f.debug_struct("Retry")
            .field("strategy", &self.strategy)
            .field("condition", &self.condition)
            .field("observer", &self.observer)
            .field("clock", &self.clock)
            .field("tries", tries)
            .field("max_time", max_time)
            .field("last_wait", last_wait)
            .field("nested", nested)
            .field("max_wait", &self.get_max_wait())
            .field("max_asked_wait", &self.get_max_asked_wait())
            .field("jitter", jitter)
            .field("seed", seed)
            .field("target", target)
            .finish()
    }
}
