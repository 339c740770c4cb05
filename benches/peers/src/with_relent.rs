//! relent.

mod decorated;
mod parts;

use std::future::{Ready, ready};
use std::hint::black_box;
use std::time::Duration;

use relent::wait::Constant;
use relent::{AsyncClock, BlockingClock, Jitter, Retry};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{MAX_TIME, MAX_TRIES, TINY_WAIT, count_backoff, operation, operation_async};
use crate::tasks;

/// Waiting is free on this clock, and nobody reads it.
#[derive(Clone, Copy)]
pub struct Free;

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

pub const EXPO: Retry = Retry::expo()
    .first_wait(Duration::from_millis(100))
    .max_wait(Duration::from_secs(10))
    .max_tries(MAX_TRIES);

/// Tokio's timer would take a millisecond for any other wait.
const ZERO: Retry<Constant> =
    Retry::constant(Duration::ZERO).max_wait(Duration::from_secs(10)).max_tries(MAX_TRIES);

pub fn register(bench: &mut Bench) {
    bench.peer("relent");
    let policy = shared(EXPO.clock(Free));
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || policy.run(operation));
    }
    bench.call(Row::SyncBuiltInside, || {
        Retry::expo()
            .first_wait(Duration::from_millis(100))
            .max_wait(Duration::from_secs(10))
            .max_tries(MAX_TRIES)
            .clock(Free)
            .run(operation)
    });
    let counting = shared(EXPO.clock(Free).on_backoff(|_| count_backoff()));
    bench.call(Row::SyncHandler, || counting.run(operation));

    for row in [Row::AsyncFirstTry, Row::AsyncThreeFailures, Row::AsyncGivesUp] {
        bench.call(row, || block_on(policy.run_async(operation_async)));
    }
    let counting = shared(EXPO.clock(Free).on_backoff(|_| count_backoff()));
    bench.call(Row::AsyncHandler, || block_on(counting.run_async(operation_async)));

    let zero = shared(ZERO);
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, || zero.run_async(operation_async));
    }
    let counting = shared(ZERO.on_backoff(|_| count_backoff()));
    bench.tokio(Row::TokioHandler, || counting.run_async(operation_async));

    let policy = shared(EXPO);
    bench.size(0, &policy.run_async(state_of::<0>));
    bench.size(256, &policy.run_async(state_of::<256>));

    bench.tasks(|| {
        static CONSTANT: Retry<Constant> =
            Retry::constant(tasks::WAIT).jitter(Jitter::None).max_tries(MAX_TRIES);
        tasks::all(|| CONSTANT.run_async(tasks::fails_twice()))
    });

    for failures in Row::GROWTH {
        let expo = shared(EXPO.max_tries(u32::MAX).clock(Free));
        bench.call(Row::Growth("expo", failures), || expo.run(operation));
        let tripled = shared(EXPO.factor(3.0).max_tries(u32::MAX).clock(Free));
        bench.call(Row::Growth("expo, factor 3", failures), || tripled.run(operation));
        let fibo = shared(Retry::fibo().max_tries(u32::MAX).clock(Free));
        bench.call(Row::Growth("fibo", failures), || fibo.run(operation));
        let decay = shared(Retry::decay().max_tries(u32::MAX).clock(Free));
        bench.call(Row::Growth("decay", failures), || decay.run(operation));
        let list = vec![Duration::from_millis(100); failures as usize];
        let sequence = shared(Retry::sequence(list).clock(Free));
        bench.call(Row::Growth("sequence", failures), || sequence.run(operation));
    }

    seen_through(bench);

    let in_time = shared(EXPO.max_time(MAX_TIME).clock(Free));
    bench.call(Row::SyncMaxTime, || in_time.run(operation));

    parts::register(bench);
    decorated::register(bench);
}

/// Policies that are a `static`, not hidden from the compiler. They have the system's clock, since no other
/// can be said there; without tokio the free one replaces it at the call. No row above has the same types:
/// code that two rows shared would be inlined in neither.
fn seen_through(bench: &mut Bench) {
    static TINY: Retry = EXPO.first_wait(TINY_WAIT);
    static API: Retry = EXPO;
    static ZERO: Retry<Constant> = self::ZERO;
    for row in [Row::StaticSyncFirstTry, Row::StaticSyncThreeFailures] {
        bench.call(row, || TINY.run(operation));
    }
    for row in [Row::StaticAsyncFirstTry, Row::StaticAsyncThreeFailures] {
        bench.call(row, || block_on(API.clock(Free).run_async(|| async { operation() })));
    }
    for row in [Row::StaticTokioFirstTry, Row::StaticTokioThreeFailures] {
        bench.tokio(row, || ZERO.run_async(|| async { operation() }));
    }
}
