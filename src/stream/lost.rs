//! The loss of a connection that reported no error.

use core::error::Error;
use core::fmt;
use core::time::Duration;

/// Why a connection counts as lost although it reported no error.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use relent::stream::Lost;
///
/// assert_eq!(Lost::Ended.to_string(), "the connection ended");
/// assert_eq!(Lost::Idle(Duration::from_secs(30)).to_string(), "the connection was idle for 30s");
/// assert_eq!(io::Error::from(Lost::Ended).kind(), io::ErrorKind::UnexpectedEof);
/// ```
///
/// A stream that [reconnects at the end](crate::stream::Reconnecting::reconnect_at_end) of a connection makes its error
/// from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The server ended the connection.
    Ended,
    /// Nothing arrived for this long: see [`idle_timeout`](crate::stream::Reconnecting::idle_timeout).
    Idle(Duration),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("the connection ended"),
            Self::Idle(time) => write!(f, "the connection was idle for {time:?}"),
        }
    }
}

impl Error for Lost {}

#[cfg(feature = "std")]
impl From<Lost> for std::io::Error {
    fn from(lost: Lost) -> Self {
        let kind = match lost {
            Lost::Ended => std::io::ErrorKind::UnexpectedEof,
            Lost::Idle(_) => std::io::ErrorKind::TimedOut,
        };
        Self::new(kind, lost)
    }
}
