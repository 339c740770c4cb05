//! What is made of the figures: tables, and the gate.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::exit;

use crate::rows::Row;

pub const PEERS: [&str; 8] =
    ["relent", "backon", "backoff", "retry", "tokio-retry", "tokio-retry2", "tryhard", "tower"];

/// What is no crate, and what it is called.
const BESIDE: [(&str, &str); 2] = [("integers", "by hand, in integers"), ("bare", "bare")];

/// How far above a committed ratio is still the same.
const TOLERANCE: f64 = 1.02;

/// Figures by row and crate.
pub struct Results(BTreeMap<(String, String), String>);

impl Results {
    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(path).expect("results");
        let figures = text.lines().map(|line| {
            let mut parts = line.split('\t').map(String::from);
            let mut next = || parts.next().expect("a row, a crate and a figure");
            ((next(), next()), next())
        });
        Self(figures.collect())
    }

    fn text(&self, row: &str, peer: &str) -> Option<&str> {
        self.0.get(&(row.into(), peer.into())).map(String::as_str)
    }

    pub fn get(&self, row: &str, peer: &str) -> Option<f64> {
        self.text(row, peer)?.parse().ok()
    }

    /// Against the loop by hand, in the same run.
    pub fn ratio(&self, row: &str, peer: &str) -> Option<f64> {
        Some(self.get(row, peer)? / self.get(row, "hand")?)
    }

    /// The rows that count instructions of relent and of the loop by hand.
    fn gated(&self) -> BTreeMap<&str, f64> {
        let longest = Row::Growth("expo", 10_000).id();
        let rows = self.0.keys().map(|(row, _)| row.as_str());
        let rows = rows.filter(|row| !row.contains('/') || *row == longest);
        rows.filter_map(|row| Some((row, self.ratio(row, "relent")?))).collect()
    }

    /// What one jittered exponential wait costs, where it can be computed without a run.
    fn wait(&self, peer: &str) -> Option<f64> {
        let row = Row::Wait.id();
        Some(self.get(&row, peer)? - self.get(&row, "operation")?)
    }

    /// What a back-off costs beside the operation: the wait, and all that decides on it.
    fn backoff(&self, peer: &str) -> Option<f64> {
        let row = Row::SyncThreeFailures.id();
        Some((self.get(&row, peer)? - self.get(&row, "bare")?) / 3.0)
    }

    /// What a counting handler costs at each back-off.
    fn handler(&self, peer: &str, without: Row, with: Row) -> Option<f64> {
        Some((self.get(&with.id(), peer)? - self.get(&without.id(), peer)?) / 3.0)
    }

    /// The most allocations of any run.
    fn heap(&self, peer: &str) -> Option<f64> {
        let rows = self.0.keys().filter(|(row, of)| row.starts_with("heap/") && of == peer);
        rows.filter_map(|(row, _)| self.get(row, peer)).reduce(f64::max)
    }
}

/// Prints what is to be committed as the bars of the gate.
pub fn ratios(results: &str) {
    println!(
        "# Instructions of relent as a multiple of those of the loop by hand: what the gate allows."
    );
    for (row, ratio) in Results::read(results).gated() {
        println!("{row}\t{ratio:.3}");
    }
}

/// The bars that a file sets, by row.
fn bars(path: &str) -> Vec<(String, f64)> {
    let text = fs::read_to_string(path).expect("the committed bars");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let bars = lines.map(|line| {
        let (row, bar) = line.split_once('\t').expect("a row and its bar");
        (row.to_owned(), bar.parse().expect("a number"))
    });
    bars.collect()
}

/// Fails where a ratio has grown, or a figure is above its limit.
pub fn gate(results: &str, ratios: &str, limits: &str) {
    let results = Results::read(results);
    let mut current = results.gated();
    let mut failed = false;
    for (row, bar) in bars(ratios) {
        let Some(ratio) = current.remove(&*row) else {
            println!("FAILED: {row} was not measured");
            failed = true;
            continue;
        };
        let instructions = results.get(&row, "relent").unwrap_or_default();
        print!(
            "{row}: {instructions:.0} instructions, {ratio:.3} of the loop by hand, {bar} committed"
        );
        if ratio > bar * TOLERANCE {
            println!("  FAILED: more than 2 % above");
            failed = true;
        } else if ratio * TOLERANCE < bar {
            println!("  (commit the lower one, so that it stays so)");
        } else {
            println!();
        }
    }
    for row in current.into_keys() {
        println!("FAILED: {row} has no committed ratio");
        failed = true;
    }
    for (row, limit) in bars(limits) {
        match results.get(&row, "relent") {
            Some(figure) if figure <= limit => println!("{row}: {figure}, at most {limit}"),
            Some(figure) => {
                println!("{row}: {figure}  FAILED: more than {limit}");
                failed = true;
            }
            None => {
                println!("FAILED: {row} was not measured");
                failed = true;
            }
        }
    }
    failed |= !decorated(&results);
    if failed {
        exit(1);
    }
}

/// Compares what `#[retry]` makes of a function with the loop of `Retry::attempts` in it. Not the kinds async and
/// async-log, which have two copies of the code that is in line, and one of the code that is not.
fn decorated(results: &Results) -> bool {
    /// What an attempt may cost that runs inside of it notice, as `Details::depth` does. The loop has none.
    const INSIDE: f64 = 6.0;
    let instructions = [
        (Row::DecoratedSyncFirstTry, 1.0),
        (Row::DecoratedSyncThreeFailures, 4.0),
        (Row::DecoratedAsyncFirstTry, 1.0),
        (Row::DecoratedAsyncThreeFailures, 4.0),
    ];
    let instructions = instructions.into_iter().map(|(row, attempts)| {
        let by_hand = results.get(&row.id(), "in_line");
        let most = by_hand.map(|by_hand| by_hand * 1.03 + attempts * INSIDE);
        (row.id(), results.get(&row.id(), "relent"), most)
    });
    let text = ["text/sync", "text/boxed", "text/sync-log"].into_iter().map(|row| {
        let most = results.get(row, "in_line").map(|by_hand| by_hand + 32.0);
        (row.to_owned(), results.get(row, "decorated"), most)
    });
    let first_try = Row::DecoratedSyncFirstTry.id();
    let beside_run = (
        format!("{first_try}, beside run"),
        results.get(&first_try, "relent"),
        results.get(&Row::StaticSyncFirstTry.id(), "relent").map(|run| run + 30.0),
    );
    let mut is_good = true;
    for (row, figure, most) in instructions.chain(text).chain([beside_run]) {
        match (figure, most) {
            (Some(figure), Some(most)) if figure <= most => {
                println!("decorated, {row}: {figure:.0}, at most {most:.0}");
            }
            (Some(figure), Some(most)) => {
                println!("decorated, {row}: {figure:.0}  FAILED: more than {most:.0}");
                is_good = false;
            }
            _ => {
                println!("FAILED: {row} of decorated functions was not measured");
                is_good = false;
            }
        }
    }
    is_good
}

/// A row of the table of ratios.
pub struct Line {
    pub title: &'static str,
    pub row: String,
    /// How the figure of the loop by hand is shown.
    show: fn(f64) -> String,
}

/// The rows of the table of ratios.
pub fn lines() -> Vec<Line> {
    fn count(count: f64) -> String {
        format!("{count:.0}")
    }
    fn nanos(nanos: f64) -> String {
        format!("{nanos:.1} ns")
    }
    fn bytes(bytes: f64) -> String {
        format!("{bytes:.0} B")
    }
    fn millis(millis: f64) -> String {
        format!("{millis:.0} ms")
    }
    fn mebibytes(bytes: f64) -> String {
        format!("{:.1} MiB", bytes / f64::from(1 << 20))
    }
    let instructions = [
        // What users pay for all the time comes first: an attempt that succeeds.
        ("sync, success at the first try", Row::SyncFirstTry),
        ("async, success at the first try", Row::AsyncFirstTry),
        ("on tokio, success at the first try", Row::TokioFirstTry),
        ("sync, first try, policy built inside", Row::SyncBuiltInside),
        ("sync, time limited, first try", Row::ClockMaxTimeFirstTry),
        ("sync, explained, first try", Row::ClockExplainFirstTry),
        ("on tokio, timeouts, first try", Row::TimeoutFirstTry),
        ("on tokio, can be cancelled, first try", Row::CancelFirstTry),
        ("sync, log that is off, first try", Row::LogOffFirstTry),
        ("sync, tracing that is off, first try", Row::TracingOffFirstTry),
        ("sync, metrics without a recorder, first try", Row::MetricsOffFirstTry),
        ("sync, in line, first try", Row::InlineSyncFirstTry),
        ("async, in line, first try", Row::InlineAsyncFirstTry),
        // What is followed by a wait of milliseconds.
        ("sync, three failures, then success", Row::SyncThreeFailures),
        ("async, three failures, then success", Row::AsyncThreeFailures),
        ("on tokio, three failures, then success", Row::TokioThreeFailures),
        ("sync, five failures, gives up", Row::SyncGivesUp),
        ("sync, time limited, three failures", Row::ClockMaxTimeThreeFailures),
        ("on tokio, timeouts, three failures", Row::TimeoutThreeFailures),
        ("on tokio, can be cancelled, three failures", Row::CancelThreeFailures),
        ("sync, log that is off, three failures", Row::LogOffThreeFailures),
        ("sync, tracing that is off, three failures", Row::TracingOffThreeFailures),
        ("sync, metrics without a recorder, three failures", Row::MetricsOffThreeFailures),
        ("sync, in line, three failures", Row::InlineSyncThreeFailures),
        ("async, in line, three failures", Row::InlineAsyncThreeFailures),
        ("sync, three failures, a handler", Row::SyncHandler),
        ("async, three failures, a handler", Row::AsyncHandler),
        ("on tokio, three failures, a handler", Row::TokioHandler),
    ];
    let mut lines =
        Vec::from(instructions.map(|(title, row)| Line { title, row: row.id(), show: count }));
    let mut add = |title, row: &str, show| lines.push(Line { title, row: row.into(), show });
    add("wall time: sync, first try", "ns/SyncFirstTry", nanos);
    add("wall time: sync, three failures", "ns/SyncThreeFailures", nanos);
    add("wall time: async, first try", "ns/AsyncFirstTry", nanos);
    add("wall time: async, three failures", "ns/AsyncThreeFailures", nanos);
    add("future of an operation without state", "size/0", bytes);
    add("future of an operation with 256 B of state", "size/256", bytes);
    add("stack in `poll`, 16 KiB of state, release", "stack/release", bytes);
    add("stack in `poll`, 16 KiB of state, debug", "stack/debug", bytes);
    add("100,000 tasks on tokio, wall time", "tasks/ms", millis);
    add("100,000 tasks on tokio, processor time", "tasks/processors", millis);
    add("100,000 tasks on tokio, most memory", "tasks/bytes", mebibytes);
    lines
}

fn cell(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or(String::new(), |figure| format!("{figure:.decimals$}"))
}

fn print_row(title: &str, cells: impl IntoIterator<Item = String>) {
    let mut line = format!("| {title} |");
    for cell in cells {
        write!(line, " {cell} |").expect("a string takes it all");
    }
    println!("{line}");
}

fn print_head(title: &str, columns: &[String]) {
    print_row(title, columns.iter().cloned());
    println!("|---|{}", "---:|".repeat(columns.len()));
}

/// Prints all tables in Markdown.
pub fn tables(results: &str) {
    let results = Results::read(results);
    let machine = results.text("machine", "").unwrap_or("an unknown machine");
    println!("Measured on {machine}.\n");

    let name = |peer: &str| match results.text("version", peer) {
        Some(version) if peer != "relent" => format!("{peer} {version}"),
        _ => peer.to_owned(),
    };
    let mut columns = vec!["by hand".to_owned()];
    columns.extend(PEERS.map(name));
    columns.extend(BESIDE.map(|(_, title)| title.to_owned()));
    print_head("", &columns);
    for Line { title, row, show } in lines() {
        let by_hand = results.get(&row, "hand").map_or(String::new(), show);
        let peers = PEERS.into_iter().chain(BESIDE.map(|(peer, _)| peer));
        let others = peers.map(|peer| cell(results.ratio(&row, peer), 2));
        print_row(title, [by_hand].into_iter().chain(others));
    }

    println!();
    let mut columns = vec!["by hand".to_owned()];
    columns.extend(PEERS.map(String::from));
    print_head("not as ratios", &columns);
    let all = |figure: &dyn Fn(&str) -> Option<f64>| {
        let peers = ["hand"].into_iter().chain(PEERS);
        peers.map(|peer| cell(figure(peer), 0)).collect::<Vec<_>>()
    };
    print_row("instructions for one jittered exponential wait", all(&|peer| results.wait(peer)));
    print_row("instructions for a back-off in whole, sync", all(&|peer| results.backoff(peer)));
    print_row(
        "more for each back-off with a handler, sync",
        all(&|peer| results.handler(peer, Row::SyncThreeFailures, Row::SyncHandler)),
    );
    print_row(
        "more for each back-off with a handler, on tokio",
        all(&|peer| results.handler(peer, Row::TokioThreeFailures, Row::TokioHandler)),
    );
    print_row("heap allocations in a run, at most", all(&|peer| results.heap(peer)));
    print_row("bytes of the future, no state", all(&|peer| results.get("size/0", peer)));
    print_row("bytes of the future, 256 B of state", all(&|peer| results.get("size/256", peer)));

    println!();
    growth(&results);
    println!();
    let columns = ["no handler", "a handler", "an observer"];
    print_head(
        "ns of processor time for a run, in threads that share a policy",
        &columns.map(String::from),
    );
    for threads in [1, 2, 4, 8, 16, 32, 64] {
        let figure = |column| cell(results.get(&format!("threads/{threads}"), column), 0);
        print_row(&threads.to_string(), columns.map(figure));
    }
    println!();
    print_head("a program with one call", &["seconds", "crates"].map(String::from));
    for ((row, peer), seconds) in &results.0 {
        if let Some(kind) = row.strip_prefix("build/") {
            let crates = results.text(&format!("crates/{kind}"), peer).unwrap_or_default();
            print_row(&format!("{kind}: {peer}"), [seconds.clone(), crates.to_owned()]);
        }
    }
}

/// What one more attempt costs, the later it comes.
fn growth(results: &Results) {
    let steps = Row::GROWTH.windows(2).map(|step| (step[0], step[1]));
    let columns: Vec<_> = steps.clone().map(|(from, to)| format!("try {from} to {to}")).collect();
    print_head("instructions for each attempt", &columns);
    let relent = ["expo", "expo, factor 3", "fibo", "decay", "sequence"];
    let rows = relent.map(|strategy| ("relent", strategy)).into_iter().chain([("hand", "expo")]);
    for (peer, strategy) in rows {
        let figure = |(from, to)| {
            let at = |failures| results.get(&Row::Growth(strategy, failures).id(), peer);
            Some((at(to)? - at(from)?) / f64::from(to - from))
        };
        let who = if peer == "hand" { "by hand, " } else { "" };
        print_row(&format!("{who}{strategy}"), steps.clone().map(|step| cell(figure(step), 0)));
    }
}
