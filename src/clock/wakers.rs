//! Those who are to be woken, each in a place of its own.

use core::mem;
use core::task::Waker;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Wakers {
    by_place: BTreeMap<u64, Waker>,
    next: u64,
}

impl Wakers {
    /// Puts the waker into its place, or into a new one. What was there is returned, since a waker's
    /// destructor is foreign code, to be called when no lock is held.
    pub(crate) fn put(&mut self, place: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let place = *place.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.by_place.insert(place, waker)
    }

    /// Leaves the place.
    pub(crate) fn leave(&mut self, place: u64) -> Option<Waker> {
        self.by_place.remove(&place)
    }

    /// All of them, to be woken when no lock is held.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Waker> + use<> {
        mem::take(&mut self.by_place).into_values()
    }
}
