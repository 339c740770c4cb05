//! Handlers in place.

use core::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use crate::event::{Details, EventKind};
use crate::observe::{HandlerReturn, Observe};

/// A handler in place. Unlike those of a policy that is shared, it is not boxed.
pub struct On<F, O> {
    event: EventKind,
    handler: Mutex<F>,
    returns: PhantomData<fn() -> O>,
}

pub const fn on<F, O>(event: EventKind, handler: F) -> On<F, O> {
    On { event, handler: Mutex::new(handler), returns: PhantomData }
}

impl<T, E, F, O> Observe<T, E> for On<F, O>
where
    F: FnMut(&Details<'_, T, E>) -> O,
    O: HandlerReturn,
{
    fn on_event(&self, details: &Details<'_, T, E>) {
        (self.handler.lock().unwrap_or_else(PoisonError::into_inner))(details);
    }

    fn wants(&self, event: EventKind) -> bool {
        event == self.event
    }
}
