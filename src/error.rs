//! The error of an invalid setting.

use core::error::Error;
use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

/// The error for an invalid setting, such as zero tries or a factor that is not a number.
///
/// ```
/// use relent::Retry;
///
/// let from_file = 0;
/// let refused = Retry::expo().try_max_tries(from_file).unwrap_err();
/// assert_eq!(refused.to_string(), "max_tries must be at least 1; for no limit use `forever()`");
/// ```
///
/// It is returned by the builder's `try_` setters, which are meant for configuration that is read at run time. The
/// other setters panic with the same text. In a `const` or `static`, that is a compile error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSetting {
    message: &'static str,
}

impl InvalidSetting {
    pub(crate) const fn new(message: &'static str) -> Self {
        Self { message }
    }

    /// Panics with the same text that the `try_` setter returns.
    #[track_caller]
    pub(crate) const fn panic(self) -> ! {
        panic!("{}", self.message)
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl Error for InvalidSetting {}

/// Returns a limit on the number of attempts, unless it is zero.
pub(crate) const fn checked_tries(tries: u32) -> Result<NonZeroU32, InvalidSetting> {
    match NonZeroU32::new(tries) {
        Some(tries) => Ok(tries),
        None => {
            Err(InvalidSetting::new("max_tries must be at least 1; for no limit use `forever()`"))
        }
    }
}

/// Returns a wait, unless it is zero: retries would follow each other without a pause.
pub(crate) const fn checked_wait(
    wait: Duration,
    message: &'static str,
) -> Result<Duration, InvalidSetting> {
    if wait.is_zero() { Err(InvalidSetting::new(message)) } else { Ok(wait) }
}
