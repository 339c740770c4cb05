//! Runs that others may end: a handle, and the clock whose waits it cuts short.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::vec::Vec;

use pin_project_lite::pin_project;

use crate::clock::{AsyncSleep, Interruptible, Sleep};
use crate::retry::Retry;
use crate::wakers::Wakers;

/// Ends the waits of runs, from anywhere: for a program that shuts down.
///
/// ```
/// use std::thread;
/// use std::time::{Duration, Instant};
/// use relent::{Cancel, GiveUp, Retry};
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
/// assert_eq!((outcome, reason), (Err("down"), Some(GiveUp::Cancelled)));
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

    /// Ends all waits of all runs whose policies are [`cancelled_by`](Retry::cancelled_by) this.
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

/// A clock whose waits may be cut short: what [`Retry::cancelled_by`] makes of a policy's clock.
#[derive(Clone, Debug)]
pub struct Cancellable<Z> {
    clock: Z,
    cancel: Cancel,
}

/// # What clock: waits that others end
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Gives up as soon as this handle says so, in the middle of a wait too.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use relent::{Cancel, Retry};
    ///
    /// let shutdown = Cancel::new();
    /// let policy = Retry::constant(Duration::from_secs(3600)).cancelled_by(&shutdown);
    /// let task = tokio::spawn(policy.into_run_async(async || Err::<(), _>("down")));
    /// tokio::task::yield_now().await;
    /// shutdown.cancel();
    /// assert_eq!(task.await.unwrap(), Err("down"));
    /// # }
    /// ```
    ///
    /// The run tells [`GiveUp::Cancelled`](crate::GiveUp::Cancelled) and returns its last outcome,
    /// which is kept through the waits: to be spawned, a run needs a value and an error that are
    /// `Send`. An attempt is never interrupted, one whose beginning is told is made, and so is the first
    /// in any case, since a run has to return something. An outcome that is accepted is a success nevertheless.
    ///
    /// It wraps the policy's clock: say it after [`clock`](Self::clock), which would replace it. Said
    /// more than once, each of the handles cancels.
    pub fn cancelled_by(self, cancel: &Cancel) -> Retry<S, C, H, Cancellable<Z>> {
        self.map_clock(|clock| Cancellable { clock, cancel: cancel.clone() })
    }
}

impl<Z: Sleep> Sleep for Cancellable<Z> {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, wait: Duration) {
        self.clock.sleep_unless(wait, &self.cancel);
    }

    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        let (either, _places) = Cancel::any_of([&self.cancel, cancel]);
        self.clock.sleep_unless(wait, &either);
    }

    #[cfg(feature = "test-util")]
    fn cancels(&self) -> Vec<Cancel> {
        let mut cancels = self.clock.cancels();
        cancels.push(self.cancel.clone());
        cancels
    }

    fn is_cancelled(&self) -> Option<bool> {
        Some(self.cancel.is_cancelled() || self.clock.is_cancelled() == Some(true))
    }
}

impl<Z: AsyncSleep> AsyncSleep for Cancellable<Z> {
    type Sleep = CancellableSleep<Z::Sleep>;

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, wait: Duration) -> Self::Sleep {
        CancellableSleep::new(&self.cancel, || self.clock.sleep(wait))
    }

    #[cfg(feature = "test-util")]
    fn cancels(&self) -> Vec<Cancel> {
        let mut cancels = self.clock.cancels();
        cancels.push(self.cancel.clone());
        cancels
    }

    /// An attempt is not cancelled.
    fn timer(&self, after: Duration) -> Self::Sleep {
        CancellableSleep { sleep: Some(self.clock.timer(after)), place: None }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.clock.is_cancelled()
    }

    fn check(&self) {
        self.clock.check();
    }
}

pin_project! {
    /// A wait that may be cut short: that of [`Cancellable`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct CancellableSleep<W> {
        #[pin]
        sleep: Option<W>,
        place: Option<Place>,
    }
}

impl<W> CancellableSleep<W> {
    /// A wait that this handle cuts short, and that is not begun where it has done so already.
    pub(crate) fn new(cancel: &Cancel, sleep: impl FnOnce() -> W) -> Self {
        let sleep = (!cancel.is_cancelled()).then(sleep);
        Self { sleep, place: Some(cancel.place()) }
    }
}

impl<W: Future> Future for CancellableSleep<W> {
    type Output = Interruptible;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Interruptible> {
        let this = self.project();
        let is_cancelled = this.place.as_mut().is_some_and(|place| place.wait(context.waker()));
        let slept = |sleep: Pin<&mut W>| sleep.poll(context).is_ready();
        if is_cancelled || this.sleep.as_pin_mut().is_none_or(slept) {
            return Poll::Ready(Interruptible);
        }
        Poll::Pending
    }
}
