//! backoff, which has no limit on the number of tries: its users count them themselves.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use backoff::backoff::{Backoff, Constant};
use backoff::exponential::{ExponentialBackoff, ExponentialBackoffBuilder};
use backoff::future::Sleeper;
use backoff::{Clock, Error, SystemClock};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{Failure, MAX_TRIES, count_backoff, operation, operation_async};
use crate::tasks;

/// The waits of another, but no more than the number of tries needs.
#[derive(Clone)]
struct Limited<B> {
    waits: B,
    retries: u32,
}

impl<B> Limited<B> {
    fn new(waits: B) -> Self {
        Self { waits, retries: MAX_TRIES - 1 }
    }
}

impl<B: Backoff> Backoff for Limited<B> {
    fn reset(&mut self) {
        self.waits.reset();
        self.retries = MAX_TRIES - 1;
    }

    fn next_backoff(&mut self) -> Option<Duration> {
        self.retries = self.retries.checked_sub(1)?;
        self.waits.next_backoff()
    }
}

/// Computes the waits, and waits for nothing: its blocking form has no other way to wait than to sleep.
#[derive(Clone)]
struct Free<B>(B);

impl<B: Backoff> Backoff for Free<B> {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn next_backoff(&mut self) -> Option<Duration> {
        self.0.next_backoff().map(|wait| {
            black_box(wait);
            Duration::ZERO
        })
    }
}

struct NoSleep;

impl Sleeper for NoSleep {
    type Sleep = Ready<()>;

    fn sleep(&self, wait: Duration) -> Ready<()> {
        black_box(wait);
        ready(())
    }
}

/// A clock that costs next to nothing, as the others have it where waiting is free.
#[derive(Clone, Copy, Default)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        static ALWAYS: LazyLock<Instant> = LazyLock::new(Instant::now);
        *ALWAYS
    }
}

fn expo<C: Clock + Default>(first_wait: Duration) -> Limited<ExponentialBackoff<C>> {
    Limited::new(
        ExponentialBackoffBuilder::<C>::new()
            .with_initial_interval(first_wait)
            .with_multiplier(2.0)
            .with_max_interval(Duration::from_secs(10))
            .with_max_elapsed_time(None)
            .build(),
    )
}

fn first_wait() -> Duration {
    Duration::from_millis(100)
}

fn transient() -> Result<u32, Error<Failure>> {
    operation().map_err(Error::transient)
}

async fn transient_async() -> Result<u32, Error<Failure>> {
    operation_async().await.map_err(Error::transient)
}

async fn transient_state<const N: usize>() -> Result<u32, Error<Failure>> {
    state_of::<N>().await.map_err(Error::transient)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it so")]
fn plain(error: Error<Failure>) -> Failure {
    match error {
        Error::Permanent(failure) | Error::Transient { err: failure, .. } => failure,
    }
}

pub fn register(bench: &mut Bench) {
    bench.peer("backoff");
    let policy = shared(Free(expo::<Still>(first_wait())));
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || backoff::retry(policy.clone(), transient).map_err(plain));
    }
    bench.call(Row::SyncBuiltInside, || {
        backoff::retry(Free(expo::<Still>(first_wait())), transient).map_err(plain)
    });
    bench.call(Row::SyncHandler, || {
        backoff::retry_notify(policy.clone(), transient, |_, _| count_backoff()).map_err(plain)
    });

    let mut waits = expo::<Still>(first_wait()).waits;
    bench.wait(move || waits.next_backoff().expect("one more wait"));

    for row in [Row::AsyncFirstTry, Row::AsyncThreeFailures, Row::AsyncGivesUp] {
        bench.call(row, || {
            let mut waits = policy.0.clone();
            waits.reset();
            let nobody = |_: Failure, _: Duration| {};
            block_on(backoff::future::Retry::new(NoSleep, waits, nobody, transient_async))
        });
    }
    bench.call(Row::AsyncHandler, || {
        let mut waits = policy.0.clone();
        waits.reset();
        let counted = |_: Failure, _: Duration| count_backoff();
        block_on(backoff::future::Retry::new(NoSleep, waits, counted, transient_async))
    });

    let zero = shared(expo::<SystemClock>(Duration::ZERO));
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, || backoff::future::retry(zero.clone(), transient_async));
    }
    bench.tokio(Row::TokioHandler, || {
        backoff::future::retry_notify(zero.clone(), transient_async, |_, _| count_backoff())
    });

    bench.size(0, &backoff::future::retry(expo::<SystemClock>(first_wait()), transient_state::<0>));
    bench.size(
        256,
        &backoff::future::retry(expo::<SystemClock>(first_wait()), transient_state::<256>),
    );

    bench.tasks(|| {
        tasks::all(|| {
            let mut operation = tasks::fails_twice();
            let waits = Limited::new(Constant::new(tasks::WAIT));
            backoff::future::retry(waits, move || {
                let outcome = operation();
                async { outcome.await.map_err(Error::transient) }
            })
        })
    });
}
