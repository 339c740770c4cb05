//! `Event`: an owned event, for channels, async handlers and serialisation.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::string::{String, ToString};
use std::vec::Vec;

use super::details::Details;
use super::kinds::{EventKind, StopReason};
use super::line::{Displayed, Line, Text};
use super::run_id::RunId;

/// An owned event, created from [`Details`] by [`Details::snapshot`].
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
/// The texts of the error, its causes and the arguments are not escaped. Each text ends with `…` after 1 KiB, which
/// limits the memory of an event. The event's `Display` writes the line of [`Details`].
///
/// With the feature `serde`, it implements `Serialize`, with `elapsed`, `wait`, `attempt_duration` and `retry_time` in
/// seconds. For example, as JSON:
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
///     r#"{"event":"backoff","target":"fetch","args":null,"tries":1,"elapsed":0.0,"wait":1.5,"error":"boom","not_accepted":false,"sources":[],"reason":null,"attempt_duration":null,"run":null,"depth":0,"retry_time":null}"#,
/// );
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The kind of event. Serialised as `event`.
    pub kind: EventKind,
    /// The name of the operation.
    pub target: String,
    /// The text of the arguments. `None` unless added with [`Event::with_args_of`].
    pub args: Option<String>,
    /// Same as [`Details::tries`].
    pub tries: u32,
    /// Same as [`Details::elapsed`].
    pub elapsed: Duration,
    /// The upcoming wait. `None` except for [`EventKind::Backoff`].
    pub wait: Option<Duration>,
    /// The text of the error, if there is one.
    pub error: Option<String>,
    /// Whether there is no error because the attempt returned a value that was not accepted.
    pub not_accepted: bool,
    /// The texts of the error's causes, nearest first. Empty unless added: see [`Event::with_sources_of`].
    pub sources: Vec<String>,
    /// Why the run gave up. `None` except for [`EventKind::GiveUp`].
    pub reason: Option<StopReason>,
    /// Same as [`Details::attempt_duration`]. Serialised in seconds.
    pub attempt_duration: Option<Duration>,
    /// Same as [`Details::run`]. Serialised as a number.
    pub run: Option<RunId>,
    /// Same as [`Details::depth`].
    pub depth: u32,
    /// Same as [`Details::retry_time`]. Serialised in seconds.
    pub retry_time: Option<Duration>,
}

impl Event {
    /// Adds the text of the arguments, if [`Retry::show_args`](crate::Retry::show_args) shows them.
    ///
    /// ```
    /// # use relent::Details;
    /// let details: Details<'_, (), &str> = Details::new("fetch", 1).with_args(&7);
    /// assert_eq!(details.snapshot().args, None);
    /// assert_eq!(details.snapshot().with_args_of(&details).args.as_deref(), Some("7"));
    /// ```
    ///
    /// Arguments may hold secrets, so an event contains them only if you call both `show_args` and this method.
    #[must_use]
    pub fn with_args_of<T, E>(mut self, details: &Details<'_, T, E>) -> Self {
        self.args = details.args().map(|args| Text::Debug(&args).owned());
        self
    }

    /// Adds the texts of this error's causes, but not of the error itself.
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
    ///
    /// Use it for errors such as `Box<dyn Error>`. For a type that implements [`Error`], use
    /// [`Details::snapshot_with_sources`].
    #[must_use]
    pub fn with_sources_of(mut self, error: &(dyn Error + 'static)) -> Self {
        self.sources = texts_of_sources(error.source());
        self
    }
}

fn texts_of_sources(first: Option<&(dyn Error + 'static)>) -> Vec<String> {
    let sources = core::iter::successors(first, |&error| error.source());
    sources.map(|source| Text::Display(&source).owned()).collect()
}

/// The line of the [`Details`] that the event was created from.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = Line {
            event: self.kind,
            tries: self.tries,
            wait: self.wait.unwrap_or_default(),
            reason: self.reason,
            target: &self.target,
            error: self.error.as_ref().map(|error| Text::Display(error)),
            has_value: self.not_accepted,
        };
        line.fmt(f)
    }
}

/// # Owned copies
impl<T, E> Details<'_, T, E> {
    /// Returns an owned copy, for example to send to another thread. See [`Event`] for an example.
    ///
    /// The copy omits the value, since it may lack `Clone`. It omits the arguments unless you add them with
    /// [`Event::with_args_of`].
    #[must_use]
    pub fn snapshot(&self) -> Event
    where
        E: Displayed,
    {
        self.owned(self.error().map(|error| Text::Display(error)))
    }

    /// Returns an owned copy with the text of the error's `Debug`, for errors that do not implement `Display`.
    ///
    /// ```
    /// # use relent::Details;
    /// #[derive(Debug)]
    /// struct Busy;
    ///
    /// let outcome: Result<(), Busy> = Err(Busy);
    /// let event = Details::new("fetch", 1).with_outcome(&outcome).snapshot_by_debug();
    /// assert_eq!(event.error.as_deref(), Some("Busy"));
    /// ```
    #[must_use]
    pub fn snapshot_by_debug(&self) -> Event
    where
        E: fmt::Debug,
    {
        self.owned(self.error().map(|error| Text::Debug(error)))
    }

    fn owned(&self, error: Option<Text<'_>>) -> Event {
        Event {
            kind: self.event,
            target: self.target().to_string(),
            args: None,
            tries: self.tries,
            elapsed: self.elapsed,
            wait: (self.event == EventKind::Backoff).then_some(self.wait),
            error: error.map(Text::owned),
            not_accepted: self.line(error).not_accepted(),
            sources: Vec::new(),
            reason: self.reason,
            attempt_duration: self.attempt_duration,
            run: self.run,
            depth: self.depth,
            retry_time: self.retry_time(),
        }
    }

    /// Returns an owned copy with the texts of the error's causes.
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
