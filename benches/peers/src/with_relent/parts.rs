//! What else a policy can have. By hand each has a loop of its own.

use std::hint::black_box;
use std::ops::ControlFlow::Break;

use relent::wait::Constant;
use relent::{Cancel, Log, Metrics, Retry, Tracing};

use super::{EXPO, Free};
use crate::bench::{Bench, block_on, shared};
use crate::rows::Row;
use crate::script::{ATTEMPT_TIMEOUT, MAX_TIME, Outcome, TINY_WAIT, operation, operation_async};

/// The policies are a `static` where they can be: with the system's clock, and without an observer.
pub fn register(bench: &mut Bench) {
    static IN_TIME: Retry = EXPO.first_wait(TINY_WAIT).max_time(MAX_TIME);
    static EXPLAINED: Retry = EXPO.first_wait(TINY_WAIT);
    static TIMED: Retry<Constant> = super::ZERO;
    for row in [Row::ClockMaxTimeFirstTry, Row::ClockMaxTimeThreeFailures] {
        #[expect(clippy::redundant_closure, reason = "another row has the types of the function")]
        bench.call(row, || IN_TIME.run(|| operation()));
    }
    bench.call(Row::ClockExplainFirstTry, || -> Outcome {
        match black_box(EXPLAINED.explain().run(operation)) {
            Ok(succeeded) => Ok(succeeded.value),
            Err(error) => Err(error.into_error().expect("no value is refused")),
        }
    });

    let policy = shared(EXPO.clock(Free).observe(Log::new()));
    for row in [Row::LogOffFirstTry, Row::LogOffThreeFailures] {
        bench.call(row, || policy.run(operation));
    }
    let policy = shared(EXPO.clock(Free).observe(Tracing::new()));
    for row in [Row::TracingOffFirstTry, Row::TracingOffThreeFailures] {
        bench.call(row, || policy.run(operation));
    }
    let policy = shared(EXPO.clock(Free).observe(Metrics::new()));
    for row in [Row::MetricsOffFirstTry, Row::MetricsOffThreeFailures] {
        bench.call(row, || policy.run(operation));
    }

    let policy = shared(EXPO.clock(Free));
    for row in [Row::InlineSyncFirstTry, Row::InlineSyncThreeFailures] {
        bench.call(row, || {
            let mut attempts = policy.attempts();
            loop {
                let outcome = operation();
                if let Break(end) = attempts.after(outcome) {
                    break end;
                }
            }
        });
    }
    for row in [Row::InlineAsyncFirstTry, Row::InlineAsyncThreeFailures] {
        bench.call(row, || {
            block_on(async {
                let mut attempts = policy.attempts_async();
                loop {
                    let outcome = operation_async().await;
                    if let Break(end) = attempts.after(outcome).await {
                        break end;
                    }
                }
            })
        });
    }

    for row in [Row::TimeoutFirstTry, Row::TimeoutThreeFailures] {
        bench.tokio(row, || TIMED.attempt_timeout(ATTEMPT_TIMEOUT).run_async(operation_async));
    }
    let policy = shared(super::ZERO.cancelled_by(&Cancel::new()));
    for row in [Row::CancelFirstTry, Row::CancelThreeFailures] {
        bench.tokio(row, || policy.run_async(operation_async));
    }
}
