//! What follows an attempt that other code makes.

use core::time::Duration;

use crate::event::{EventKind, StopReason};
use crate::run::Step;

/// What follows an attempt: see [`Attempts::decide`](crate::run::Attempts::decide).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The outcome is accepted. The run is over.
    ///
    /// It is an `Ok`, unless a [`Condition`](crate::Condition) of your own accepts errors.
    Done,
    /// Make the next attempt after this time.
    Backoff(Duration),
    /// Make no further attempt. The run is over.
    GiveUp(StopReason),
}

impl Decision {
    pub(crate) fn of(step: &Step) -> Self {
        match (step.event, step.reason) {
            (EventKind::Backoff, _) => Self::Backoff(step.wait()),
            (_, Some(reason)) => Self::GiveUp(reason),
            (_, None) => Self::Done,
        }
    }
}
