//! The virtual clock.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::vec::Vec;

use crate::clock::cancel::Cancel;
use crate::clock::wakers::{Taken, Wakers};
use crate::clock::{AsyncClock, BlockingClock, Entropy};

/// A virtual clock for tests, on which waiting takes no real time.
///
/// ```
/// use std::time::Duration;
/// use relent::{Jitter, Retry, TestClock};
///
/// let clock = TestClock::new();
/// let policy = Retry::expo().max_time(Duration::from_secs(10)).jitter(Jitter::None).clock(&clock);
/// policy.run(|| Err::<(), _>("down")).unwrap_err();
/// assert_eq!(clock.waits(), [1, 2, 4, 3].map(Duration::from_secs));
/// assert_eq!(clock.elapsed(), Duration::from_secs(10));
/// ```
///
/// It works for both `run` and `run_async`, and records every wait. Clones share one clock. The guide has a page on
/// [tests](crate::guide::testing).
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    elapsed: Duration,
    waits: Vec<Duration>,
    manual: bool,
    sleepers: Wakers,
    /// The number of consecutive waits that did not advance the clock.
    idle_waits: u32,
}

impl State {
    fn advance(&mut self, time: Duration) -> Taken {
        self.elapsed = self.elapsed.saturating_add(time);
        self.sleepers.take()
    }

    /// Records a wait and returns its end.
    fn begin_wait(&mut self, wait: Duration) -> Duration {
        self.waits.push(wait);
        let end = self.elapsed.saturating_add(wait);
        self.idle_waits = if end > self.elapsed { 0 } else { self.idle_waits + 1 };
        assert!(
            self.idle_waits < 1_000_000,
            "relent: a million waits in a row did not advance this clock. The policy's waits are zero and \
             its tries are not limited: on a real clock this is a loop without a pause"
        );
        end
    }
}

impl TestClock {
    /// Creates a clock that every wait advances immediately.
    ///
    /// A million consecutive waits that do not advance the clock make it panic, since such a run would never end.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a clock that only [`advance`](Self::advance) moves: waits last until it has moved far enough.
    ///
    /// ```
    /// # use std::future::Future;
    /// # use std::pin::pin;
    /// # use std::task::{Context, Waker};
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry, TestClock};
    ///
    /// let clock = TestClock::manual();
    /// let policy = Retry::expo().max_tries(2).jitter(Jitter::None).clock(&clock);
    /// let mut patient = pin!(policy.run_async(async || Err::<(), _>("down")));
    /// let mut context = Context::from_waker(Waker::noop());
    ///
    /// assert!(patient.as_mut().poll(&mut context).is_pending());
    /// clock.advance(Duration::from_millis(999));
    /// assert!(patient.as_mut().poll(&mut context).is_pending());
    /// clock.advance(Duration::from_millis(1));
    /// assert!(patient.as_mut().poll(&mut context).is_ready());
    /// ```
    #[must_use]
    pub fn manual() -> Self {
        let clock = Self::default();
        clock.state().manual = true;
        clock
    }

    /// Advances the clock, as a slow operation would, and ends the waits that are over.
    pub fn advance(&self, time: Duration) {
        let sleepers = self.state().advance(time);
        self.shared.moved.notify_all();
        sleepers.wake();
    }

    /// Returns the time on this clock, which starts at zero. Same as [`elapsed`](Self::elapsed).
    ///
    /// It is an inherent method, so that a call is not ambiguous if both [`BlockingClock`] and [`AsyncClock`] are in
    /// scope.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.elapsed()
    }

    /// Returns how much time has passed on this clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.state().elapsed
    }

    /// Returns every wait so far, including those on clones, in the order in which they began.
    #[must_use]
    pub fn waits(&self) -> Vec<Duration> {
        self.state().waits.clone()
    }

    fn block_for(&self, wait: Duration, is_cancelled: impl Fn() -> bool) {
        let mut state = self.state();
        let end = state.begin_wait(wait);
        if !state.manual {
            drop(state);
            return self.advance(wait);
        }
        while state.elapsed < end && !is_cancelled() {
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockingClock for TestClock {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn sleep(&self, wait: Duration) {
        self.block_for(wait, || false);
    }

    fn sleep_unless(&self, wait: Duration, cancel: &Cancel) {
        let mut place = cancel.place();
        if !place.wait(&Waker::from(Arc::clone(&self.shared))) {
            self.block_for(wait, || cancel.is_cancelled());
        }
    }
}

impl AsyncClock for TestClock {
    type Timer = TestTimer;

    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn timer(&self, wait: Duration) -> TestTimer {
        let mut state = self.state();
        let end = state.begin_wait(wait);
        let manual = state.manual;
        drop(state);
        if !manual {
            self.advance(wait);
        }
        TestTimer { clock: self.clone(), end, has_yielded: manual, place: None }
    }

    /// Unlike a wait between attempts, a timeout is not recorded in [`waits`](TestClock::waits) and does not advance
    /// the clock. It fires when something else has advanced it far enough.
    fn timeout(&self, after: Duration) -> TestTimer {
        let end = self.elapsed().saturating_add(after);
        TestTimer { clock: self.clone(), end, has_yielded: true, place: None }
    }
}

/// For tests on `wasm32-unknown-unknown`: the time on this clock, so that a test draws the same each time.
impl Entropy for TestClock {
    fn entropy(&self) -> u64 {
        u64::try_from(self.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Wakes blocked threads when a `Cancel` is cancelled, so that they check it.
impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        // With the lock taken once, no thread can be between its check and its wait, and miss the notification.
        drop(self.state.lock());
        self.moved.notify_all();
    }
}

/// The future of a wait on a [`TestClock`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct TestTimer {
    clock: TestClock,
    end: Duration,
    /// A wait that takes no real time still yields once, to let other tasks run as in a real wait.
    has_yielded: bool,
    place: Option<u64>,
}

impl Future for TestTimer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !core::mem::replace(&mut self.has_yielded, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let waker = context.waker().clone();
        let Self { clock, end, place, .. } = &mut *self;
        let mut state = clock.state();
        if state.elapsed >= *end {
            drop(state);
            return Poll::Ready(());
        }
        let replaced = state.sleepers.put(place, waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for TestTimer {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let left = self.clock.state().sleepers.leave(place);
            drop(left);
        }
    }
}
