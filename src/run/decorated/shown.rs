//! The arguments that observers see.

use core::fmt;

use crate::run::in_line::ShowArgs;
use crate::sealed::Sealed;

/// Arguments that observers see, by name.
pub struct Shown<F>(pub F);

impl<F> Sealed for Shown<F> {}

impl<F: Fields> ShowArgs for Shown<F> {
    fn args(&self) -> Option<&dyn fmt::Debug> {
        Some(self)
    }
}

impl<F: Fields> fmt::Debug for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        self.0.show(&mut map);
        map.finish()
    }
}

/// An argument, and those before it.
///
/// `V` is a reference: `&mut` in async functions, since the future of a wait is then `Send` if the argument is.
pub struct Field<F, V>(pub F, pub &'static str, pub V);

/// A list of [`Field`]s.
pub trait Fields {
    /// Adds the fields to a map.
    fn show(&self, map: &mut fmt::DebugMap<'_, '_>);
}

/// An empty list. No unit, which lints would find where an argument is not there.
pub struct NoFields;

impl Fields for NoFields {
    fn show(&self, _: &mut fmt::DebugMap<'_, '_>) {}
}

impl<F: Fields, V: fmt::Debug> Fields for Field<F, V> {
    fn show(&self, map: &mut fmt::DebugMap<'_, '_>) {
        self.0.show(map);
        map.entry(&format_args!("{}", self.1), &self.2);
    }
}
