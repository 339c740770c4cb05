//! The spans of a run, through the `tracing` crate.

use core::mem;
use core::time::Duration;
use std::thread;
use tracing::field::Empty;
use tracing::instrument::{Instrument as _, Instrumented};
use tracing::{Span, info_span};

use crate::event::{EventKind, StopReason, Target};
use crate::nanos::millis;

/// The future of an attempt in its span.
pub(crate) type InSpan<A> = Instrumented<A>;

/// The spans of a run: one for the run, and one for each of its attempts.
#[derive(Debug)]
pub struct Trace {
    run: Span,
    /// Of the attempt that is being made.
    attempt: Span,
    tries: u32,
    /// The wait before the next attempt.
    wait: Option<Duration>,
    is_open: bool,
}

impl Trace {
    pub(crate) const fn new() -> Self {
        Self { run: Span::none(), attempt: Span::none(), tries: 0, wait: None, is_open: false }
    }

    /// Begins the span of a run, as a child of the current one, unless it has begun.
    pub(crate) fn begin(&mut self, target: Target, depth: u32) {
        if self.is_open {
            return;
        }
        let (name, shown) = (target.as_str(), tracing::field::display(target));
        let target: &dyn tracing::Value = match &name {
            Some(name) => name,
            None => &shown,
        };
        self.run = info_span!(
            target: "relent",
            "retry",
            // Not `target`: exporters give that attribute to each span themselves.
            operation = target,
            depth = (depth > 0).then_some(depth),
            tries = Empty,
            reason = Empty,
            otel.status_code = Empty,
        );
        self.is_open = true;
        self.tries = 0;
        self.wait = None;
    }

    /// Ends the spans of a run that starts anew.
    pub(crate) fn reset(&mut self) {
        self.end("reset", None);
        self.close();
    }

    /// Closes the span of a run that is over, when observers have been notified of its end.
    pub(crate) fn close(&mut self) {
        if !self.is_open {
            self.run = Span::none();
        }
    }

    /// Calls a function in the span of the run.
    pub(crate) fn within<R>(&self, function: impl FnOnce() -> R) -> R {
        self.run.in_scope(function)
    }

    /// Begins the span of an attempt.
    pub(crate) fn begin_attempt(&mut self, tries: u32) {
        // One whose outcome was not passed on.
        self.drop_attempt();
        self.tries = tries;
        let wait = self.wait.take();
        // Not by an explicit parent: if a filter hides the run's span, the current one is the parent.
        self.attempt = self.run.in_scope(|| {
            info_span!(
                target: "relent",
                "attempt",
                attempt = tries,
                resend_count = tries.checked_sub(1).filter(|resent| *resent > 0),
                wait_ms = wait.map(millis),
                outcome = Empty,
                otel.status_code = Empty,
            )
        });
    }

    /// Calls a function in the span of the attempt.
    pub(crate) fn within_attempt<R>(&mut self, function: impl FnOnce() -> R) -> R {
        let attempt = self.attempt.clone();
        self.guard(|| attempt.in_scope(function))
    }

    /// Calls code of the operation. If it panics, the run is over.
    pub(crate) fn guard<R>(&mut self, function: impl FnOnce() -> R) -> R {
        let panics = Panics(self);
        let returned = function();
        mem::forget(panics);
        returned
    }

    /// Puts a future into the span of the attempt.
    pub(crate) fn instrument<A>(&self, attempt: A) -> InSpan<A> {
        attempt.instrument(self.attempt.clone())
    }

    /// Ends an attempt that is not finished.
    pub(crate) fn drop_attempt(&mut self) {
        self.end_attempt("dropped", None);
    }

    /// Ends the run, since code of the operation panicked.
    fn panicked(&mut self) {
        self.end("panicked", ERROR);
    }

    /// Records what follows an attempt.
    pub(crate) fn judged(
        &mut self,
        event: EventKind,
        tries: u32,
        wait: Duration,
        reason: Option<StopReason>,
    ) {
        self.tries = tries;
        match event {
            EventKind::Try => {}
            EventKind::Backoff => {
                self.end_attempt("failure", ERROR);
                self.wait = Some(wait);
            }
            EventKind::Success => {
                self.end_attempt("success", None);
                self.end_run(None, Some("OK"));
            }
            EventKind::GiveUp => {
                self.end_attempt("failure", ERROR);
                self.end_run(reason.map(StopReason::name), ERROR);
            }
        }
    }

    /// Ends the spans of a run that has no outcome.
    fn end(&mut self, how: &'static str, status: Option<&'static str>) {
        self.end_attempt(how, status);
        self.end_run(Some(how), status);
    }

    fn end_attempt(&mut self, outcome: &'static str, status: Option<&'static str>) {
        let attempt = mem::replace(&mut self.attempt, Span::none());
        attempt.record("outcome", outcome);
        record(&attempt, "otel.status_code", status);
    }

    fn end_run(&mut self, reason: Option<&'static str>, status: Option<&'static str>) {
        if mem::take(&mut self.is_open) {
            self.run.record("tries", self.tries);
            record(&self.run, "reason", reason);
            record(&self.run, "otel.status_code", status);
        }
    }
}

const ERROR: Option<&str> = Some("ERROR");

fn record(span: &Span, field: &'static str, value: Option<&'static str>) {
    if let Some(value) = value {
        span.record(field, value);
    }
}

/// A run that is dropped, or whose handler panicked.
impl Drop for Trace {
    fn drop(&mut self) {
        if thread::panicking() {
            self.panicked();
        } else {
            self.end("dropped", None);
        }
    }
}

/// Ends a run whose attempt panics.
struct Panics<'a>(&'a mut Trace);

impl Drop for Panics<'_> {
    fn drop(&mut self) {
        self.0.panicked();
    }
}
