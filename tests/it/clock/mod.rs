//! What clock?

mod cancel;
mod functions;
mod time;
mod tokio;
