//! Whether to retry?

mod budget;
