//! No spans: without the feature `tracing` no run has any.

use core::time::Duration;

use crate::event::{EventKind, StopReason, Target};

/// The spans of a run. There are none.
#[derive(Debug)]
pub enum Trace {}

impl Trace {
    pub(crate) fn begin(&mut self, _: Target, _: u32) {
        match *self {}
    }

    pub(crate) fn reset(&mut self) {
        match *self {}
    }

    pub(crate) fn close(&mut self) {
        match *self {}
    }

    pub(crate) fn within<R>(&self, _: impl FnOnce() -> R) -> R {
        match *self {}
    }

    pub(crate) fn begin_attempt(&mut self, _: u32) {
        match *self {}
    }

    pub(crate) fn within_attempt<R>(&mut self, _: impl FnOnce() -> R) -> R {
        match *self {}
    }

    pub(crate) fn drop_attempt(&mut self) {
        match *self {}
    }

    pub(crate) fn guard<R>(&mut self, _: impl FnOnce() -> R) -> R {
        match *self {}
    }

    pub(crate) fn judged(&mut self, _: EventKind, _: u32, _: Duration, _: Option<StopReason>) {
        match *self {}
    }
}
