//! Wall times: noisy, so that only those of one run of this program are to be compared.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

use crate::bench::{Case, Run, once};
use crate::rows::Row;

const ROUNDS: usize = 15;
const RUNS: u32 = 20_000;

/// Prints nanoseconds for each run, the least of many rounds in which all crates take turns. The
/// harness is a part of it, for all alike.
pub fn print(cases: Vec<Case>, runtime: &Runtime) {
    use Row::{AsyncFirstTry, AsyncThreeFailures, SyncFirstTry, SyncThreeFailures};
    let wanted = |case: &Case| {
        let row = case.row;
        [SyncFirstTry, SyncThreeFailures, AsyncFirstTry, AsyncThreeFailures].contains(&row)
            && matches!(case.run, Run::Call(_))
    };
    let mut cases: Vec<_> =
        cases.into_iter().filter(wanted).map(|case| (case, f64::INFINITY)).collect();
    for _ in 0..ROUNDS {
        for (case, least) in &mut cases {
            let start = Instant::now();
            for _ in 0..RUNS {
                once(case, runtime, || {});
            }
            *least = least.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(RUNS));
        }
    }
    for (case, least) in cases {
        println!("ns/{}\t{}\t{least:.2}", case.row.id(), case.peer);
    }
}

/// How long this program has run on any processor.
pub fn processors() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("no time before the beginning")
}
