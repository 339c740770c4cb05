//! `Progress`: the state of a run, kept to continue it elsewhere.

use core::time::Duration;

use super::kinds::RetryKind;

/// How far a run is: what to keep of one that outlives the call, as in a queue's message or a database row.
///
/// [`Retry::decide`](crate::Retry::decide) advances it, [`Retry::attempts_from`](crate::Retry::attempts_from) goes on
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
/// With the feature `serde` it can be serialised and deserialised, with times in seconds:
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
    /// The number of attempts that were made.
    pub tries: u32,
    /// The time since the run began.
    pub elapsed: Duration,
    /// The last wait, without what the other side asked for: some strategies compute the next one from it.
    pub last_wait: Duration,
    /// The kind of the last retry, if there was one.
    pub last_retry: Option<RetryKind>,
}

impl Progress {
    /// Creates the progress of a run with this many attempts.
    ///
    /// Set the other fields directly.
    #[must_use]
    pub const fn new(tries: u32) -> Self {
        Self { tries, elapsed: Duration::ZERO, last_wait: Duration::ZERO, last_retry: None }
    }
}
