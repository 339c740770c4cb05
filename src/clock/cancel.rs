//! The handle that cancels runs.

use core::fmt;

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::vec::Vec;

use crate::clock::wakers::Wakers;

/// A handle that cancels runs, even in the middle of a wait: for example when a program shuts down.
///
/// ```
/// use std::thread;
/// use std::time::{Duration, Instant};
/// use relent::{Cancel, Retry, StopReason};
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
/// A cancelled run gives up with [`StopReason::Cancelled`](crate::StopReason::Cancelled) and returns its last outcome:
/// see [`Retry::cancelled_by`](crate::Retry::cancelled_by). Clones are handles to the same state. Cancelling cannot be
/// undone: create a new handle for new runs.
#[derive(Clone, Default)]
pub struct Cancel {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    // Outside the lock, so that a run that is not waiting only loads this flag.
    is_cancelled: AtomicBool,
    waiting: Mutex<Wakers>,
    cancelled: Condvar,
}

impl Cancel {
    /// Creates a handle that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels all runs whose policies are [`cancelled_by`](crate::Retry::cancelled_by) this handle.
    ///
    /// Their current waits end at once, and they begin no others. A blocking wait ends early only if the clock supports
    /// it, as the system clock does: see [`BlockingClock::sleep_unless`](crate::BlockingClock::sleep_unless).
    pub fn cancel(&self) {
        self.shared.cancel();
    }

    /// Returns whether [`cancel`](Self::cancel) was called on this handle or a clone of it.
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

    /// Blocks the thread until `wait` has passed or the handle is cancelled.
    #[cfg_attr(
        all(target_family = "wasm", target_os = "unknown"),
        expect(dead_code, reason = "only the system clock calls it")
    )]
    pub(crate) fn block_for(&self, wait: Duration) {
        let waiting = self.shared.lock();
        let is_waiting = |_: &mut Wakers| !self.is_cancelled();
        drop(self.shared.cancelled.wait_timeout_while(waiting, wait, is_waiting));
    }

    /// Creates a registration that has no waker yet.
    pub(crate) fn place(&self) -> Place {
        Place { cancel: self.clone(), place: None }
    }

    /// Creates a handle that is cancelled as soon as one of `cancels` is, while the returned places are alive.
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
        // Set under the lock, so that no wait can begin between this line and `take`.
        self.is_cancelled.store(true, Ordering::Release);
        let wakers = waiting.take();
        drop(waiting);
        self.cancelled.notify_all();
        wakers.wake();
    }
}

/// Lets a handle wait for another one: waking it cancels it.
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

/// A registration for being woken by a handle, removed on drop.
#[derive(Debug)]
pub(crate) struct Place {
    cancel: Cancel,
    place: Option<u64>,
}

impl Place {
    /// Registers the waker, in place of any earlier one. Returns `true` if the handle is cancelled already.
    pub(crate) fn wait(&mut self, waker: &Waker) -> bool {
        // Cloning or dropping a waker runs foreign code, so do neither while the lock is held.
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
