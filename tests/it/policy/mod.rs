//! What is said of a run before it begins, and where a policy is kept.

mod clock;
mod inspect;
mod limits;
mod pairs;
mod pointers;
mod sharing;
