#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod request;

pub use error::Error;
pub use request::{Repeat, RequestBuilderExt, RetryRequest};

/// Policies, and everything else of the crate [`relent`](https://docs.rs/relent).
pub use relent;
