//! The system clock's async side, on tokio's timer. This is the only file that uses tokio.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep};

use crate::clock::{AsyncClock, SystemClock};

pin_project! {
    /// The timer of [`SystemClock`] in async code: wraps tokio's [`Sleep`](tokio::time::Sleep).
    #[must_use = "futures do nothing unless they are awaited or polled"]
    #[derive(Debug)]
    pub struct SystemTimer {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = Projection]
    #[derive(Debug)]
    enum State {
        // The timer of an attempt, which most attempts never need.
        NotStarted { deadline: Option<Instant> },
        Sleeping { #[pin] sleep: Sleep },
    }
}

impl SystemTimer {
    #[cold]
    #[inline(never)]
    fn start(state: Pin<&mut State>, deadline: Option<Instant>) {
        let mut state = state;
        expect_runtime();
        // Further away than an `Instant` can be is as far as tokio goes.
        let sleep =
            deadline.map_or_else(|| tokio::time::sleep(Duration::MAX), tokio::time::sleep_until);
        state.set(State::Sleeping { sleep });
    }
}

impl Future for SystemTimer {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.project().state;
        if let State::NotStarted { deadline } = *state {
            Self::start(state.as_mut(), deadline);
        }
        match state.project() {
            Projection::Sleeping { sleep } => sleep.poll(context),
            Projection::NotStarted { .. } => Poll::Pending,
        }
    }
}

fn expect_runtime() {
    assert!(
        Handle::try_current().is_ok(),
        "relent: `run_async` uses tokio's timer, but there is no tokio runtime here. Await it in a \
         tokio runtime, or set a clock for the runtime in use: `.clock(..)`"
    );
}

impl AsyncClock for SystemClock {
    type Timer = SystemTimer;

    fn now(&self) -> Duration {
        Self::since_origin(Instant::now().into_std())
    }

    /// Panics outside of a tokio runtime, and in a runtime without a timer.
    fn timer(&self, wait: Duration) -> SystemTimer {
        expect_runtime();
        SystemTimer { state: State::Sleeping { sleep: tokio::time::sleep(wait) } }
    }

    /// Panics like [`timer`](Self::timer), but when it is first polled: an attempt that is ready at once needs no runtime.
    fn timeout(&self, after: Duration) -> SystemTimer {
        SystemTimer { state: State::NotStarted { deadline: Instant::now().checked_add(after) } }
    }

    /// That of tokio's timer.
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }
}
