//! The run option `explain`. The only file that names `thiserror`.

use core::fmt;
use core::time::Duration;

use crate::event::{Readable, StopReason, Tries};
use crate::policy::Retry;
use crate::run::End;
use crate::run::operation::Hidden;
use crate::run::options::Runner;
use crate::run::returns::{Return, Returns};
use crate::run::timeout::Unbounded;
use crate::sealed::Sealed;

/// # Run options: how and why a run ended
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Makes runs return how and why they ended, in a [`Succeeded`] or a [`RetryError`].
    ///
    /// ```
    /// use relent::{StopReason, Retry, TestClock};
    ///
    /// let policy = Retry::expo().max_tries(5).clock(TestClock::new());
    /// let error = policy.explain().run(|| Err::<(), _>("connection refused")).unwrap_err();
    /// assert_eq!((error.reason(), error.tries()), (StopReason::MaxTries, 5));
    /// assert_eq!(error.into_error(), Some("connection refused"));
    ///
    /// let succeeded = policy.explain().run(|| Ok::<_, &str>(7)).unwrap();
    /// assert_eq!((succeeded.value, succeeded.tries), (7, 1));
    /// ```
    ///
    /// The same works with `run_async`:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use relent::{StopReason, Retry};
    ///
    /// let policy = Retry::expo().max_time(Duration::from_secs(10));
    /// let error = policy.explain().run_async(async || Err::<(), _>("down")).await.unwrap_err();
    /// assert_eq!((error.reason(), error.elapsed()), (StopReason::MaxTime, Duration::from_secs(10)));
    /// # }
    /// ```
    ///
    /// A value that [`until`](Self::until) never accepted becomes an error.
    ///
    /// An error that your own [`Condition`](crate::Condition) accepts stays an error, with the reason
    /// [`NotRetryable`](StopReason::NotRetryable). Handlers are then notified of a success.
    pub const fn explain(&self) -> Runner<&Self, Hidden, Unbounded, Explained> {
        Runner::explaining(self)
    }

    /// Same as [`explain`](Self::explain), but owns the policy: for a `static` or a field.
    pub const fn into_explain(self) -> Runner<Self, Hidden, Unbounded, Explained> {
        Runner::explaining(self)
    }
}

impl<P> Runner<P, Hidden, Unbounded, Explained> {
    const fn explaining(policy: P) -> Self {
        Self { policy, visibility: Hidden, bound: Unbounded, returns: Explained }
    }
}

impl<P, V, B, X> Runner<P, V, B, X> {
    /// Same as [`Retry::explain`].
    pub fn explain(self) -> Runner<P, V, B, Explained> {
        self.with_returns(Explained)
    }
}

/// The result states how the run ended, in the type of a [`Retrying`](crate::future::Retrying).
#[derive(Clone, Copy, Debug)]
pub struct Explained;

impl Sealed for Explained {}

impl Returns for Explained {
    const NEEDS_ELAPSED: bool = true;
}

impl<T, E> Return<Result<T, E>> for Explained {
    type Value = T;
    type Error = E;
    type Output = Result<Succeeded<T>, RetryError<T, E>>;

    fn outcome(&self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    fn output(&self, outcome: Result<T, E>, end: End) -> Self::Output {
        let End { tries, elapsed, reason } = end;
        // A user's condition may accept an error, and then nothing is retried.
        let stats = RunStats { tries, elapsed, reason: reason.unwrap_or(StopReason::NotRetryable) };
        match outcome {
            Ok(value) if reason.is_none() => Ok(Succeeded { value, tries, elapsed }),
            Ok(value) => Err(RetryError::NotAccepted { value, stats }),
            Err(error) => Err(RetryError::Failed { error, stats }),
        }
    }
}

/// The value of a run that succeeded, with the number of attempts and the time: see [`Retry::explain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Succeeded<T> {
    /// What the last attempt returned.
    pub value: T,
    /// The number of attempts.
    pub tries: u32,
    /// The time from the start of the run to the end of the last attempt.
    pub elapsed: Duration,
}

/// Why a run gave up, and its last outcome: see [`Retry::explain`].
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use relent::{Jitter, Retry, TestClock};
///
/// fn connect() -> io::Result<()> {
///     Err(io::Error::other("connection refused"))
/// }
///
/// let policy = Retry::linear(Duration::from_secs(1)).jitter(Jitter::None).max_tries(5);
/// let policy = policy.clock(TestClock::new());
/// let error = anyhow::Error::from(policy.explain().run(connect).unwrap_err());
/// assert_eq!(
///     format!("{error:#}"),
///     "gave up after 5 tries in 10.0s (max tries): connection refused",
/// );
/// ```
///
/// The operation's error is its [`source`](core::error::Error::source), if it implements [`Error`](core::error::Error).
/// Other errors, such as `anyhow::Error` and `Box<dyn Error>`, are available from [`into_error`](Self::into_error).
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RetryError<T, E> {
    /// The last attempt failed.
    #[error("{stats}")]
    Failed {
        /// The error of the last attempt.
        #[source]
        error: E,
        /// When and why the run gave up.
        stats: RunStats,
    },
    /// The last attempt returned a value that [`Retry::until`] did not accept.
    #[error("{stats}: value not accepted")]
    NotAccepted {
        /// The value of the last attempt.
        value: T,
        /// When and why the run gave up.
        stats: RunStats,
    },
}

impl<T, E> RetryError<T, E> {
    /// Returns when and why the run gave up.
    #[must_use]
    pub const fn stats(&self) -> RunStats {
        match self {
            Self::Failed { stats, .. } | Self::NotAccepted { stats, .. } => *stats,
        }
    }

    /// Returns why the run gave up.
    #[must_use]
    pub const fn reason(&self) -> StopReason {
        self.stats().reason
    }

    /// Returns the number of attempts.
    #[must_use]
    pub const fn tries(&self) -> u32 {
        self.stats().tries
    }

    /// Returns the time from the start of the run to the end of the last attempt, or to the end of a wait that was cut
    /// short.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.stats().elapsed
    }

    /// Returns the error of the last attempt, if it failed.
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        self.into_outcome().err()
    }

    /// Returns what the last attempt returned, and when and why the run gave up.
    ///
    /// ```
    /// use anyhow::Context;
    /// use relent::{Retry, TestClock};
    ///
    /// fn load() -> anyhow::Result<u32> {
    ///     anyhow::bail!("connection refused")
    /// }
    ///
    /// let policy = Retry::expo().max_tries(5).clock(TestClock::new());
    /// let loaded: anyhow::Result<u32> = policy.explain().run(load).map(|done| done.value).or_else(|error| {
    ///     let (outcome, stats) = error.into_outcome_and_stats();
    ///     outcome.context(stats)
    /// });
    /// assert!(format!("{:#}", loaded.unwrap_err()).ends_with("(max tries): connection refused"));
    /// ```
    pub fn into_outcome_and_stats(self) -> (Result<T, E>, RunStats) {
        match self {
            Self::Failed { error, stats } => (Err(error), stats),
            Self::NotAccepted { value, stats } => (Ok(value), stats),
        }
    }

    /// Returns what the last attempt returned.
    ///
    /// # Errors
    ///
    /// Returns the error of the last attempt, if it failed.
    pub fn into_outcome(self) -> Result<T, E> {
        self.into_outcome_and_stats().0
    }
}

/// Shows the error, but not the value, which may lack `Debug`.
impl<T, E: fmt::Debug> fmt::Debug for RetryError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { error, stats } => {
                f.debug_struct("Failed").field("error", error).field("stats", stats).finish()
            }
            Self::NotAccepted { stats, .. } => {
                f.debug_struct("NotAccepted").field("stats", stats).finish_non_exhaustive()
            }
        }
    }
}

/// When and why a run gave up: the part of a [`RetryError`] besides the operation's error.
///
/// ```
/// use relent::{Retry, TestClock};
///
/// let policy = Retry::expo().max_tries(1).clock(TestClock::new());
/// let error = policy.explain().run(|| Err::<(), _>("down")).unwrap_err();
/// assert_eq!(error.stats().to_string(), "gave up after 1 try in 0s (max tries)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunStats {
    /// The number of attempts.
    pub tries: u32,
    /// The time from the start of the run to the end of the last attempt, or to the end of a wait that was cut short.
    pub elapsed: Duration,
    /// Why the run gave up.
    pub reason: StopReason,
}

impl fmt::Display for RunStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tries, elapsed, reason } = self;
        write!(f, "gave up after {} in {} ({reason})", Tries(*tries), Readable(*elapsed))
    }
}
