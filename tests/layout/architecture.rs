//! The table of rooms in `ARCHITECTURE.md`, and the files that a page names.

const BEGIN: &str = "<!-- rooms -->";
const END: &str = "<!-- /rooms -->";

/// How a row of the table begins. What the room is for follows, in words that are free.
pub(crate) fn row(room: &str, may_use: &[&str]) -> String {
    let may_use: Vec<_> = may_use.iter().map(|room| format!("`{room}`")).collect();
    let may_use = if may_use.is_empty() { "nothing".into() } else { may_use.join(", ") };
    format!("| `{room}` | {may_use} |")
}

/// The beginnings of all rows between the two marks, below the head of the table.
pub(crate) fn rooms(page: &str) -> Result<Vec<String>, String> {
    let missing = |mark| format!("ARCHITECTURE.md has no line {mark}");
    let mut lines = page.lines().map(str::trim);
    lines.find(|line| *line == BEGIN).ok_or_else(|| missing(BEGIN))?;
    let mut rows = Vec::new();
    for line in lines {
        if line == END {
            return Ok(rows.split_off(rows.len().min(2)));
        }
        if line.starts_with('|') {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            rows.push(format!("| {} | {} |", cells[1], cells.get(2).unwrap_or(&"")));
        }
    }
    Err(missing(END))
}

/// The files and folders that a page names in code, with the words after a command left out.
pub(crate) fn files(page: &str) -> impl Iterator<Item = &str> {
    let code = page.split('`').skip(1).step_by(2);
    code.filter_map(|code| code.split_whitespace().next()).filter(|word| {
        ["src/", "tests/", "benches/", "docs/", ".ci/"]
            .iter()
            .any(|folder| word.starts_with(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::{files, rooms, row};

    const TABLE: &str = "| room | may use | it is |\n|---|---|---|\n\
                         | `run`  | `wait`, `nanos` | a run |\n| `nanos` | nothing | a time |\n";

    #[test]
    fn the_rows_between_the_marks_are_read_without_the_head() {
        let page = format!(
            "# Title\n| no | no |\n<!-- rooms -->\n\n{TABLE}\n<!-- /rooms -->\n| no | no |"
        );
        assert_eq!(rooms(&page).unwrap(), [row("run", &["wait", "nanos"]), row("nanos", &[])]);
    }

    #[test]
    fn a_mark_that_is_missing_is_named() {
        assert_eq!(rooms(TABLE).unwrap_err(), "ARCHITECTURE.md has no line <!-- rooms -->");
        let open = format!("<!-- rooms -->\n{TABLE}");
        assert_eq!(rooms(&open).unwrap_err(), "ARCHITECTURE.md has no line <!-- /rooms -->");
    }

    #[test]
    fn files_are_named_in_code_alone_or_with_arguments() {
        let page =
            "In `src/run/` and src/no.rs, by `.ci/deep fuzz`, with `wait` (`tests/cost.rs`).";
        assert!(files(page).eq(["src/run/", ".ci/deep", "tests/cost.rs"]));
    }
}
