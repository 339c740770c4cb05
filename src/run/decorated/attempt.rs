//! The attempts of a retried function.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

use crate::run::in_attempt::InAttempt;
use crate::run::nesting::Inside;
use crate::run::traced_args::TracedArgs;
use crate::trace::Trace;

/// Calls the body of a function, which is a closure for the sake of `?` and `return`.
#[inline]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    body()
}

/// The same, in a span.
pub fn call_traced<R>(trace: &mut Trace, tries: u32, body: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    trace.begin_attempt(tries);
    trace.within_attempt(body)
}

pin_project! {
    /// The body of an async function.
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct Awaited<F> {
        #[pin]
        body: F,
    }
}

/// Makes the body of an async function an attempt.
#[inline]
pub fn awaited<F>(body: F) -> Awaited<F> {
    Awaited { body }
}

/// The same, in a span.
pub fn awaited_traced<F>(trace: &mut Trace, tries: u32, body: F) -> InAttempt<'_, (), F> {
    InAttempt::new(&(), Some(trace), tries, body)
}

impl<F: Future> Future for Awaited<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _inside = Inside::enter();
        self.project().body.poll(context)
    }
}

/// Adds the spans of a run to what observers see of an attempt.
pub fn traced<A>(trace: &mut Trace, args: A) -> TracedArgs<A, &mut Trace> {
    TracedArgs::new(args, trace)
}

/// The spans of a run.
#[cfg(feature = "tracing")]
pub fn spans(_: impl Sized) -> Trace {
    Trace::new()
}

/// The spans of a run, of which there are none without the feature.
#[cfg(not(feature = "tracing"))]
pub fn spans<N: Spans>(never: N) -> Trace {
    never.spans()
}

/// Implemented by nothing: its bound is the error of `traced` without the feature.
#[cfg(not(feature = "tracing"))]
#[diagnostic::on_unimplemented(
    message = "`traced` needs the feature `tracing` of relent",
    label = "this function is to have spans"
)]
pub trait Spans {
    /// The spans.
    fn spans(self) -> Trace;
}
