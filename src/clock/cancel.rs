//! Runs that others may end: the handle.

use core::fmt;

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::vec::Vec;

use crate::clock::wakers::Wakers;

/// Ends the waits of runs, from anywhere: for a program that shuts down.
///
/// ```
/// use std::thread;
/// use std::time::{Duration, Instant};
/// use relent::{Cancel, StopReason, Retry};
///
/// let shutdown = Cancel::new();
/// let policy = Retry::constant(Duration::from_secs(3600)).cancelled_by(&shutdown);
///
/// let mut reason = None;
/// let began = Instant::now();
/// let outcome = policy
///     .on_backoff(|_| {
///         let shutdown = shutdown.clone();
///         thread::spawn(move || shutdown.cancel());
///     })
///     .on_giveup(|d| reason = d.reason)
///     .run(|| Err::<(), _>("down"));
/// assert_eq!((outcome, reason), (Err("down"), Some(StopReason::Cancelled)));
/// assert!(began.elapsed() < Duration::from_secs(60));
/// ```
///
/// Its clones are the same handle. What it has cancelled stays so; make a new one for new runs.
#[derive(Clone, Default)]
pub struct Cancel {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    // Beside the lock, so that runs that do not wait only read it.
    is_cancelled: AtomicBool,
    waiting: Mutex<Wakers>,
    cancelled: Condvar,
}

impl Cancel {
    /// A handle that has cancelled nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all waits of all runs whose policies are [`cancelled_by`](crate::Retry::cancelled_by) this.
    pub fn cancel(&self) {
        self.shared.cancel();
    }

    /// Whether [`cancel`](Self::cancel) was called.
    ///
    /// ```
    /// # use relent::Cancel;
    /// let cancel = Cancel::new();
    /// assert!(!cancel.is_cancelled());
    /// cancel.clone().cancel();
    /// assert!(cancel.is_cancelled());
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Acquire)
    }

    /// Blocks the thread until `wait` has passed or `cancel` was called.
    pub(crate) fn block_for(&self, wait: Duration) {
        let waiting = self.shared.lock();
        let goes_on = |_: &mut Wakers| !self.is_cancelled();
        drop(self.shared.cancelled.wait_timeout_while(waiting, wait, goes_on));
    }

    /// A place among those who are woken by `cancel`.
    pub(crate) fn place(&self) -> Place {
        Place { cancel: self.clone(), place: None }
    }

    /// A handle that any of these cancels, as long as the places are held.
    pub(crate) fn any_of<'a>(cancels: impl IntoIterator<Item = &'a Self>) -> (Self, Vec<Place>) {
        let any = Self::new();
        let waker = Waker::from(Arc::clone(&any.shared));
        let mut places: Vec<_> = cancels.into_iter().map(Self::place).collect();
        if places.iter_mut().any(|place| place.wait(&waker)) {
            any.cancel();
        }
        (any, places)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wakers> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancel(&self) {
        let mut waiting = self.lock();
        // Under the lock, so that nobody begins to wait in between.
        self.is_cancelled.store(true, Ordering::Release);
        let wakers = waiting.take();
        drop(waiting);
        self.cancelled.notify_all();
        wakers.for_each(Waker::wake);
    }
}

/// A handle can wait for another: what wakes it cancels it.
impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.cancel();
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").field("is_cancelled", &self.is_cancelled()).finish()
    }
}

/// A place among those who are woken, left when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    cancel: Cancel,
    place: Option<u64>,
}

impl Place {
    /// Has this waker woken by `cancel`. Returns whether that was called already.
    pub(crate) fn wait(&mut self, waker: &Waker) -> bool {
        // What a waker does when it is cloned or dropped is foreign code, for which no lock is held.
        let waker = waker.clone();
        let mut waiting = self.cancel.shared.lock();
        if self.cancel.is_cancelled() {
            drop(waiting);
            return true;
        }
        let replaced = waiting.put(&mut self.place, waker);
        drop(waiting);
        drop(replaced);
        false
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let left = self.cancel.shared.lock().leave(place);
            drop(left);
        }
    }
}
