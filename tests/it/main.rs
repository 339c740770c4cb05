//! What relent promises, tried from outside: through its public interface only.
//!
//! The folders are those of `src`: what concerns one of them is in the folder of that name, and the
//! rest is here. Nothing here sleeps for real. `support` plays one script of outcomes through every
//! driver and insists that all of them tell the same story.

mod auto_traits;
mod beyond_one_process;
mod clock;
mod condition;
#[cfg(feature = "serde")]
mod config;
mod conformance;
mod defects;
mod differential;
mod event;
mod guide;
#[cfg(feature = "headers")]
mod headers;
mod inference;
mod observe;
mod policy;
mod reference;
mod run;
mod service;
mod stream;
mod support;
mod testing;
mod wait;
