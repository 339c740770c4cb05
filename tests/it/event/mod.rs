//! What happened?

mod details;
mod progress;
mod retry_kind;
mod target;
