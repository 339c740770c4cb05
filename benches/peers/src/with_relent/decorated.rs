//! Functions under `#[retry]`.

use std::ops::ControlFlow::Break;

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

/// The loops that the attribute saves.
fn in_line() -> Outcome {
    let mut attempts = TINY.attempts();
    loop {
        if let Break(end) = attempts.after(operation()) {
            return end;
        }
    }
}

async fn in_line_async() -> Outcome {
    let policy = API.clock(Free);
    let mut attempts = policy.attempts_async();
    loop {
        if let Break(end) = attempts.after(operation()).await {
            return end;
        }
    }
}

pub fn register(bench: &mut Bench) {
    for row in [Row::DecoratedSyncFirstTry, Row::DecoratedSyncThreeFailures] {
        bench.call(row, blocking);
    }
    for row in [Row::DecoratedAsyncFirstTry, Row::DecoratedAsyncThreeFailures] {
        bench.call(row, || block_on(asynchronous()));
    }
    bench.peer("in_line");
    for row in [Row::DecoratedSyncFirstTry, Row::DecoratedSyncThreeFailures] {
        bench.call(row, in_line);
    }
    for row in [Row::DecoratedAsyncFirstTry, Row::DecoratedAsyncThreeFailures] {
        bench.call(row, || block_on(in_line_async()));
    }
    bench.peer("relent");
}
