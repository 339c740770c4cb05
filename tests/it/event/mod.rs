//! What happened?

mod details;
mod progress;
mod retry_kind;
mod run_id;
mod target;
