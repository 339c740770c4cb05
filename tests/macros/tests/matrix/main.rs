//! Signatures that `#[retry]` stands on, each with the events of the builder's form of the same policy.
//!
//! They are built in two editions, under lints that a strict project has: see `edition_2021`.
#![deny(warnings, clippy::pedantic)]

mod asynchronous;
mod blocking;
mod futures_in_boxes;
mod settings;
mod support;
mod traits;
