//! The name of the operation.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::panic::Location;

/// The name of the operation, as events show it.
///
/// ```
/// use relent::{Retry, TestClock};
///
/// fn fetch_user() -> Result<u32, std::io::Error> {
///     Ok(7)
/// }
///
/// let mut names = Vec::new();
/// let policy = Retry::expo().clock(TestClock::new());
/// policy.clone().on_success(|d| names.push(d.target().to_string())).run(fetch_user)?;
/// policy.target("user 7").on_success(|d| names.push(d.target().to_string())).run(fetch_user)?;
/// assert!(names[0].ends_with("fetch_user"), "{names:?}");
/// assert_eq!(names[1], "user 7");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// By default, it is the path of the operation's function, or of the function that contains its closure. For a loop
/// that begins with [`Retry::attempts`](crate::Retry::attempts) or its like, it is the file and line of that call. Set
/// a name of your own with [`Retry::target`](crate::Retry::target).
#[derive(Clone, Copy)]
pub struct Target {
    // As the compiler spells it. Trimmed only when read, to keep a first try that succeeds fast.
    name: &'static str,
    /// The line of an in-line loop, whose name is a file. 0 for any other target.
    line: u32,
}

impl Target {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, line: 0 }
    }

    /// Names the target after the type of an operation.
    pub(crate) fn of<F: ?Sized>() -> Self {
        Self::new(core::any::type_name::<F>())
    }

    /// Names the target after a place in the code.
    pub(crate) const fn at(place: &'static Location<'static>) -> Self {
        Self { name: place.file(), line: place.line() }
    }

    /// Returns the name as a string slice. For a file and line, it is the file alone.
    ///
    /// ```
    /// # use relent::Details;
    /// let details: Details<'_, (), ()> = Details::new("fetch_user", 1);
    /// assert_eq!(details.target().as_str(), "fetch_user");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        let mut name = self.name;
        while let Some(outer) = name.strip_suffix("::{{closure}}") {
            name = outer;
        }
        name
    }
}

/// The operation as events show it: its name, and its arguments if they are shown.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) target: Target,
    pub(crate) args: Option<&'a dyn fmt::Debug>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.pad(self.as_str()),
            line => write!(f, "{}:{line}", self.as_str()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        (self.as_str(), self.line) == (other.as_str(), other.line)
    }
}

impl Eq for Target {}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.as_str(), self.line).hash(state);
    }
}

/// Compares with the text that `Display` writes.
impl PartialEq<str> for Target {
    fn eq(&self, other: &str) -> bool {
        match (self.line, other.strip_prefix(self.as_str())) {
            (_, None) => false,
            (0, Some(rest)) => rest.is_empty(),
            (line, Some(rest)) => {
                rest.strip_prefix(':').and_then(|rest| rest.parse().ok()) == Some(line)
            }
        }
    }
}

impl PartialEq<&str> for Target {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl AsRef<str> for Target {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
