//! What is said of a run before it begins: limits, and where a policy is kept.

mod inspect;
mod limits;
mod sharing;
