//! How long to wait?

mod strategies;
