//! What clock?

mod cancel;
