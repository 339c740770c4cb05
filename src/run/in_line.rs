//! The operation of a run whose attempts are made by other code.

use core::fmt;
use core::marker::PhantomData;

use crate::event::Target;
use crate::run::operation::{Attempt, Attempted, Needs, Operation};
use crate::sealed::Sealed;
use crate::trace::Trace;

/// Whether observers see arguments of a run that other code drives. Sealed: `()` and [`ShownArgs`].
pub trait ShowArgs: Sealed {
    /// The arguments, if observers see them.
    fn args(&self) -> Option<&dyn fmt::Debug>;

    /// The spans of the run, if it has any.
    fn trace(&self) -> Option<&Trace> {
        None
    }

    /// Same as `trace`, to change them.
    fn trace_mut(&mut self) -> Option<&mut Trace> {
        None
    }
}

impl ShowArgs for () {
    fn args(&self) -> Option<&dyn fmt::Debug> {
        None
    }
}

/// Arguments that observers see, in the type of [`Attempts`](crate::run::Attempts).
#[derive(Clone, Copy, Debug)]
pub struct ShownArgs<A>(pub(crate) A);

impl<A> Sealed for ShownArgs<A> {}

impl<A: fmt::Debug> ShowArgs for ShownArgs<A> {
    fn args(&self) -> Option<&dyn fmt::Debug> {
        Some(&self.0)
    }
}

impl<A: ShowArgs> ShowArgs for &mut A {
    fn args(&self) -> Option<&dyn fmt::Debug> {
        (**self).args()
    }

    fn trace(&self) -> Option<&Trace> {
        (**self).trace()
    }

    fn trace_mut(&mut self) -> Option<&mut Trace> {
        (**self).trace_mut()
    }
}

/// The operation of a run whose attempts are made by other code.
#[derive(Debug)]
pub struct InLine<T, E, A = ()> {
    pub(crate) target: Target,
    pub(crate) args: A,
    /// Whether the time is measured to the end of the run: because of `timed()`, or because something read the clock
    /// at its start.
    pub(crate) is_timed: bool,
    /// Whether no attempt is made at the deadline itself.
    pub(crate) leaves_time: bool,
    types: PhantomData<fn(T, E)>,
}

impl<T, E, A> InLine<T, E, A> {
    pub(crate) const fn new(target: Target, args: A) -> Self {
        Self { target, args, is_timed: false, leaves_time: false, types: PhantomData }
    }
}

impl<T, E, A> Sealed for InLine<T, E, A> {}

impl<T, E, A, Z> Attempted<Z> for InLine<T, E, A> {
    type Output = ();
}

impl<T, E, A: ShowArgs, Z> Operation<Z> for InLine<T, E, A> {
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) {}

    fn needs(&self) -> Needs {
        Needs { elapsed: self.is_timed, time_for_attempt: self.leaves_time }
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.args.args()
    }

    fn target(&self) -> Target {
        self.target
    }

    fn trace(&self) -> Option<&Trace> {
        self.args.trace()
    }

    fn trace_mut(&mut self) -> Option<&mut Trace> {
        self.args.trace_mut()
    }
}
