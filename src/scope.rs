//! Scopes in which nothing really waits: what the drivers ask before they turn to a policy's own clock.
//!
//! Where the feature `test-util` is off they ask `no_scope.rs`, which knows of none.

use core::cell::RefCell;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

use crate::clock::{AsyncSleep, Sleep, Slept};
use crate::settings::checked_tries;
use crate::test_util::{TestClock, TestSleep};

std::thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

#[derive(Clone, Debug)]
struct Scope {
    clock: TestClock,
    most_tries: u32,
    /// How many scopes it is in.
    depth: usize,
}

/// Reads the scope that this thread is in, if it is in one.
fn current<R>(read: impl FnOnce(&Scope) -> R) -> Option<R> {
    // A thread that is ending is in no scope any more.
    CURRENT.try_with(|current| current.borrow().as_ref().map(read)).ok().flatten()
}

fn clock() -> Option<TestClock> {
    current(|scope| scope.clock.clone())
}

pub(crate) fn now(real: impl FnOnce() -> Duration) -> Duration {
    clock().map_or_else(real, |clock| clock.elapsed())
}

pub(crate) fn sleep(wait: Duration, real: impl FnOnce()) {
    clock().map_or_else(real, |clock| Sleep::sleep(&clock, wait));
}

pub(crate) fn sleeping<Z: AsyncSleep>(clock: &Z, wait: Duration) -> Sleeping<Z::Sleep> {
    Sleeping::new(|scoped| AsyncSleep::sleep(&scoped, wait), || clock.sleep(wait))
}

pub(crate) fn timer<Z: AsyncSleep>(clock: &Z, after: Duration) -> Sleeping<Z::Sleep> {
    Sleeping::new(|scoped| scoped.timer(after), || clock.timer(after))
}

pub(crate) fn check<Z: AsyncSleep>(own: &Z) {
    if clock().is_none() {
        own.check();
    }
}

pub(crate) fn is_last_try(tries: u32) -> bool {
    current(|scope| tries >= scope.most_tries) == Some(true)
}

pin_project! {
    /// A wait on the policy's own clock, or on that of a scope.
    #[project = SleepingProjection]
    #[derive(Debug)]
    pub enum Sleeping<W> {
        Own { #[pin] sleep: W },
        Scoped { sleep: TestSleep },
    }
}

impl<W> Sleeping<W> {
    fn new(scoped: impl FnOnce(TestClock) -> TestSleep, own: impl FnOnce() -> W) -> Self {
        match clock() {
            Some(clock) => Self::Scoped { sleep: scoped(clock) },
            None => Self::Own { sleep: own() },
        }
    }
}

impl<W: Future<Output: Slept>> Future for Sleeping<W> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            SleepingProjection::Own { sleep } => sleep.poll(context).map(drop),
            SleepingProjection::Scoped { sleep } => Pin::new(sleep).poll(context),
        }
    }
}

/// # Code under test whose policies are out of reach
impl TestClock {
    /// Has every run on this thread wait on this clock, whatever clock its policy has, until the
    /// guard is dropped.
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
    /// Threads and tasks that are begun inside of it are not in it. In async code use
    /// [`scope`](Self::scope): the guard cannot be sent, since held across an `await` it would be the
    /// scope of other tasks of the thread too.
    ///
    /// Scopes nest: the innermost one counts. Drop the guards in the reverse order. The waits of a
    /// [`manual`](Self::manual) clock are not cut short by a [`Cancel`](crate::Cancel) in a scope; the run
    /// gives up at its next outcome.
    pub fn enter(&self) -> Entered {
        let depth = current(|scope| scope.depth + 1).unwrap_or(0);
        let scope = Scope { clock: self.clone(), most_tries: u32::MAX, depth };
        Entered { outer: CURRENT.replace(Some(scope)), depth, not_send: PhantomData }
    }

    /// Has every run inside of this future wait on this clock, whatever clock its policy has.
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
    /// A task that is spawned inside of it is not in it. The timers of
    /// [`attempt_timeout`](crate::Retry::attempt_timeout) are this clock's too, and fire only when it
    /// is advanced.
    pub fn scope<F>(&self, future: F) -> InScope<F> {
        InScope { clock: self.clone(), most_tries: u32::MAX, future }
    }
}

/// A scope that lasts until this is dropped: see [`TestClock::enter`].
#[derive(Debug)]
#[must_use = "the scope ends when this is dropped"]
pub struct Entered {
    outer: Option<Scope>,
    depth: usize,
    /// It belongs to this thread.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    /// Ends every run inside of the scope after this many tries, if its policy does not sooner.
    ///
    /// # Panics
    ///
    /// When it is 0, and when another scope has been entered meanwhile.
    #[track_caller]
    pub fn max_tries(self, tries: u32) -> Self {
        let most_tries = most_tries(tries);
        CURRENT.with_borrow_mut(|current| match current {
            Some(scope) if scope.depth == self.depth => scope.most_tries = most_tries,
            _ => panic!("relent: `max_tries` belongs right behind `enter()`: this scope is not the innermost one"),
        });
        self
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let outer = self.outer.take();
        let inner = CURRENT.try_with(|current| current.replace(outer));
        drop(inner);
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
        future: F,
    }
}

impl<F> InScope<F> {
    /// Ends every run inside of the scope after this many tries, if its policy does not sooner.
    ///
    /// # Panics
    ///
    /// When it is 0.
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
        this.future.poll(context)
    }
}
