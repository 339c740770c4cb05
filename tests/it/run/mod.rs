//! The forms of a run, and what only some of them can do.

mod attempts;
mod explain;
mod future;
mod options;
mod timeout;
