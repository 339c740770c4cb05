//! `Progress`: the state of a run, stored to continue the run elsewhere.

use core::time::Duration;

use super::kinds::RetryKind;

/// The state of a run that outlives the call. Store it in a queue's message or a database row.
///
/// [`Retry::decide`](crate::Retry::decide) advances it, [`Retry::attempts_from`](crate::Retry::attempts_from) continues
/// from it, and [`Attempts::progress`](crate::run::Attempts::progress) returns it.
///
/// ```
/// use std::time::Duration;
/// use relent::Progress;
///
/// let mut progress = Progress::default();
/// assert_eq!(progress.tries, 0);
/// progress.elapsed = Duration::from_secs(3600); // an hour in the queue
/// ```
///
/// With the feature `serde`, you can serialise and deserialise it, with times in seconds:
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use relent::Progress;
///
/// let progress: Progress = serde_json::from_str(r#"{"tries":2,"elapsed":1.5}"#).unwrap();
/// assert_eq!((progress.tries, progress.elapsed.as_millis()), (2, 1500));
/// assert_eq!(
///     serde_json::to_string(&progress).unwrap(),
///     r#"{"tries":2,"elapsed":1.5,"last_wait":0.0,"last_retry":null}"#,
/// );
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Progress {
    /// The number of attempts so far.
    pub tries: u32,
    /// The time since the run began.
    pub elapsed: Duration,
    /// The last wait, without a wait that the server requested. Some strategies compute the next wait from it.
    pub last_wait: Duration,
    /// The kind of the last retry, if there was one.
    pub last_retry: Option<RetryKind>,
}

impl Progress {
    /// Creates the progress of a run after this many attempts.
    ///
    /// Set the other fields directly.
    #[must_use]
    pub const fn new(tries: u32) -> Self {
        Self { tries, elapsed: Duration::ZERO, last_wait: Duration::ZERO, last_retry: None }
    }
}
