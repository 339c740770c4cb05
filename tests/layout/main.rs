//! Which folder of `src/` may use which.
//!
//! A room is a folder of `src/`, or a file beside `lib.rs`. Every path in the source that begins at
//! the root or at a parent (`crate::`, `$crate::`, `super::`, `self::`) is an arrow from the room of
//! its file to the room that it leads into. Those that `ROOMS` does not list are refused. So are
//! names that the root re-exports, since they hide which room they come from, and circles of files
//! in different rooms.
//!
//! It is the text that is read, under every `cfg` at once. Comments and literals do not count, so
//! documentation may link to whatever it likes. `ARCHITECTURE.md` shows the same table.

mod architecture;
mod arrows;
mod lexer;
mod paths;

use std::fs;
use std::path::Path;

use crate::arrows::Tree;

/// Each room with the rooms that it may use, from the top floor to the ground.
///
/// An arrow is listed only where the source uses it: a new one deserves a thought. `lib.rs` may use every room.
const ROOMS: &[(&str, &[&str])] = &[
    ("config", &["policy", "wait", "condition", "clock", "error", "nanos", "sealed"]),
    ("inspect", &["run", "policy", "wait", "condition", "observe", "clock", "event", "nanos"]),
    (
        "service",
        &["run", "policy", "testing", "wait", "condition", "observe", "clock", "event", "sealed"],
    ),
    (
        "stream",
        &[
            "run",
            "policy",
            "testing",
            "wait",
            "condition",
            "observe",
            "clock",
            "event",
            "sealed",
            "slot",
        ],
    ),
    (
        "run",
        &[
            "policy",
            "testing",
            "trace",
            "wait",
            "condition",
            "observe",
            "clock",
            "event",
            "nanos",
            "sealed",
            "slot",
        ],
    ),
    ("policy", &["wait", "condition", "observe", "clock", "event", "error", "nanos", "sealed"]),
    ("testing", &["clock", "error", "slot"]),
    ("trace", &["event", "nanos"]),
    ("integrations", &["observe", "condition", "event", "nanos", "sealed"]),
    ("headers", &[]),
    ("guide", &[]),
    ("wait", &["event", "error", "nanos", "sealed"]),
    ("condition", &["event", "sealed"]),
    ("observe", &["event", "sealed", "slot"]),
    ("clock", &["sealed", "slot"]),
    ("event", &[]),
    ("error", &[]),
    ("nanos", &[]),
    ("slot", &["sealed"]),
    ("sealed", &[]),
];

/// The files of this crate that the tests read.
fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails with everything that is wrong at once: a move of files is mended in one go.
#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}\n", found.join("\n"));
}

#[test]
fn a_room_uses_only_rooms_that_the_table_allows() {
    let refused = Tree::read(project()).refused(ROOMS);
    assert_none("arrows that the table in tests/layout/main.rs does not allow", &refused);
}

#[test]
fn files_of_different_rooms_form_no_circle() {
    assert_none("circles of files", &Tree::read(project()).circles());
}

#[test]
fn the_table_leads_downwards_only() {
    for (floor, (room, may_use)) in ROOMS.iter().enumerate() {
        for used in *may_use {
            let below = ROOMS[floor + 1..].iter().any(|(room, _)| room == used);
            assert!(below, "{room} may use {used}, which is not listed below it");
        }
    }
}

#[test]
fn architecture_md_shows_the_same_table() {
    let page = fs::read_to_string(project().join("ARCHITECTURE.md")).unwrap();
    let shown = architecture::rooms(&page).unwrap();
    let here: Vec<_> =
        ROOMS.iter().map(|(room, may_use)| architecture::row(room, may_use)).collect();
    assert_eq!(shown, here, "ARCHITECTURE.md, and then ROOMS in tests/layout/main.rs");
}

#[test]
fn the_pages_for_contributors_name_only_files_that_exist() {
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/testing.md"] {
        let text = fs::read_to_string(project().join(page)).unwrap();
        let missing: Vec<_> = architecture::files(&text)
            .filter(|file| !project().join(file).exists())
            .map(|file| format!("{page}: {file}"))
            .collect();
        assert_none("files that do not exist", &missing);
    }
}
