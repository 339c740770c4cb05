//! What is said of a run before it begins, and where a policy is kept.

mod clock;
mod describe;
mod inspect;
mod limits;
mod pairs;
mod pointers;
mod sharing;
