//! A retry configuration as the retry policies of workflow engines.
//!
//! No two engines can express the same. Each conversion therefore returns the engine's policy together with all that
//! differs, in words; a program that wants the same behaviour or none asks for [`Converted::exact`].

mod data;
mod engines;

pub use engines::{event_bridge, restate, step_functions, temporal};

use std::fmt;

use serde_json::Value;

/// The policy of an engine, and what of the configuration it does not express.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Converted {
    engine: &'static str,
    policy: Value,
    differences: Vec<String>,
}

impl Converted {
    /// The policy, if it behaves as the configuration does.
    ///
    /// # Errors
    ///
    /// If there is any difference: the error lists them all.
    pub fn exact(self) -> Result<Value, Inexpressible> {
        if self.differences.is_empty() {
            Ok(self.policy)
        } else {
            Err(Inexpressible { engine: self.engine, obstacles: self.differences })
        }
    }

    /// The policy that comes nearest.
    #[must_use]
    pub fn nearest(&self) -> &Value {
        &self.policy
    }

    /// What the nearest policy does otherwise, in words.
    #[must_use]
    pub fn differences(&self) -> &[String] {
        &self.differences
    }
}

/// What an engine cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inexpressible {
    engine: &'static str,
    obstacles: Vec<String>,
}

impl fmt::Display for Inexpressible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, obstacles } = self;
        write!(f, "the retry policy of {engine} cannot express this: {}", obstacles.join("; "))
    }
}

impl std::error::Error for Inexpressible {}
