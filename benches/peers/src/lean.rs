//! What relent is to cost at most, in one table: `benches/peers/run lean`.

use crate::report::Results;
use crate::rows::Row;

/// How a figure is made of those that were measured.
enum Figure {
    /// The figure itself.
    Of(String),
    /// The figure, this many times.
    Times(f64, String),
    /// A third of the difference of two: what each of three failures costs.
    Third(Row, Row),
}

use Figure::{Of, Third, Times};

impl Figure {
    fn get(&self, results: &Results, peer: &str) -> Option<f64> {
        match self {
            Of(row) => results.get(row, peer),
            Times(factor, row) => Some(results.get(row, peer)? * factor),
            Third(with, without) => {
                Some((results.get(&with.id(), peer)? - results.get(&without.id(), peer)?) / 3.0)
            }
        }
    }
}

/// Prints each figure of relent, of the loop by hand and of backon, with the ratio of the first two.
pub fn print(results: &str) {
    let results = Results::read(results);
    println!("| | relent | by hand | ratio | backon |\n|---|---:|---:|---:|---:|");
    for (title, decimals, figure) in lines() {
        let show = |figure: Option<f64>, decimals| {
            figure.map_or(String::new(), |figure| format!("{figure:.decimals$}"))
        };
        let [relent, hand, backon] =
            ["relent", "hand", "backon"].map(|peer| figure.get(&results, peer));
        let ratio = relent.zip(hand).map(|(relent, hand)| relent / hand);
        let [relent, hand, backon] = [relent, hand, backon].map(|it| show(it, decimals));
        println!("| {title} | {relent} | {hand} | {} | {backon} |", show(ratio, 2));
    }
}

/// The titles, the decimals and the figures.
fn lines() -> Vec<(&'static str, usize, Figure)> {
    let row = |title, row: Row| (title, 0, Of(row.id()));
    let of = |title, decimals, row: &str| (title, decimals, Of(row.into()));
    let third = |title, failures: Row, first: Row| (title, 0, Third(failures, first));
    let fifty = |title, row: &str| (title, 1, Times(0.05, row.into()));
    vec![
        of("code for each call site, sync, B", 0, "text/sync"),
        of("code for each call site, async, B", 0, "text/async"),
        fifty("code of 50 sites with a log, sync, kB", "text/sync-log"),
        fifty("code of 50 sites with a log, async, kB", "text/async-log"),
        of("lines of LLVM IR of 50 sites, sync", 0, "lines/sync"),
        of("lines of LLVM IR of 50 sites, async", 0, "lines/async"),
        of("build of 50 sites, debug, sync, s", 2, "seconds/dev/sync"),
        of("build of 50 sites, debug, async, s", 2, "seconds/dev/async"),
        of("build of 50 sites, release, sync, s", 2, "seconds/release/sync"),
        of("build of 50 sites, release, async, s", 2, "seconds/release/async"),
        row("first try, sync, static", Row::StaticSyncFirstTry),
        row("first try, sync, opaque", Row::SyncFirstTry),
        row("first try, async, static", Row::StaticAsyncFirstTry),
        row("first try, async, opaque", Row::AsyncFirstTry),
        row("first try, tokio, static", Row::StaticTokioFirstTry),
        row("first try, tokio, opaque", Row::TokioFirstTry),
        row("three failures, sync, static", Row::StaticSyncThreeFailures),
        row("three failures, sync, opaque", Row::SyncThreeFailures),
        row("three failures, async, opaque", Row::AsyncThreeFailures),
        row("three failures, tokio, static", Row::StaticTokioThreeFailures),
        row("three failures, tokio, opaque", Row::TokioThreeFailures),
        third("with a handler, each failure, sync", Row::SyncHandler, Row::SyncFirstTry),
        third("with a handler, each failure, async", Row::AsyncHandler, Row::AsyncFirstTry),
        row("log that is off, first try", Row::LogOffFirstTry),
        third("log that is off, each failure", Row::LogOffThreeFailures, Row::LogOffFirstTry),
        row("tracing that is off, first try", Row::TracingOffFirstTry),
        third(
            "tracing that is off, each failure",
            Row::TracingOffThreeFailures,
            Row::TracingOffFirstTry,
        ),
        row("max_time, first try, real clock", Row::ClockMaxTimeFirstTry),
        third(
            "max_time, each failure, real clock",
            Row::ClockMaxTimeThreeFailures,
            Row::ClockMaxTimeFirstTry,
        ),
        row("explain, first try, real clock", Row::ClockExplainFirstTry),
        row("attempt_timeout, ready at once, tokio", Row::TimeoutFirstTry),
        third(
            "attempt_timeout, each failure, tokio",
            Row::TimeoutThreeFailures,
            Row::TimeoutFirstTry,
        ),
        row("in line, first try, sync", Row::InlineSyncFirstTry),
        third("in line, each failure, sync", Row::InlineSyncThreeFailures, Row::InlineSyncFirstTry),
        row("in line, first try, async", Row::InlineAsyncFirstTry),
        third(
            "in line, each failure, async",
            Row::InlineAsyncThreeFailures,
            Row::InlineAsyncFirstTry,
        ),
        row("cancelled_by, first try, tokio", Row::CancelFirstTry),
        third("cancelled_by, each failure, tokio", Row::CancelThreeFailures, Row::CancelFirstTry),
        of("stack in poll, 16 KiB of state, release, B", 0, "stack/release"),
        of("stack in poll, 16 KiB of state, debug, B", 0, "stack/debug"),
        of("future, no state, B", 0, "size/0"),
        of("future, 256 B of state, B", 0, "size/256"),
    ]
}
