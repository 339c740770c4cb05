//! The forms of a run, and what only some of them can do.

mod attempt;
mod attempts;
mod bounds;
mod by_hand;
mod decide;
mod dropped;
mod explain;
mod forms;
mod future;
mod nesting;
mod options;
mod preview;
mod spawned;
mod timeout;
