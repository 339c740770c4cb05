//! Why a request failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use relent::TimedOut;
use relent::headers::Advice;
use reqwest::{Method, Response, StatusCode};

/// Why a request failed: the error of a run, and what handlers see of each attempt that failed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use relent_reqwest::RequestBuilderExt;
/// use relent_reqwest::relent::Retry;
///
/// static API: Retry = Retry::expo().max_tries(1);
///
/// let client = reqwest::Client::new();
/// # let client = reqwest::Client::builder().no_proxy().build().unwrap();
/// let error = client.get("http://127.0.0.1:9/users?token=secret").retry(&API).await.unwrap_err();
/// assert!(error.is_connect());
/// assert_eq!(error.to_string(), "GET 127.0.0.1:9: cannot connect");
/// # }
/// ```
///
/// Its text has the request's method and host, and neither its path nor its query, which may hold secrets. The causes are
/// its [`source`](std::error::Error::source), an error of reqwest's without the URL; `{error:#}` writes them too.
///
/// Handlers and observers also see answers here that are worth a retry, such as 503: see [`status`](Self::status). A run
/// returns its last answer in an `Ok`, and never in an error.
pub struct Error(Box<Inner>);

struct Inner {
    request: Option<Described>,
    kind: Kind,
    is_retryable: bool,
    wait: Option<Duration>,
}

enum Kind {
    Request(reqwest::Error),
    Answer(Response),
    Deadline(TimedOut),
    Stream,
    Again,
}

/// What events may show of a request.
#[derive(Clone)]
pub(crate) struct Described {
    method: Method,
    host: Option<Arc<str>>,
}

impl Described {
    pub(crate) fn of(request: &reqwest::Request) -> Self {
        let url = request.url();
        let host = url.host_str().map(|host| match url.port() {
            Some(port) => format!("{host}:{port}").into(),
            None => host.into(),
        });
        Self { method: request.method().clone(), host }
    }
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.host.as_deref().unwrap_or("without a host"))
    }
}

impl fmt::Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    fn new(request: Option<&Described>, kind: Kind) -> Self {
        Self(Box::new(Inner { request: request.cloned(), kind, is_retryable: false, wait: None }))
    }

    pub(crate) fn of_request(request: Option<&Described>, error: reqwest::Error) -> Self {
        let is_retryable =
            !(error.is_builder() || error.is_redirect() || error.is_status() || error.is_upgrade());
        let mut error = Self::new(request, Kind::Request(error.without_url()));
        error.0.is_retryable = is_retryable;
        error
    }

    /// The answer, unless it is worth a retry.
    pub(crate) fn of_answer(request: &Described, answer: Response) -> Result<Response, Self> {
        // The headers of most answers need not be read.
        if !(answer.status().is_client_error() || answer.status().is_server_error()) {
            return Ok(answer);
        }
        let advice = relent::headers::advice(answer.headers());
        let status = answer.status().as_u16();
        let is_retryable = advice.allows_retry(status);
        // What the server itself refuses to see again is a failure too, and not a success.
        let is_refused = advice == Advice::Stop && Advice::Nothing.allows_retry(status);
        if !(is_retryable || is_refused) {
            return Ok(answer);
        }
        let mut error = Self::new(Some(request), Kind::Answer(answer));
        error.0.is_retryable = is_retryable;
        error.0.wait = advice.wait();
        Err(error)
    }

    pub(crate) fn of_deadline(request: &Described, timed_out: TimedOut) -> Self {
        Self::new(Some(request), Kind::Deadline(timed_out))
    }

    pub(crate) fn of_stream(request: &Described) -> Self {
        Self::new(Some(request), Kind::Stream)
    }

    pub(crate) fn sent_again(request: &Described) -> Self {
        Self::new(Some(request), Kind::Again)
    }

    pub(crate) fn retryable_if(mut self, may_repeat: bool) -> Self {
        self.0.is_retryable &= may_repeat;
        self
    }

    pub(crate) fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    pub(crate) fn wait(&self) -> Option<Duration> {
        self.0.wait
    }

    /// The last answer is the result of a run.
    pub(crate) fn into_result(self) -> Result<Response, Self> {
        let Inner { request, kind, is_retryable, wait } = *self.0;
        match kind {
            Kind::Answer(answer) => Ok(answer),
            kind => Err(Self(Box::new(Inner { request, kind, is_retryable, wait }))),
        }
    }

    /// Returns the request's method, unless the request could not even be built.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.0.request.as_ref().map(|request| &request.method)
    }

    /// Returns the request's host, with the port if the URL has one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.request.as_ref()?.host.as_deref()
    }

    /// Returns the status of the answer, for handlers and conditions: an error that a run returns has none.
    ///
    /// ```
    /// use relent_reqwest::relent::Retry;
    /// use relent_reqwest::Error;
    ///
    /// let policy = Retry::expo().retry_if(|e: &Error| e.status().is_none_or(|status| status != 500));
    /// # let _ = policy.max_tries(3);
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(Response::status)
    }

    /// Returns the answer, whose headers a handler may read. Its URL may hold secrets.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match &self.0.kind {
            Kind::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    /// Returns the error of reqwest's, without the URL.
    #[must_use]
    pub fn reqwest_error(&self) -> Option<&reqwest::Error> {
        match &self.0.kind {
            Kind::Request(error) => Some(error),
            _ => None,
        }
    }

    /// Returns whether an attempt took longer than the request's or the client's timeout, or the run longer than the policy's
    /// `max_time`.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Deadline(_))
            || self.reqwest_error().is_some_and(reqwest::Error::is_timeout)
    }

    /// Returns whether no connection was made, so that the request was not sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.reqwest_error().is_some_and(reqwest::Error::is_connect)
    }

    /// Returns whether the request was refused before the first attempt, since its body is a stream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.0.kind, Kind::Stream)
    }

    fn text(&self) -> &'static str {
        match &self.0.kind {
            Kind::Answer(_) => "an answer",
            Kind::Deadline(_) => "no time is left",
            Kind::Stream => "the body is a stream, which cannot be sent twice",
            Kind::Again => "the request is not safe to send again",
            Kind::Request(error) if error.is_connect() && error.is_timeout() => {
                "timed out while connecting"
            }
            Kind::Request(error) if error.is_connect() => "cannot connect",
            Kind::Request(error) if error.is_timeout() => "timed out",
            Kind::Request(error) if error.is_builder() => "the request is not valid",
            Kind::Request(error) if error.is_redirect() => "too many redirects",
            Kind::Request(error) if error.is_body() || error.is_decode() => "the body broke off",
            Kind::Request(_) => "the connection broke",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(request) = &self.0.request {
            write!(f, "{request}: ")?;
        }
        match self.status() {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str(self.text())?,
        }
        let mut cause = std::error::Error::source(self).filter(|_| f.alternate());
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&format_args!("{self:#}")).finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Request(error) => Some(error),
            Kind::Deadline(timed_out) => Some(timed_out),
            _ => None,
        }
    }
}
