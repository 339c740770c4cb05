//! Wall times of relent alone, with criterion's statistics: `cargo bench` in `benches/peers`.
//!
//! For a change of relent to be seen, save a baseline before it: `cargo bench -- --save-baseline before`,
//! and afterwards `cargo bench -- --baseline before`. Instructions, which `benches/peers/run` counts, show
//! smaller changes.

use std::cell::Cell;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use relent::{AsyncClock, BlockingClock, Retry};

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

/// Measures runs of an operation that fails so many times in each. That it was called as often as it
/// should be is checked outside of what is measured.
fn bench(
    criterion: &mut Criterion,
    name: &str,
    failures: u64,
    run: impl Fn(&dyn Fn() -> Result<u64, u64>) -> Result<u64, u64>,
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
    let expo = black_box(Retry::expo().max_wait(Duration::from_secs(10)).max_tries(5).clock(Free));
    for (case, failures) in [("success at the first try", 0), ("three failures", 3)] {
        bench(criterion, &format!("sync, {case}"), failures, |operation| expo.run(operation));
        bench(criterion, &format!("async, {case}"), failures, |operation| {
            block_on(expo.run_async(|| ready(operation())))
        });
    }
    let expo = expo.max_tries(u32::MAX);
    let fibo = black_box(Retry::fibo().max_tries(u32::MAX).clock(Free));
    let sequence = black_box(Retry::sequence([Duration::from_secs(1); 1_000]).clock(Free));
    bench(criterion, "expo, 1,000 failures", 1_000, |operation| expo.run(operation));
    bench(criterion, "fibo, 1,000 failures", 1_000, |operation| fibo.run(operation));
    bench(criterion, "sequence, 1,000 failures", 1_000, |operation| sequence.run(operation));
    let handled = expo.on_backoff(|d| {
        black_box(d.wait);
    });
    bench(criterion, "a handler, three failures", 3, |operation| handled.run(operation));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = retry
}
criterion_main!(benches);
