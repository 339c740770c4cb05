//! Vectors of handlers, one for each kind of event, behind a lock.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::vec::Vec;

use crate::event::EventKind;

/// One vector of handlers for each kind of event.
pub(crate) type ByEvent<F> = [Vec<F>; EventKind::ALL.len()];

/// The vectors, shareable by threads.
pub(crate) struct Lists<F> {
    by_event: Mutex<ByEvent<F>>,
    /// The lengths of the vectors, which do not change once the policy is built: whether an event is wanted is
    /// known without the lock.
    counts: [usize; EventKind::ALL.len()],
    /// Which thread calls the handlers, 0 for none.
    caller: AtomicUsize,
}

impl<F> Lists<F> {
    /// One handler alone.
    pub(crate) fn start(event: EventKind, handler: F) -> Self {
        Self::push([const { Vec::new() }; EventKind::ALL.len()], event, handler)
    }

    /// The vectors with one handler more at the end of one of them.
    pub(crate) fn push(mut by_event: ByEvent<F>, event: EventKind, handler: F) -> Self {
        by_event[event.index()].push(handler);
        Self {
            counts: EventKind::ALL.map(|event| by_event[event.index()].len()),
            by_event: Mutex::new(by_event),
            caller: AtomicUsize::new(0),
        }
    }

    pub(crate) fn into_inner(self) -> ByEvent<F> {
        self.by_event.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(crate) fn count(&self, event: EventKind) -> usize {
        self.counts[event.index()]
    }

    /// Lends the handlers of one kind.
    ///
    /// # Panics
    ///
    /// If they are lent to this thread already: to wait for them would be a deadlock.
    pub(crate) fn with<R>(&self, event: EventKind, call: impl FnOnce(&mut [F]) -> R) -> R {
        std::thread_local! {
            static PLACE: u8 = const { 0 };
        }
        struct Caller<'a>(&'a AtomicUsize);
        impl Drop for Caller<'_> {
            #[inline]
            fn drop(&mut self) {
                self.0.store(0, Ordering::Relaxed);
            }
        }

        // No two living threads have this variable at the same place. Only this thread ever stores its own
        // place, so that it needs no ordering to see whether it has done so.
        let this_thread = PLACE.with(|place| core::ptr::from_ref(place).addr());
        let mut by_event = match self.by_event.try_lock() {
            Ok(by_event) => by_event,
            // A handler panicked in an earlier run, which is no reason not to call it in this one.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                assert!(
                    self.caller.load(Ordering::Relaxed) != this_thread,
                    "relent: a handler has run the policy that it belongs to. The policy's handlers \
                     are in use until this one returns; give the handler a policy of its own"
                );
                self.by_event.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        self.caller.store(this_thread, Ordering::Relaxed);
        // Dropped before the lock, also when a handler panics.
        let _caller = Caller(&self.caller);
        call(&mut by_event[event.index()])
    }
}
