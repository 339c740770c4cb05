//! How long a run takes beside the operation itself: `cargo bench` in `benches/`.
//!
//! Waits take no time here, so each figure is the work around the operation. "by hand" is a loop with the same waits,
//! without relent.
//!
//! To see what a change of relent does, save a baseline before it with `cargo bench -- --save-baseline before`, and
//! compare with it by `cargo bench -- --baseline before`. `benches/peers/run` counts instructions, which show smaller
//! changes.

use std::cell::Cell;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use relent::{AsyncClock, BlockingClock, Retry};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(10);
const MAX_TRIES: u32 = 5;

type Outcome = Result<u64, u64>;

/// Waiting is free on this clock.
struct Free;

impl BlockingClock for Free {
    fn now(&self) -> Duration {
        black_box(Duration::ZERO)
    }

    fn sleep(&self, wait: Duration) {
        black_box(wait);
    }
}

impl AsyncClock for Free {
    type Timer = Ready<()>;

    fn now(&self) -> Duration {
        black_box(Duration::ZERO)
    }

    fn timer(&self, wait: Duration) -> Ready<()> {
        black_box(wait);
        ready(())
    }
}

/// Exponential waits with full jitter, without relent.
fn by_hand(max_tries: u32, operation: impl Fn() -> Outcome) -> Outcome {
    let mut wait = FIRST_WAIT;
    let mut tries = 1;
    loop {
        match operation() {
            Err(_) if tries < max_tries => {
                black_box(wait.min(MAX_WAIT).mul_f64(fastrand::f64()));
                wait = wait.saturating_mul(2);
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn by_hand_async(max_tries: u32, operation: impl Fn() -> Ready<Outcome>) -> Outcome {
    let mut wait = FIRST_WAIT;
    let mut tries = 1;
    loop {
        match operation().await {
            Err(_) if tries < max_tries => {
                ready(black_box(wait.min(MAX_WAIT).mul_f64(fastrand::f64()))).await;
                wait = wait.saturating_mul(2);
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Polls a future until it is ready.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Measures runs of an operation that fails so many times in each. The number of its calls is checked outside of what
/// is measured.
fn bench(
    criterion: &mut Criterion,
    name: &str,
    failures: u64,
    run: impl Fn(&dyn Fn() -> Outcome) -> Outcome,
) {
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let calls = Cell::new(0_u64);
            let operation = || {
                calls.set(calls.get() + 1);
                if calls.get().is_multiple_of(failures + 1) {
                    Ok(calls.get())
                } else {
                    Err(calls.get())
                }
            };
            let start = Instant::now();
            for _ in 0..iterations {
                black_box(run(&operation)).ok();
            }
            let took = start.elapsed();
            assert_eq!(calls.get(), iterations * (failures + 1), "{name}");
            took
        });
    });
}

fn retry(criterion: &mut Criterion) {
    let expo = Retry::expo().first_wait(FIRST_WAIT).max_wait(MAX_WAIT).max_tries(MAX_TRIES);
    let expo = black_box(expo.clock(Free));
    let max_tries = black_box(MAX_TRIES);
    for (case, failures) in [("first try succeeds", 0), ("three failures", 3)] {
        bench(criterion, &format!("sync, {case}: relent"), failures, |operation| {
            expo.run(operation)
        });
        bench(criterion, &format!("sync, {case}: by hand"), failures, |operation| {
            by_hand(max_tries, operation)
        });
        bench(criterion, &format!("async, {case}: relent"), failures, |operation| {
            block_on(expo.run_async(|| ready(operation())))
        });
        bench(criterion, &format!("async, {case}: by hand"), failures, |operation| {
            block_on(by_hand_async(max_tries, || ready(operation())))
        });
    }
    let expo = expo.max_tries(u32::MAX);
    let fibo = black_box(Retry::fibo().max_tries(u32::MAX).clock(Free));
    let sequence = black_box(Retry::sequence([Duration::from_secs(1); 1_000]).clock(Free));
    bench(criterion, "1,000 failures: expo", 1_000, |operation| expo.run(operation));
    bench(criterion, "1,000 failures: fibo", 1_000, |operation| fibo.run(operation));
    bench(criterion, "1,000 failures: sequence", 1_000, |operation| sequence.run(operation));
    let handled = expo.on_backoff(|d| {
        black_box(d.wait);
    });
    bench(criterion, "sync, three failures, a handler: relent", 3, |operation| {
        handled.run(operation)
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = retry
}
criterion_main!(benches);
