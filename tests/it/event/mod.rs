//! What happened?

mod details;
mod line;
mod progress;
mod retry_kind;
mod run_id;
mod target;
