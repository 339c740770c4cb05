//! What happened?

mod details;
mod progress;
mod target;
