//! Which event it is, and why a run ended.

use core::fmt;

/// Which of the four events [`Details`](crate::Details) tells.
///
/// A run that ends tells them in the order `(Try Backoff)* Try (Success | GiveUp)`. Only where a
/// [`Cancel`](crate::Cancel) cuts a wait short does the give-up follow a back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// An attempt is about to be made; the first one counts too.
    Try,
    /// The outcome was accepted. The run is over.
    Success,
    /// The outcome was not accepted, and the next attempt is made after [`Details::wait`](crate::Details::wait).
    Backoff,
    /// The outcome was not accepted, and no further attempt is made. The run is over.
    GiveUp,
}

impl EventKind {
    /// All of them, in the order of their indices.
    pub(crate) const ALL: [Self; 4] = [Self::Try, Self::Success, Self::Backoff, Self::GiveUp];

    /// The kind's name as events are serialised: `try`, `success`, `backoff`, `giveup`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Success => "success",
            Self::Backoff => "backoff",
            Self::GiveUp => "giveup",
        }
    }

    /// The builder's method that adds a handler of events of this kind.
    #[cfg(feature = "std")]
    pub(crate) const fn handler_name(self) -> &'static str {
        match self {
            Self::Try => "on_try",
            Self::Success => "on_success",
            Self::Backoff => "on_backoff",
            Self::GiveUp => "on_giveup",
        }
    }

    /// Each kind's place in a list that has one entry per kind.
    #[cfg(feature = "std")]
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// Why a run gave up.
///
/// ```
/// use relent::{StopReason, Retry, TestClock};
///
/// let mut reason = None;
/// let outcome: Result<(), &str> = Retry::expo()
///     .max_tries(3)
///     .clock(TestClock::new())
///     .on_giveup(|d| reason = d.reason)
///     .run(|| Err("down"));
/// assert_eq!(outcome, Err("down"));
/// assert_eq!(reason, Some(StopReason::MaxTries));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The condition says that trying again is no use: see [`Retry::retry_if`](crate::Retry::retry_if).
    NotRetryable,
    /// As many attempts were made as [`Retry::max_tries`](crate::Retry::max_tries) allows.
    MaxTries,
    /// The time of [`Retry::max_time`](crate::Retry::max_time) has passed, or the wait does not fit
    /// into what is left of it and must not be shortened.
    MaxTime,
    /// The strategy has no more waits, as at the end of a [`Retry::sequence`](crate::Retry::sequence).
    WaitsExhausted,
    /// The [`Budget`](crate::Budget) has nothing left for a retry.
    Budget,
    /// A [`Cancel`](crate::Cancel) said so, between attempts or during a wait.
    Cancelled,
}

impl StopReason {
    /// The reason's name as events are serialised, such as `max_tries`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::MaxTries => "max_tries",
            Self::MaxTime => "max_time",
            Self::WaitsExhausted => "waits_exhausted",
            Self::Budget => "budget",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotRetryable => "not retryable",
            Self::MaxTries => "max tries",
            Self::MaxTime => "max time",
            Self::WaitsExhausted => "waits exhausted",
            Self::Budget => "budget spent",
            Self::Cancelled => "cancelled",
        })
    }
}
