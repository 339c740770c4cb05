//! What is said of a setting that no policy can have.

use core::error::Error;
use core::fmt;
use core::num::NonZeroU32;

/// A setting that no policy can have, such as no tries at all or a factor that is not a number.
///
/// The builder's setters panic with this text, which in a `const` or `static` is a compile error;
/// their `try_` forms, meant for configuration that is read at run time, return it.
///
/// ```
/// use relent::Retry;
///
/// let from_file = 0;
/// let refused = Retry::expo().try_max_tries(from_file).unwrap_err();
/// assert_eq!(refused.to_string(), "max_tries must be at least 1; for no limit use `forever()`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSetting {
    message: &'static str,
}

impl InvalidSetting {
    pub(crate) const fn new(message: &'static str) -> Self {
        Self { message }
    }

    /// Refuses the setting: panics with the text that the `try_` form returns.
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

/// A limit on the number of attempts, unless it is none at all.
pub(crate) const fn checked_tries(tries: u32) -> Result<NonZeroU32, InvalidSetting> {
    match NonZeroU32::new(tries) {
        Some(tries) => Ok(tries),
        None => {
            Err(InvalidSetting::new("max_tries must be at least 1; for no limit use `forever()`"))
        }
    }
}
