//! Arguments that carry the spans of a run which other code drives.

use core::borrow::BorrowMut;
use core::fmt;

use crate::run::in_line::ShowArgs;
use crate::sealed::Sealed;
use crate::trace::Trace;

/// Arguments of a run in spans, in the type of [`Attempts`](crate::run::Attempts). `A` is the part that observers see.
///
/// `S` is the spans, or a reference to them.
#[derive(Debug)]
pub struct TracedArgs<A = (), S = Trace> {
    args: A,
    spans: S,
}

impl<A, S> TracedArgs<A, S> {
    pub(crate) const fn new(args: A, spans: S) -> Self {
        Self { args, spans }
    }
}

impl<A, S> Sealed for TracedArgs<A, S> {}

impl<A: ShowArgs, S: BorrowMut<Trace>> ShowArgs for TracedArgs<A, S> {
    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.args.args()
    }

    fn trace(&self) -> Option<&Trace> {
        Some(self.spans.borrow())
    }

    fn trace_mut(&mut self) -> Option<&mut Trace> {
        Some(self.spans.borrow_mut())
    }
}
