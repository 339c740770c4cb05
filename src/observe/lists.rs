//! Vectors of handlers, one per kind of event, behind a lock.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::vec::Vec;

use crate::event::EventKind;

/// One vector of handlers per kind of event.
pub(crate) type ByEvent<F> = [Vec<F>; EventKind::ALL.len()];

/// The vectors, which threads can share.
pub(crate) struct Lists<F> {
    by_event: Mutex<ByEvent<F>>,
    /// The lengths of the vectors, fixed once the policy is built. With them, no lock is needed to see whether an event
    /// is wanted.
    counts: [usize; EventKind::ALL.len()],
    /// The thread that is calling handlers, or 0.
    caller: AtomicUsize,
}

impl<F> Lists<F> {
    /// Returns lists that hold one handler.
    pub(crate) fn start(event: EventKind, handler: F) -> Self {
        Self::push([const { Vec::new() }; EventKind::ALL.len()], event, handler)
    }

    /// Adds a handler at the end of the vector for its kind of event.
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

    /// Calls a function with the handlers of one kind, under the lock.
    ///
    /// # Panics
    ///
    /// If this thread already holds the lock, since waiting for it would deadlock.
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

        // The variable's address identifies the thread among those alive. Only this thread stores its own address, so
        // relaxed ordering is enough to see whether it did.
        let this_thread = PLACE.with(|place| core::ptr::from_ref(place).addr());
        let mut by_event = match self.by_event.try_lock() {
            Ok(by_event) => by_event,
            // A handler panicked in an earlier run. The policy stays usable.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                assert!(
                    self.caller.load(Ordering::Relaxed) != this_thread,
                    "relent: a handler has run the policy that it belongs to. That policy's handlers \
                     are locked until the handler returns; give the handler a policy of its own"
                );
                self.by_event.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        self.caller.store(this_thread, Ordering::Relaxed);
        // Dropped before the lock is released, even if a handler panics.
        let _caller = Caller(&self.caller);
        call(&mut by_event[event.index()])
    }
}
