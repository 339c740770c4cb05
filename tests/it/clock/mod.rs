//! What clock?

mod cancel;
mod time;
mod tokio;
