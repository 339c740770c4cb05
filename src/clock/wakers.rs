//! A set of wakers, each with its own key.

use core::mem;
use core::task::Waker;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[derive(Debug, Default)]
pub(crate) struct Wakers {
    by_place: BTreeMap<u64, Waker>,
    next: u64,
}

impl Wakers {
    /// Stores the waker at its place, or at a new one, and returns the previous waker: the caller drops it after
    /// releasing its lock, since a waker's destructor is foreign code.
    pub(crate) fn put(&mut self, place: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let place = *place.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.by_place.insert(place, waker)
    }

    /// Removes and returns the waker at this place.
    pub(crate) fn leave(&mut self, place: u64) -> Option<Waker> {
        self.by_place.remove(&place)
    }

    /// Removes all wakers, to be woken after the caller has released its lock.
    pub(crate) fn take(&mut self) -> Taken {
        Taken(mem::take(&mut self.by_place))
    }
}

/// Wakers that were removed from their set.
#[must_use = "these wakers are in no set any more: nothing else wakes them"]
pub(crate) struct Taken(BTreeMap<u64, Waker>);

impl Taken {
    /// Wakes all of them, even if some panic. The first panic then goes on.
    pub(crate) fn wake(self) {
        let mut panic = None;
        for waker in self.0.into_values() {
            // Nothing of this crate is borrowed while a waker runs, so a panic leaves nothing half-changed.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                panic.get_or_insert(payload);
            }
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}
