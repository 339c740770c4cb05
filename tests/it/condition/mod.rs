//! Whether to retry?

mod budget;
mod filters;
