//! What happened?

mod details;
mod target;
