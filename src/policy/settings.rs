//! The settings of a policy that do not depend on its type parameters.

use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

use crate::error::{InvalidSetting, checked_tries, checked_wait};
use crate::nanos::Nanos;
use crate::wait::jitter::Jitter;

/// The limit for policies that set none and whose strategy does not end by itself.
pub(crate) const DEFAULT_MAX_TRIES: u32 = 10;

/// The limit on the number of attempts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tries {
    /// Not configured: `DEFAULT_MAX_TRIES`, unless the strategy ends by itself.
    Unset,
    AtMost(NonZeroU32),
}

impl Tries {
    /// `forever` or another limit is set. No run counts this many tries.
    pub(crate) const UNLIMITED: Self = Self::AtMost(NonZeroU32::MAX);
}

impl fmt::Debug for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("Unset"),
            &Self::UNLIMITED => f.write_str("Unlimited"),
            Self::AtMost(most) => f.debug_tuple("AtMost").field(most).finish(),
        }
    }
}

/// What happens to a wait that does not fit into what is left of `max_time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastWait {
    Shortened,
    MayOverrun,
    MustFit,
}

/// Whether a run retries inside an attempt of another run: see [`Retry::nested`](crate::Retry::nested).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nested {
    /// The run retries like any other run.
    #[default]
    Allow,
    /// The run makes one attempt, and gives up with [`StopReason::Nested`](crate::StopReason::Nested) if that fails.
    Once,
}

#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) tries: Tries,
    pub(crate) max_time: Option<Duration>,
    pub(crate) last_wait: LastWait,
    pub(crate) nested: Nested,
    /// `Nanos::MAX` if not configured.
    pub(crate) max_wait: Nanos,
    /// `Nanos::MAX` if there is no limit.
    pub(crate) max_asked_wait: Nanos,
    pub(crate) jitter: Jitter,
    /// Whether the strategy draws its waits itself.
    pub(crate) has_own_window: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) target: Option<&'static str>,
}

impl Settings {
    pub(crate) const DEFAULT: Self = Self {
        tries: Tries::Unset,
        max_time: None,
        last_wait: LastWait::Shortened,
        nested: Nested::Allow,
        max_wait: Nanos::MAX,
        max_asked_wait: Nanos::of(Duration::from_secs(3600)),
        jitter: Jitter::Full,
        has_own_window: false,
        seed: None,
        target: None,
    };

    pub(crate) const fn try_max_tries(mut self, tries: u32) -> Result<Self, InvalidSetting> {
        match checked_tries(tries) {
            Ok(tries) => {
                self.tries = Tries::AtMost(tries);
                Ok(self)
            }
            Err(refused) => Err(refused),
        }
    }

    pub(crate) const fn try_max_wait(mut self, wait: Duration) -> Result<Self, InvalidSetting> {
        const ZERO: &str = "max_wait must be longer than zero; for retries without a wait use `constant(Duration::ZERO)`";
        match checked_wait(wait, ZERO) {
            Ok(wait) => {
                self.max_wait = Nanos::of(wait);
                Ok(self)
            }
            Err(refused) => Err(refused),
        }
    }

    pub(crate) const fn try_jitter(mut self, jitter: Jitter) -> Result<Self, InvalidSetting> {
        if self.has_own_window && !matches!(jitter, Jitter::None) {
            return Err(InvalidSetting::new(
                "a decorrelated policy draws its waits itself: jitter must be Jitter::None or not be set",
            ));
        }
        match jitter.checked() {
            Ok(jitter) => {
                self.jitter = jitter;
                Ok(self)
            }
            Err(refused) => Err(refused),
        }
    }

    /// Whether a run that is inside this many attempts of other runs makes only one attempt.
    #[inline]
    pub(crate) const fn makes_one_attempt(&self, depth: u32) -> bool {
        matches!(self.nested, Nested::Once) && depth > 0
    }

    /// What is left of `max_time`, in nanoseconds. `None` if it is not set, or exceeds what `Nanos` can count.
    #[inline]
    pub(crate) fn time_left(&self, elapsed: u64) -> Option<u64> {
        match Nanos::of(self.max_time?) {
            Nanos::MAX => None,
            most => Some(most.0.saturating_sub(elapsed)),
        }
    }

    /// Removes the time limit.
    pub(crate) const fn without_max_time(mut self) -> Self {
        self.max_time = None;
        self
    }

    /// Removes the default limit, and keeps one that was configured.
    pub(crate) const fn without_default_tries(mut self) -> Self {
        if let Tries::Unset = self.tries {
            self.tries = Tries::UNLIMITED;
        }
        self
    }
}
