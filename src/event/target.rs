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
/// By default, it is the path of the operation's function, or of the function that contains its closure, without
/// generic arguments: `app::fetch` for `app::fetch<Http>`, `<app::Client as app::Fetch>::fetch` for a trait's method.
/// An operation without a name, such as a function pointer or a `Box<dyn FnMut() -> ..>`, is called `operation`. For a
/// loop from a method such as [`Retry::attempts`](crate::Retry::attempts), it is the file and line of that call. Set
/// another name with [`Retry::target`](crate::Retry::target).
///
/// Use its `Display` for labels and keys, as all observers of this crate do. A default name is as stable as the paths
/// in your code: it does not depend on generic arguments or return types.
#[derive(Clone, Copy)]
pub struct Target {
    // As the compiler writes it. Trimmed only when read, to keep a successful first try fast.
    name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name that is shown unchanged, except for closures at its end.
    Given,
    /// The name of a type.
    Type,
    /// The name of a file, shown with the line.
    Line(u32),
}

const CLOSURE: &str = "::{{closure}}";

/// The name of an operation without a name.
const UNNAMED: &str = "operation";

impl Target {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, kind: Kind::Given }
    }

    /// Names the target after the type of an operation.
    pub(crate) fn of<F: ?Sized>() -> Self {
        Self { name: core::any::type_name::<F>(), kind: Kind::Type }
    }

    /// Names the target after a location in the code.
    pub(crate) const fn at(place: &'static Location<'static>) -> Self {
        Self { name: place.file(), kind: Kind::Line(place.line()) }
    }

    /// Returns the name, if it is one string slice.
    ///
    /// ```
    /// # use relent::Details;
    /// let details: Details<'_, (), ()> = Details::new("fetch_user", 1);
    /// assert_eq!(details.target().as_str(), Some("fetch_user"));
    /// ```
    ///
    /// Returns `None` for a file and line, and for a default name with generic arguments in its middle, such as
    /// `app::Client<Http>::fetch`. To get the name in every case, use `Display` or `Cow::from(target)`.
    #[must_use]
    pub fn as_str(&self) -> Option<&'static str> {
        let mut parts = self.parts();
        let first = parts.next().unwrap_or_default();
        match (self.kind, parts.next()) {
            (Kind::Line(_), _) | (_, Some(_)) => None,
            _ => Some(first),
        }
    }

    /// The visible parts of the name, without the line.
    fn parts(&self) -> Parts {
        let mut name = self.name;
        match self.kind {
            Kind::Type => name = named(name),
            _ => {
                while let Some(outer) = name.strip_suffix(CLOSURE) {
                    name = outer;
                }
            }
        }
        Parts { name, at: 0, is_type: self.kind == Kind::Type }
    }

    /// The text that `Display` writes.
    fn bytes(&self) -> impl Iterator<Item = u8> {
        let mut suffix = [0; 11];
        if let Kind::Line(mut line) = self.kind {
            for place in suffix.iter_mut().rev() {
                if line == 0 {
                    *place = b':';
                    break;
                }
                *place = b"0123456789"[line as usize % 10];
                line /= 10;
            }
        }
        self.parts().flat_map(str::bytes).chain(suffix.into_iter().skip_while(|byte| *byte == 0))
    }
}

/// Returns the path in a type's name, behind references and boxes.
fn named(mut name: &'static str) -> &'static str {
    let inner = |name: &'static str| {
        let boxed = || name.strip_prefix("alloc::boxed::Box<")?.strip_suffix('>');
        name.strip_prefix("&mut ").or_else(|| name.strip_prefix('&')).or_else(boxed)
    };
    while let Some(inner) = inner(name) {
        name = inner;
    }
    // A type without a name begins with a word that no `::` follows, as in `fn() -> u8` or `dyn Fn()`, or with no word.
    let word = name.find([' ', '(', '[', '<', '*', ':']).unwrap_or(name.len());
    let is_path = word > 0 && name[word..].starts_with("::");
    if is_path || name.starts_with('<') { name } else { UNNAMED }
}

/// The parts of a name. For a type, they exclude generic arguments and closures.
struct Parts {
    name: &'static str,
    at: usize,
    is_type: bool,
}

impl Parts {
    /// Returns the length of the text to omit at this place.
    fn omitted(&self, at: usize) -> usize {
        let (before, rest) = self.name.split_at(at);
        if rest.starts_with(CLOSURE) {
            CLOSURE.len()
        // Otherwise it opens `<T as Trait>` or `<impl Trait for T>`.
        } else if rest.starts_with('<')
            && before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            length_of_generics(rest.as_bytes())
        } else {
            0
        }
    }
}

impl Iterator for Parts {
    type Item = &'static str;

    fn next(&mut self) -> Option<&'static str> {
        if !self.is_type {
            self.is_type = true;
            let name = core::mem::take(&mut self.name);
            return (!name.is_empty()).then_some(name);
        }
        loop {
            match self.omitted(self.at) {
                0 => break,
                omitted => self.at += omitted,
            }
        }
        let rest = &self.name[self.at..];
        let mut places = rest.char_indices().map(|(place, _)| place).skip(1);
        let end = places.find(|place| self.omitted(self.at + place) > 0).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }
}

/// Returns the length of `<..>` at the beginning. The arrow of `fn() -> u8` and the characters `'<'` and `'>'` do not
/// count.
fn length_of_generics(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        let before = at.checked_sub(1).map_or(b' ', |before| text[before]);
        match (before, byte, text.get(at + 1)) {
            (b'\'', b'<' | b'>', Some(b'\'')) | (b'-', b'>', _) => {}
            (_, b'<', _) => depth += 1,
            (_, b'>', _) if depth == 1 => return at + 1,
            (_, b'>', _) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// The operation as events show it: its name, and its arguments if shown.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) target: Target,
    pub(crate) args: Option<&'a dyn fmt::Debug>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.as_str() {
            return f.pad(name);
        }
        self.parts().try_for_each(|part| f.write_str(part))?;
        match self.kind {
            Kind::Line(line) => write!(f, ":{line}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Compares the texts that `Display` writes.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for Target {}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xff);
    }
}

/// Compares with the text that `Display` writes.
impl PartialEq<str> for Target {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl PartialEq<&str> for Target {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// Borrowed if [`Target::as_str`] returns the name, otherwise owned.
#[cfg(feature = "std")]
impl From<Target> for std::borrow::Cow<'static, str> {
    fn from(target: Target) -> Self {
        match target.as_str() {
            Some(name) => Self::Borrowed(name),
            None => Self::Owned(std::string::ToString::to_string(&target)),
        }
    }
}
