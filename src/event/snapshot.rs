//! `Event`: an event that outlives the call, for channels, async handlers and other formats.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::string::{String, ToString};
use std::vec::Vec;

use super::details::Details;
use super::kinds::{EventKind, StopReason};

/// An event, owned: what [`Details::snapshot`] makes of [`Details`].
///
/// ```
/// use std::sync::mpsc;
/// use relent::{EventKind, Retry, TestClock};
///
/// let (sender, events) = mpsc::channel();
/// Retry::expo()
///     .max_tries(2)
///     .clock(TestClock::new())
///     .on_backoff(move |d| sender.send(d.snapshot()).unwrap())
///     .run(|| Err::<(), _>("connection refused"))
///     .unwrap_err();
///
/// let event = events.recv()?;
/// assert_eq!((event.kind, event.tries), (EventKind::Backoff, 1));
/// assert_eq!(event.error.as_deref(), Some("connection refused"));
/// # Ok::<(), mpsc::RecvError>(())
/// ```
///
/// With the feature `serde` it serialises, for example to JSON, with `elapsed` and `wait` in seconds:
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use std::time::Duration;
/// use relent::Details;
///
/// let outcome: Result<(), &str> = Err("boom");
/// let details = Details::new("fetch", 1).with_outcome(&outcome).with_wait(Duration::from_millis(1500));
/// assert_eq!(
///     serde_json::to_string(&details.snapshot()).unwrap(),
///     r#"{"event":"backoff","target":"fetch","args":null,"tries":1,"elapsed":0.0,"wait":1.5,"error":"boom","sources":[],"reason":null}"#,
/// );
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Which event it is. Serialised as `event`.
    pub kind: EventKind,
    /// What is retried, by name.
    pub target: String,
    /// The arguments' text, on request only: see [`Event::with_args_of`].
    pub args: Option<String>,
    /// As [`Details::tries`].
    pub tries: u32,
    /// As [`Details::elapsed`].
    pub elapsed: Duration,
    /// The wait that comes; `None` but for [`EventKind::Backoff`].
    pub wait: Option<Duration>,
    /// The error's text, where there is an error.
    pub error: Option<String>,
    /// The texts of what caused the error, nearest first: see [`Event::with_sources_of`].
    pub sources: Vec<String>,
    /// Why the run gave up, where it did.
    pub reason: Option<StopReason>,
}

impl Event {
    /// The same with the text of the arguments, where [`Retry::show_args`](crate::Retry::show_args)
    /// shows them. Arguments may hold secrets: it has to be said twice.
    ///
    /// ```
    /// # use relent::Details;
    /// let details: Details<'_, (), &str> = Details::new("fetch", 1).with_args(&7);
    /// assert_eq!(details.snapshot().args, None);
    /// assert_eq!(details.snapshot().with_args_of(&details).args.as_deref(), Some("7"));
    /// ```
    #[must_use]
    pub fn with_args_of<T, E>(mut self, details: &Details<'_, T, E>) -> Self {
        self.args = details.args().map(|args| std::format!("{args:?}"));
        self
    }

    /// The same with the chain of causes below this error.
    ///
    /// [`Details::snapshot_with_sources`] does it for an error type that is an
    /// [`Error`]; this is for a `Box<dyn Error>` and its like.
    ///
    /// ```
    /// use std::error::Error;
    /// use relent::{Details, Event};
    ///
    /// fn snapshot<T>(d: &Details<'_, T, Box<dyn Error + Send + Sync>>) -> Event {
    ///     let event = d.snapshot();
    ///     match d.error() {
    ///         Some(error) => event.with_sources_of(&**error),
    ///         None => event,
    ///     }
    /// }
    /// # let utf8: Box<dyn Error + Send + Sync> = "é".into();
    /// # let outcome: Result<(), _> = Err(utf8);
    /// # assert_eq!(snapshot(&Details::new("x", 1).with_outcome(&outcome)).sources, [""; 0]);
    /// ```
    #[must_use]
    pub fn with_sources_of(mut self, error: &(dyn Error + 'static)) -> Self {
        self.sources = texts_of_sources(error.source());
        self
    }
}

fn texts_of_sources(first: Option<&(dyn Error + 'static)>) -> Vec<String> {
    core::iter::successors(first, |&error| error.source()).map(ToString::to_string).collect()
}

/// # An event that outlives the call
impl<T, E: fmt::Display> Details<'_, T, E> {
    /// These details, owned: to send them to another thread, or to keep them.
    ///
    /// The value is left out, since it need not be `Clone`. See [`Event`].
    #[must_use]
    pub fn snapshot(&self) -> Event {
        Event {
            kind: self.event,
            target: self.target().to_string(),
            args: None,
            tries: self.tries,
            elapsed: self.elapsed,
            wait: (self.event == EventKind::Backoff).then_some(self.wait),
            error: self.error().map(ToString::to_string),
            sources: Vec::new(),
            reason: self.reason,
        }
    }

    /// The same with the chain of the error's causes.
    ///
    /// ```
    /// use std::{fmt, io};
    /// use relent::Details;
    ///
    /// #[derive(Debug)]
    /// struct Unreachable(io::Error);
    ///
    /// impl fmt::Display for Unreachable {
    ///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ///         f.write_str("database unreachable")
    ///     }
    /// }
    ///
    /// impl std::error::Error for Unreachable {
    ///     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
    ///         Some(&self.0)
    ///     }
    /// }
    ///
    /// let outcome: Result<(), _> = Err(Unreachable(io::Error::other("connection refused")));
    /// let event = Details::new("connect", 1).with_outcome(&outcome).snapshot_with_sources();
    /// assert_eq!(event.error.as_deref(), Some("database unreachable"));
    /// assert_eq!(event.sources, ["connection refused"]);
    /// ```
    #[must_use]
    pub fn snapshot_with_sources(&self) -> Event
    where
        E: Error,
    {
        Event { sources: texts_of_sources(self.error().and_then(Error::source)), ..self.snapshot() }
    }
}
