//! Handlers: boxed closures in vectors, one vector for each kind of event.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::boxed::Box;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::vec::Vec;

use crate::event::{Details, EventKind};
use crate::observe::Observed;
use crate::observe::chain::{Blocking, Chain, Cursor, Tell};

/// A handler as a policy keeps it.
pub(crate) type Handler<'h, T, E> = Box<dyn FnMut(&Details<'_, T, E>) + Send + 'h>;

/// Handlers, after those that were registered before them: what [`Retry::on_backoff`](crate::Retry::on_backoff) and its like
/// make of a policy's third parameter.
///
/// They are kept behind a lock that is held while they are called and at no other time, so that a
/// policy with handlers can be shared by threads. Runs that share them call them one at a time: a
/// slow handler holds up all of them. An [`Observe`](crate::Observe) has no lock.
pub struct Handlers<'h, T, E, P = ()> {
    pub(crate) previous: P,
    pub(crate) lists: Lists<Handler<'h, T, E>>,
}

impl<T, E, P: Chain> Chain for Handlers<'_, T, E, P> {
    type Pending = P::Pending;
}

impl<T, E, P: Tell<T, E>> Tell<T, E> for Handlers<'_, T, E, P> {
    fn wants(&self, event: EventKind) -> bool {
        self.previous.wants(event) || self.lists.has(event)
    }

    fn tell(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending> {
        let pending = self.previous.tell(details, cursor);
        if pending.is_none() && cursor.is_due() && self.lists.has(details.event) {
            self.lists.with(details.event, |handlers| {
                for handler in handlers {
                    handler(details);
                }
            });
        }
        pending
    }
}

impl<T, E, P: Blocking> Blocking for Handlers<'_, T, E, P> {}

impl<T, E, P: fmt::Debug> fmt::Debug for Handlers<'_, T, E, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lists.debug(&mut f.debug_struct("Handlers"), &self.previous)
    }
}

/// One list of handlers for each kind of event, shareable by threads.
pub(crate) struct Lists<F> {
    by_event: Mutex<[Vec<F>; 4]>,
    /// The lengths of the lists, which do not change once the policy is built: to know that nobody
    /// wants an event takes no lock.
    counts: [usize; 4],
    /// Which thread calls the handlers, 0 for none.
    caller: AtomicUsize,
}

impl<F> Lists<F> {
    /// The lists with one handler more at the end of one of them.
    pub(crate) fn push(mut lists: [Vec<F>; 4], event: EventKind, handler: F) -> Self {
        lists[event.index()].push(handler);
        Self {
            counts: [0, 1, 2, 3].map(|index| lists[index].len()),
            by_event: Mutex::new(lists),
            caller: AtomicUsize::new(0),
        }
    }

    /// One handler alone.
    pub(crate) fn start(event: EventKind, handler: F) -> Self {
        Self::push([const { Vec::new() }; 4], event, handler)
    }

    pub(crate) fn into_inner(self) -> [Vec<F>; 4] {
        self.by_event.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, event: EventKind) -> bool {
        self.counts[event.index()] > 0
    }

    /// Lends the handlers of one kind.
    ///
    /// # Panics
    ///
    /// When they are lent to this thread already: waiting for them would take for ever.
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

        // No two living threads have this variable at the same place. Only this thread ever stores
        // its own place, so that it needs no ordering to see whether it has done so.
        let this_thread = PLACE.with(|place| core::ptr::from_ref(place).addr());
        let mut lists = match self.by_event.try_lock() {
            Ok(lists) => lists,
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
        call(&mut lists[event.index()])
    }

    pub(crate) fn debug(
        &self,
        f: &mut fmt::DebugStruct<'_, '_>,
        previous: &dyn fmt::Debug,
    ) -> fmt::Result {
        let [on_try, on_success, on_backoff, on_giveup] = self.counts;
        f.field("previous", previous)
            .field("on_try", &on_try)
            .field("on_success", &on_success)
            .field("on_backoff", &on_backoff)
            .field("on_giveup", &on_giveup)
            .finish()
    }
}

/// A chain to which a handler can be added. Private: what a user sees of it is [`Retry::on_try`](crate::Retry::on_try)
/// and its like.
pub trait Append<'k, T, E> {
    /// The chain with the handler.
    type Output;

    /// Adds the handler at the end.
    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output;
}

/// Begins a new list of handlers at the end of a chain.
pub(crate) fn start<T, E, P>(
    previous: P,
    event: EventKind,
    handler: Handler<'_, T, E>,
) -> Handlers<'_, T, E, P> {
    Handlers { previous, lists: Lists::start(event, handler) }
}

impl<'k, T, E> Append<'k, T, E> for () {
    type Output = Handlers<'k, T, E>;

    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, T, E, P, O> Append<'k, T, E> for Observed<P, O> {
    type Output = Handlers<'k, T, E, Self>;

    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output {
        start(self, event, handler)
    }
}

impl<'k, 'h: 'k, T, E, P> Append<'k, T, E> for Handlers<'h, T, E, P> {
    type Output = Handlers<'k, T, E, P>;

    fn append(self, event: EventKind, handler: Handler<'k, T, E>) -> Self::Output {
        // Out of its lock, a list of handlers is also one of handlers that need not live as long.
        let lists: [Vec<Handler<'k, T, E>>; 4] = self.lists.into_inner();
        Handlers { previous: self.previous, lists: Lists::push(lists, event, handler) }
    }
}
