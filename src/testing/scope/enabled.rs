//! Scopes in which runs wait on a virtual clock. Runs check for one before they use their policy's own clock.

use core::cell::RefCell;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::vec::Vec;

use crate::clock::cancel::{Cancel, Place};
use crate::clock::cancellable::CancellableTimer;
use crate::clock::{AsyncClock, BlockingClock, TimerOutput};
use crate::error::checked_tries;
use crate::testing::clock::{TestClock, TestTimer};

std::thread_local! {
    /// The scopes that this thread is in, innermost last.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Debug)]
struct Scope {
    /// Identifies the scope among those of its thread.
    id: u64,
    clock: TestClock,
    most_tries: u32,
}

impl Scope {
    fn enter(scopes: &mut Vec<Self>, clock: &TestClock, most_tries: u32) -> Entered {
        let id = scopes.last().map_or(0, |outer| outer.id + 1);
        scopes.push(Self { id, clock: clock.clone(), most_tries });
        Entered { id, not_send: PhantomData }
    }
}

/// Reads this thread's innermost scope, if there is one.
fn current<R>(read: impl FnOnce(&Scope) -> R) -> Option<R> {
    // While a thread exits, the variable may be gone: then there is no scope.
    SCOPES.try_with(|scopes| scopes.borrow().last().map(read)).ok().flatten()
}

fn clock() -> Option<TestClock> {
    current(|scope| scope.clock.clone())
}

pub(crate) fn now(own: impl FnOnce() -> Duration) -> Duration {
    clock().map_or_else(own, |clock| clock.elapsed())
}

pub(crate) fn sleep<Z: BlockingClock>(own: &Z, wait: Duration) {
    let Some(clock) = clock() else {
        return own.sleep(wait);
    };
    let (cancel, _places) = Cancel::any_of(&own.cancels());
    clock.sleep_unless(wait, &cancel);
}

pub(crate) fn sleeping<Z: AsyncClock>(own: &Z, wait: Duration) -> Sleeping<Z::Timer> {
    let Some(clock) = clock() else {
        return Sleeping::Own { sleep: own.timer(wait) };
    };
    let (cancel, places) = Cancel::any_of(&own.cancels());
    let sleep = CancellableTimer::new(&cancel, || AsyncClock::timer(&clock, wait));
    Sleeping::Scoped { sleep: Box::pin(sleep), places }
}

pub(crate) fn timeout<Z: AsyncClock>(own: &Z, after: Duration) -> Sleeping<Z::Timer> {
    let Some(clock) = clock() else {
        return Sleeping::Own { sleep: own.timeout(after) };
    };
    let sleep = CancellableTimer::new(&Cancel::new(), || clock.timeout(after));
    Sleeping::Scoped { sleep: Box::pin(sleep), places: Vec::new() }
}

pub(crate) fn is_last_try(tries: u32) -> bool {
    current(|scope| tries >= scope.most_tries) == Some(true)
}

pin_project! {
    /// The future of a wait on the policy's own clock, or on that of a scope.
    #[project = SleepingProjection]
    #[derive(Debug)]
    pub enum Sleeping<W> {
        Own { #[pin] sleep: W },
        Scoped { sleep: Pin<Box<CancellableTimer<TestTimer>>>, places: Vec<Place> },
    }
}

impl<W: Future<Output: TimerOutput>> Future for Sleeping<W> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            SleepingProjection::Own { sleep } => sleep.poll(context).map(drop),
            SleepingProjection::Scoped { sleep, .. } => sleep.as_mut().poll(context).map(drop),
        }
    }
}

/// # Policies that a test cannot change
impl TestClock {
    /// Makes every run on this thread wait on this clock, whatever clock its policy has, until the guard is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// /// Somewhere deep in the code under test.
    /// fn load() -> Result<(), &'static str> {
    ///     static POLICY: Retry = Retry::expo().max_tries(100).max_wait(Duration::from_secs(3600));
    ///     POLICY.run(|| Err("down"))
    /// }
    ///
    /// let clock = TestClock::new();
    /// let scope = clock.enter().max_tries(3);
    /// assert_eq!(load(), Err("down")); // at once
    /// assert_eq!(clock.waits().len(), 2);
    /// drop(scope);
    /// ```
    ///
    /// Other threads are not affected. In async code use [`scope`](Self::scope). The guard is not `Send`: held across
    /// an `.await`, it would also affect other tasks on the thread.
    ///
    /// Scopes nest, and the innermost one applies. A run should end in the scope in which it began, since it reads the
    /// time from the clock of the current scope.
    pub fn enter(&self) -> Entered {
        SCOPES.with_borrow_mut(|scopes| Scope::enter(scopes, self, u32::MAX))
    }

    /// Makes every run inside this future wait on this clock, whatever clock its policy has.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use relent::{Retry, TestClock};
    ///
    /// async fn load() -> Result<(), &'static str> {
    ///     static POLICY: Retry = Retry::expo().max_tries(100).max_wait(Duration::from_secs(3600));
    ///     POLICY.run_async(async || Err("down")).await
    /// }
    ///
    /// let clock = TestClock::new();
    /// assert_eq!(clock.scope(load()).max_tries(3).await, Err("down")); // at once
    /// assert_eq!(clock.waits().len(), 2);
    /// # }
    /// ```
    ///
    /// Tasks that the future spawns are not affected. The timers of
    /// [`attempt_timeout`](crate::Retry::attempt_timeout) also run on this clock, and fire only when it advances. If
    /// the future is dropped, its destructors run in the scope too.
    pub fn scope<F>(&self, future: F) -> InScope<F> {
        InScope { clock: self.clone(), most_tries: u32::MAX, future: Some(future) }
    }
}

/// The guard of a scope, which lasts until the guard is dropped: see [`TestClock::enter`].
#[derive(Debug)]
#[must_use = "the scope ends when its guard is dropped"]
pub struct Entered {
    id: u64,
    /// The scope belongs to this thread.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    /// Limits every run in the scope to this many tries. A lower limit of its policy still applies.
    ///
    /// # Panics
    ///
    /// If `tries` is 0.
    #[track_caller]
    pub fn max_tries(self, tries: u32) -> Self {
        let most_tries = most_tries(tries);
        SCOPES.with_borrow_mut(|scopes| {
            for scope in scopes.iter_mut().filter(|scope| scope.id == self.id) {
                scope.most_tries = most_tries;
            }
        });
        self
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let left = SCOPES.try_with(|scopes| {
            let mut scopes = scopes.borrow_mut();
            let place = scopes.iter().position(|scope| scope.id == self.id)?;
            Some(scopes.remove(place))
        });
        drop(left);
    }
}

pin_project! {
    /// A future in a scope: see [`TestClock::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct InScope<F> {
        clock: TestClock,
        most_tries: u32,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // While a thread exits, there are no scopes any more.
            let _entered = SCOPES
                .try_with(|scopes| {
                    Scope::enter(&mut scopes.borrow_mut(), this.clock, *this.most_tries)
                })
                .ok();
            this.future.set(None);
        }
    }
}

impl<F> InScope<F> {
    /// Limits every run in the scope to this many tries. A lower limit of its policy still applies.
    ///
    /// # Panics
    ///
    /// If `tries` is 0.
    #[track_caller]
    pub fn max_tries(mut self, tries: u32) -> Self {
        self.most_tries = most_tries(tries);
        self
    }
}

#[track_caller]
fn most_tries(tries: u32) -> u32 {
    match checked_tries(tries) {
        Ok(tries) => tries.get(),
        Err(refused) => refused.panic(),
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.clock.enter().max_tries(*this.most_tries);
        // Only `drop` takes the future.
        this.future.as_pin_mut().map_or(Poll::Pending, |future| future.poll(context))
    }
}
