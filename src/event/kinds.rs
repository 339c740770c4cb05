//! The kinds of events, and why a run gave up.

use core::fmt;

/// Defines the kinds together with their words, so that no list of them can be incomplete.
macro_rules! kinds {
    (
        $(#[$doc:meta])*
        $enum:ident { $($(#[$kind_doc:meta])* $kind:ident: $name:literal, $verb:literal, $message:literal, $handler:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$kind_doc])* $kind,)*
        }

        impl $enum {
            /// All kinds, in the order of their indices.
            pub(crate) const ALL: [Self; [$($name),*].len()] = [$(Self::$kind),*];

            /// Returns the name under which the kind is serialised: `try`, `success`, `backoff` or `giveup`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// The first word of the event's log line.
            pub(crate) const fn verb(self) -> &'static str {
                match self { $(Self::$kind => $verb),* }
            }

            /// The event's message.
            #[cfg(feature = "tracing")]
            pub(crate) const fn message(self) -> &'static str {
                match self { $(Self::$kind => $message),* }
            }

            /// The name of the builder method that adds a handler for this kind.
            #[cfg(feature = "std")]
            pub(crate) const fn handler_name(self) -> &'static str {
                match self { $(Self::$kind => $handler),* }
            }

            /// The kind's index in an array with one entry per kind.
            #[cfg(feature = "std")]
            pub(crate) const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

kinds! {
    /// The kind of event that [`Details`](crate::Details) describes.
    ///
    /// The events of a complete run follow the pattern `(Try Backoff)* Try (Success | GiveUp)`. There is one exception:
    /// if a wait is cut short or ends too late, the give-up follows the back-off.
    ///
    /// The enum is non-exhaustive: later releases may add kinds. To handle all events alike, implement
    /// [`Observe::on_event`](crate::Observe::on_event) instead of matching.
    EventKind {
        /// An attempt is about to start. This includes the first attempt.
        Try: "try", "Trying", "trying", "on_try";
        /// The outcome was accepted. The run is over.
        Success: "success", "Succeeded", "succeeded", "on_success";
        /// The outcome was not accepted. The next attempt follows after [`Details::wait`](crate::Details::wait).
        Backoff: "backoff", "Backing off", "backing off", "on_backoff";
        /// The outcome was not accepted, and no further attempt follows. The run is over.
        GiveUp: "giveup", "Giving up", "giving up", "on_giveup";
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
///
/// The enum is non-exhaustive: later releases may add reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The condition did not allow a retry: see [`Retry::retry_if`](crate::Retry::retry_if). Or the request to a
    /// service cannot be cloned for another attempt (feature `tower-layer`).
    NotRetryable,
    /// The limit of [`Retry::max_tries`](crate::Retry::max_tries) was reached.
    MaxTries,
    /// The time of [`Retry::max_time`](crate::Retry::max_time) has passed, or the time left is too short for another
    /// attempt or for a wait that must not be shortened.
    MaxTime,
    /// The strategy has no more waits, for example at the end of a [`Retry::sequence`](crate::Retry::sequence).
    WaitsExhausted,
    /// The server requested a wait longer than [`Retry::max_asked_wait`](crate::Retry::max_asked_wait).
    MaxAskedWait,
    /// The [`Budget`](crate::Budget) does not allow another retry.
    Budget,
    /// A [`Cancel`](crate::Cancel) ended the run, between attempts or during a wait.
    Cancelled,
    /// The run is inside an attempt of another run, and its policy has [`Nested::Once`](crate::Nested::Once).
    Nested,
}

impl StopReason {
    /// Returns the serialised name of the reason, such as `max_tries`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::MaxTries => "max_tries",
            Self::MaxTime => "max_time",
            Self::MaxAskedWait => "max_asked_wait",
            Self::WaitsExhausted => "waits_exhausted",
            Self::Budget => "budget",
            Self::Cancelled => "cancelled",
            Self::Nested => "nested",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotRetryable => "not retryable",
            Self::MaxTries => "max tries",
            Self::MaxTime => "max time",
            Self::MaxAskedWait => "max asked wait",
            Self::WaitsExhausted => "waits exhausted",
            Self::Budget => "budget spent",
            Self::Cancelled => "cancelled",
            Self::Nested => "nested",
        })
    }
}

/// The kind of a retry, as [`Condition::retry_kind`](crate::Condition::retry_kind) classifies the outcome.
///
/// A run remembers the kind of its last retry: see [`Details::retry`](crate::Details::retry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryKind {
    /// A poll: a value was not accepted yet, and nothing failed.
    Poll,
    /// A failure that will probably pass.
    Transient,
    /// A server refused the request to reduce load. No condition of this crate returns it: return it from your own
    /// [`Condition::retry_kind`](crate::Condition::retry_kind).
    Throttled,
}

impl RetryKind {
    #[cfg(feature = "serde")]
    pub(crate) const ALL: [Self; 3] = [Self::Poll, Self::Transient, Self::Throttled];

    /// Returns the serialised name of the kind: `poll`, `transient` or `throttled`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Transient => "transient",
            Self::Throttled => "throttled",
        }
    }
}
