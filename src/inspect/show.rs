//! A description as a table.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::describe::{Basis, Calls, DescribedWait, Description, MAX_TRIES, RUNS, SEED, Spread};
use crate::event::Readable;

/// The number of rows shown before the last one. A policy that is cut may have a thousand.
const MOST_ROWS: usize = 24;

/// Waits that look equal, with the numbers of the first and the last attempt before them.
struct Row {
    tries: [usize; 2],
    /// The length, the mean and the share of runs.
    cells: [String; 3],
}

impl Row {
    fn tries(&self) -> String {
        match self.tries {
            [first, last] if first == last => first.to_string(),
            [first, last] => format!("{first} to {last}"),
        }
    }
}

fn rows(waits: &[DescribedWait]) -> Vec<Row> {
    let mut rows = Vec::<Row>::new();
    for (at, DescribedWait { length, share }) in waits.iter().enumerate() {
        let cells = [range(length), readable(length.mean), percent(*share)];
        match rows.last_mut() {
            Some(row) if row.cells == cells => row.tries[1] = at + 1,
            _ => rows.push(Row { tries: [at + 1; 2], cells }),
        }
    }
    rows
}

fn readable(duration: Duration) -> String {
    Readable(duration).to_string()
}

fn range(Spread { shortest, longest, .. }: &Spread) -> String {
    let [from, to] = [*shortest, *longest].map(readable);
    if from == to { to } else { format!("{from} to {to}") }
}

/// Show neither 0 % for something that happens, nor 100 % for something that may not happen.
fn percent(share: f64) -> String {
    match share * 100.0 {
        ..=0.0 => String::from("0 %"),
        ..0.5 => String::from("< 1 %"),
        99.5..100.0 => String::from("> 99 %"),
        percent => format!("{percent:.0} %"),
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(&self.waits);
        let shares = self.waits.iter().any(|wait| wait.share < 1.0);
        let header = Row { tries: [0; 2], cells: ["wait", "mean", "runs"].map(String::from) };
        let widths = [0, 1, 2].map(|cell| {
            let cells = rows.iter().chain([&header]).map(|row| row.cells[cell].chars().count());
            cells.max().unwrap_or(0)
        });
        let mut line = |tries: &str, [wait, mean, share]: &[String; 3]| {
            let [waits, means, runs] = widths;
            write!(f, "{tries:<9}  {wait:<waits$}  {mean:>means$}")?;
            if shares { writeln!(f, "  {share:>runs$}") } else { writeln!(f) }
        };
        if !rows.is_empty() {
            line("after try", &header.cells)?;
        }
        let hidden = MOST_ROWS..rows.len().saturating_sub(1);
        for (at, row) in rows.iter().enumerate() {
            if at == hidden.start && !hidden.is_empty() {
                line("…", &["…"; 3].map(String::from))?;
            }
            if !hidden.contains(&at) {
                line(&row.tries(), &row.cells)?;
            }
        }
        let Spread { shortest, mean, longest } = &self.total;
        write!(f, "total: {}", range(&self.total))?;
        if shortest != longest {
            write!(f, ", mean {}", Readable(*mean))?;
        }
        let Calls { fewest, mean, most } = self.calls;
        match most {
            Some(most) if most == fewest => write!(f, "\ncalls: {fewest} for one")?,
            Some(most) => write!(f, "\ncalls: {fewest} to {most} for one, mean {mean:.1}")?,
            None if fewest == MAX_TRIES => write!(f, "\ncalls: {fewest} and more for one")?,
            None => write!(f, "\ncalls: {fewest} and more for one, mean {mean:.1}")?,
        }
        writeln!(f, ", {} of them retries", percent(self.retry_share()))?;
        for (at, (reason, share)) in self.gives_up.iter().enumerate() {
            f.write_str(if at == 0 { "gives up: " } else { ", " })?;
            write!(f, "{reason}")?;
            if *share < 1.0 {
                write!(f, " ({} of runs)", percent(*share))?;
            }
        }
        if !self.gives_up.is_empty() {
            writeln!(f)?;
        }
        if self.is_cut() {
            writeln!(f, "Only the first {MAX_TRIES} tries are described: a run may make more.")?;
        }
        match self.basis {
            Basis::Exact => f.write_str("Ranges and means are exact."),
            Basis::SimulatedMeans => write!(
                f,
                "Ranges are exact. Means and shares are those of {RUNS} simulated runs, from seed {SEED} on."
            ),
            Basis::Simulated => write!(
                f,
                "All figures are those of {RUNS} simulated runs, from seed {SEED} on: no formula describes the waits."
            ),
        }
    }
}
