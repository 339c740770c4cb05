//! retry, which blocks the thread.

use std::hint::black_box;
use std::time::Duration;

use retry::delay::{Exponential, jitter};

use crate::bench::{Bench, shared};
use crate::rows::Row;
use crate::script::{Failure, MAX_TRIES, count_backoff, operation};

/// The first wait in milliseconds, and the factor.
const EXPO: (u64, f64) = (100, 2.0);

/// Computes the waits, and waits for nothing: it has no other way to wait than to sleep.
fn free(&(first_wait, factor): &(u64, f64)) -> impl Iterator<Item = Duration> + use<> {
    let expo = Exponential::from_millis_with_factor(first_wait, factor);
    let capped = expo.map(|wait| wait.min(Duration::from_secs(10)));
    capped.map(jitter).take(MAX_TRIES as usize - 1).map(|wait| {
        black_box(wait);
        Duration::ZERO
    })
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it so")]
fn plain(error: retry::Error<Failure>) -> Failure {
    error.error
}

pub fn register(bench: &mut Bench) {
    bench.peer("retry");
    // Its strategies are iterators that cannot be cloned: what can be reused is what it says.
    let policy = shared(EXPO);
    for row in [Row::SyncFirstTry, Row::SyncThreeFailures, Row::SyncGivesUp] {
        bench.call(row, || retry::retry(free(policy), operation).map_err(plain));
    }
    bench.call(Row::SyncBuiltInside, || retry::retry(free(&EXPO), operation).map_err(plain));
    let expo = Exponential::from_millis_with_factor(EXPO.0, EXPO.1);
    let mut waits = expo.map(|wait| wait.min(Duration::from_secs(10))).map(jitter);
    bench.wait(move || waits.next().expect("one more wait"));
    bench.call(Row::SyncHandler, || {
        // Its way to be told of a back-off.
        let told = free(policy).inspect(|_| count_backoff());
        retry::retry(told, operation).map_err(plain)
    });
}
