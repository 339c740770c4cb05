//! The guide: longer pages than an item's own documentation has room for.

#[doc = include_str!("_docs/handlers.md")]
pub mod handlers {}

#[doc = include_str!("_docs/from_python_backoff.md")]
pub mod from_python_backoff {}

#[doc = include_str!("_docs/conformance.md")]
pub mod conformance {}
