//! A policy that records its events, and an operation that fails as often as a test wants.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::sync::LazyLock;

use relent::condition::AnyError;
use relent::event::Details;
use relent::observe::{Observe, Observed};
use relent::wait::Expo;
use relent::{Jitter, Retry, TestClock};

thread_local! {
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// Records every event of its thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorder;

impl<T, E> Observe<T, E> for Recorder {
    fn on_event(&self, details: &Details<'_, T, E>) {
        let Details { event, tries, elapsed, wait, last_wait, reason, .. } = details;
        let outcome = (details.value().is_some(), details.error().is_some());
        let event =
            format!("{event:?} {tries} {elapsed:?} {wait:?} {last_wait:?} {reason:?} {outcome:?}");
        EVENTS.with_borrow_mut(|events| events.push(event));
    }
}

pub(crate) type Noted = Retry<Expo, AnyError, Observed<(), Recorder>>;

pub(crate) static NOTED: LazyLock<Noted> = LazyLock::new(noted);

pub(crate) fn noted() -> Noted {
    Retry::expo().jitter(Jitter::None).max_tries(4).observe(Recorder)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("busy")
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for std::io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// Fails as often as the test wants, and then returns 7.
pub(crate) fn flaky() -> Result<u32, Fault> {
    FAILURES.with(|failures| match failures.get().checked_sub(1) {
        Some(left) => {
            failures.set(left);
            Err(Fault)
        }
        None => Ok(7),
    })
}

/// What one run shows.
pub(crate) type Story = (Vec<String>, bool);

fn story(failures: u32, run: impl FnOnce() -> bool) -> Story {
    FAILURES.set(failures);
    EVENTS.take();
    let is_ok = run();
    (EVENTS.take(), is_ok)
}

/// Compares runs with those of the builder: one that succeeds at once, one that succeeds later, and one that gives up.
pub(crate) fn same<T, E>(mut run: impl FnMut() -> Result<T, E>) {
    for failures in [0, 2, 9] {
        let told = |run: &mut dyn FnMut() -> bool| {
            let clock = TestClock::new();
            let _entered = clock.enter();
            (story(failures, run), clock.waits())
        };
        let expected = told(&mut || NOTED.run(flaky).is_ok());
        assert_eq!(told(&mut || run().is_ok()), expected, "{failures} failures");
    }
}

/// The same of futures, each in a task of its own.
pub(crate) fn same_spawned<T, E, F>(mut run: impl FnMut() -> F)
where
    T: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    same(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async { tokio::spawn(run()).await.unwrap() })
    });
}

/// The same of futures that need not be `Send`.
pub(crate) fn same_local<T, E, F: Future<Output = Result<T, E>>>(mut run: impl FnMut() -> F) {
    same(|| futures::executor::block_on(run()));
}
