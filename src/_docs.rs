//! The guide: longer pages than an item's own documentation has room for.

#[doc = include_str!("_docs/recipes.md")]
pub mod recipes {}

#[doc = include_str!("_docs/dangers.md")]
pub mod dangers {}

#[doc = include_str!("_docs/handlers.md")]
pub mod handlers {}

#[doc = include_str!("_docs/testing.md")]
pub mod testing {}

#[doc = include_str!("_docs/compare.md")]
pub mod compare {}

#[doc = include_str!("_docs/from_python_backoff.md")]
pub mod from_python_backoff {}

#[doc = include_str!("_docs/conformance.md")]
pub mod conformance {}
