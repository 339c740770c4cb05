//! Functions under `#[retry]`.

use relent::{Retry, retry};

use super::{EXPO, Free};
use crate::bench::{Bench, block_on};
use crate::rows::Row;
use crate::script::{Outcome, TINY_WAIT, operation};

static TINY: Retry = EXPO.first_wait(TINY_WAIT);
static API: Retry = EXPO;

#[retry(TINY)]
fn blocking() -> Outcome {
    operation()
}

/// As in the row of `run_async`, the system's clock is replaced.
#[retry(API.clock(Free))]
async fn asynchronous() -> Outcome {
    operation()
}

pub fn register(bench: &mut Bench) {
    for row in [Row::DecoratedSyncFirstTry, Row::DecoratedSyncThreeFailures] {
        bench.call(row, blocking);
    }
    for row in [Row::DecoratedAsyncFirstTry, Row::DecoratedAsyncThreeFailures] {
        bench.call(row, || block_on(asynchronous()));
    }
}
