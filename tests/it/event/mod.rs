//! What happened?

mod details;
mod line;
mod progress;
mod retry_kind;
mod target;
