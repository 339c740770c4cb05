//! The description as a table with bars.

use std::fmt::Write;
use std::time::Duration;

use relent::Description;
use relent::description::Spread;

const WIDTH: usize = 44;
const MOST_ROWS: usize = 40;

/// Each bar goes from the shortest wait to the longest, with a mark at the mean.
pub fn table(description: &Description) -> String {
    let waits = &description.waits;
    let longest = waits.iter().map(|wait| wait.length.longest).max().unwrap_or_default();
    let mut table = String::new();
    let mut line = |line: String| {
        // Writing to a string does not fail.
        writeln!(table, "{}", line.trim_end()).ok();
    };
    if !waits.is_empty() {
        let scale = format!("0s{:>1$}", short(longest), WIDTH - 2);
        line(format!(
            "{:>5}  {:>9}  {:>9}  {:>9}  {scale}  runs",
            "after", "shortest", "mean", "longest"
        ));
    }
    for (at, wait) in waits.iter().enumerate().take(MOST_ROWS) {
        let Spread { shortest, mean, longest: most, .. } = wait.length;
        let [from, mark, to] = [shortest, mean, most].map(|wait| place(wait, longest));
        let bar: String = (0..WIDTH)
            .map(|at| {
                if at == mark {
                    '◆'
                } else if (from..=to).contains(&at) {
                    '━'
                } else {
                    ' '
                }
            })
            .collect();
        let [shortest, mean, most] = [shortest, mean, most].map(short);
        let share = match wait.share * 100.0 {
            ..0.5 => String::from("< 1"),
            share => format!("{share:.0}"),
        };
        line(format!("{:>5}  {shortest:>9}  {mean:>9}  {most:>9}  {bar}  {share} %", at + 1));
    }
    if let Some(more) = waits.len().checked_sub(MOST_ROWS + 1) {
        line(format!("    …  and {} more", more + 1));
    }
    let text = description.to_string();
    for summary in text.lines().skip_while(|line| !line.starts_with("total: ")) {
        line(summary.to_owned());
    }
    table
}

/// The column of a wait.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to WIDTH - 1")]
fn place(wait: Duration, longest: Duration) -> usize {
    let part = if longest.is_zero() { 0.0 } else { wait.as_secs_f64() / longest.as_secs_f64() };
    (part * (WIDTH - 1) as f64).round() as usize
}

/// With three digits, in the unit that fits.
pub fn short(wait: Duration) -> String {
    let seconds = wait.as_secs_f64();
    match seconds {
        0.0 => String::from("0s"),
        ..1e-6 => format!("{}ns", wait.as_nanos()),
        ..1e-3 => format!("{:.3}µs", seconds * 1e6),
        ..1.0 => format!("{:.0}ms", seconds * 1e3),
        ..120.0 => format!("{seconds:.1}s"),
        ..7200.0 => format!("{:.1}m", seconds / 60.0),
        _ => format!("{:.1}h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relent::{Jitter, Retry};

    #[test]
    fn bars_go_from_the_shortest_wait_to_the_longest() {
        let policy = Retry::expo().jitter(Jitter::Equal).max_tries(4);
        let shown = table(&policy.describe());
        let expected = "\
after   shortest       mean    longest  0s                                      4.0s  runs
    1      500ms      750ms       1.0s       ━━━◆━━━                                  100 %
    2       1.0s       1.5s       2.0s             ━━━━━◆━━━━━━                       100 %
    3       2.0s       3.0s       4.0s                        ━━━━━━━━━━◆━━━━━━━━━━━  100 %
total: 3.5s to 7.0s, mean 5.3s
calls: 4 for one, 75 % of them retries
gives up: max tries
Ranges and means are exact.
";
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn long_tables_are_cut_and_empty_ones_are_left_out() {
        let shown = table(&Retry::expo().max_tries(1).describe());
        assert!(shown.starts_with("total: 0s\n"), "{shown}");
        let shown = table(&Retry::constant(Duration::ZERO).forever().describe());
        assert!(
            shown.contains("\n    …  and 959 more\ntotal: 0s\ncalls: 1000 and more"),
            "{shown}"
        );
        assert_eq!(table(&Retry::expo().max_tries(41).describe()).lines().count(), 1 + 40 + 4);
    }
}
