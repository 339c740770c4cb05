//! Compares the tables of `docs/conformance.md` with the sources of the tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../docs/conformance.md");

/// A row whose first cell is an item of the ancestor's suite, a rule, or a gap.
#[derive(Debug)]
struct Row {
    section: &'static str,
    key: &'static str,
    cells: Vec<&'static str>,
}

impl Row {
    fn is_item(&self) -> bool {
        self.key.starts_with("test_")
    }

    /// The cell that says which tests there are here, or why there is none.
    fn here(&self) -> &'static str {
        self.cells[2]
    }
}

/// An item such as `test_jitter.py::test_full_jitter`, a rule such as S1, or a gap such as G1.
fn key(text: &str) -> Option<&str> {
    let text = text.trim().trim_matches('`');
    let is_item = text.starts_with("test_") && text.contains(".py::") && !text.contains(' ');
    let number = text.strip_prefix(['S', 'G']).unwrap_or_default();
    let is_rule = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    (is_item || is_rule).then_some(text)
}

fn rows() -> Vec<Row> {
    let mut section = "";
    let mut rows = Vec::new();
    for line in PAGE.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
        }
        let Some(row) = line.strip_prefix('|') else { continue };
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        rows.extend(key(cells[0]).map(|key| Row { section, key, cells }));
    }
    rows
}

/// The paths of tests that a text names: code whose parts are in small letters, such as
/// `policy::limits::max_tries_counts_calls`.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|code| {
        code.contains("::")
            && code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b':'))
    })
}

#[derive(Debug)]
struct Test {
    module: String,
    path: String,
    /// What its documentation says that it stands for.
    keys: Vec<String>,
}

/// Every test in `tests/`.
fn tests() -> Vec<Test> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut tests = Vec::new();
    for file in sources(&root) {
        let module = file.strip_prefix(&root).unwrap().with_extension("");
        let module = module.iter().map(|part| part.to_str().unwrap());
        let module: Vec<_> = module.filter(|part| !matches!(*part, "main" | "mod")).collect();
        let module = module.strip_prefix(&["it"]).unwrap_or(&module).join("::");
        read(&fs::read_to_string(file).unwrap(), &module, &mut tests);
    }
    tests
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

fn read(source: &str, module: &str, tests: &mut Vec<Test>) {
    let (mut keys, mut is_test) = (Vec::new(), false);
    for line in source.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            keys.extend(key(doc).map(str::to_owned));
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        } else {
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            let name = function.and_then(|function| function.split_once('('));
            let keys = std::mem::take(&mut keys);
            if let Some((name, _)) = name.filter(|_| is_test) {
                let (path, module) = (format!("{module}::{name}"), module.to_owned());
                tests.push(Test { module, path, keys });
            } else {
                assert_eq!(keys, [""; 0], "in {module}, before what is no test: {line}");
            }
            is_test = false;
        }
    }
}

#[test]
fn the_page_has_every_item_once() {
    let count = |section| {
        let rows = rows().into_iter().filter(|row| row.section == section && row.is_item());
        rows.map(|row| row.cells[1].parse::<u32>().unwrap()).sum::<u32>()
    };
    assert_eq!(count("The items of version 2.4.0"), 141);
    assert_eq!(count("The items that version 3.0 added"), 10);
    assert_eq!(rows().iter().filter(|row| row.is_item()).count(), 90 + 10, "functions");
    let distinct: BTreeSet<_> = rows().into_iter().map(|row| row.key).collect();
    assert_eq!(distinct.len(), rows().len());
}

#[test]
fn the_page_has_every_rule_and_every_gap_in_order() {
    for (letter, count) in [('S', 26), ('G', 14)] {
        let expected = (1..=count).map(|n| format!("{letter}{n}"));
        assert!(rows().iter().map(|row| row.key).filter(|k| k.starts_with(letter)).eq(expected));
    }
}

#[test]
fn the_page_says_of_everything_which_test_it_is_or_why_it_is_none() {
    for row in rows() {
        let reason = row.here().strip_prefix("none: ").unwrap_or_default();
        let has_test = paths(row.here()).next().is_some();
        assert!(has_test != (reason.len() > 10), "{row:?}");
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    let tests: BTreeSet<_> = tests().into_iter().map(|test| test.path).collect();
    let named: BTreeSet<_> = paths(PAGE).collect();
    assert!(named.len() > 80, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|path| !tests.contains(*path)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_page_and_the_tests_agree_about_what_each_test_stands_for() {
    let (rows, tests) = (rows(), tests());
    for test in &tests {
        for key in &test.keys {
            let row = rows.iter().find(|row| row.key == key);
            let row = row.unwrap_or_else(|| panic!("{key}, of {}, is not in the page", test.path));
            assert!(paths(row.here()).any(|path| path == test.path), "{key}: {}", test.path);
        }
    }
    for row in rows.iter().filter(|row| row.is_item()) {
        for path in paths(row.here()) {
            let test = tests.iter().find(|test| test.path == path).unwrap();
            assert!(test.keys.iter().any(|key| key == row.key), "{path} does not say {}", row.key);
        }
    }
}

#[test]
fn the_tests_are_in_the_order_of_the_items() {
    let (rows, tests) = (rows(), tests());
    let place = |key: &str| rows.iter().position(|row| row.key == key).unwrap();
    let modules: BTreeSet<_> = tests.iter().map(|test| &test.module).collect();
    for module in modules {
        // The first item of each: in the ancestor's files for async code some are in other places.
        let tests = tests.iter().filter(|test| test.module == *module);
        let places: Vec<_> = tests.filter_map(|test| test.keys.first()).map(|k| place(k)).collect();
        // Version 3 added to the middle of files, and has a table of its own.
        let is_new = |place: &usize| rows[*place].section.contains("3.0");
        let (new, old): (Vec<_>, Vec<_>) = places.into_iter().partition(is_new);
        assert!(old.is_sorted() && new.is_sorted(), "{module}: {old:?} {new:?}");
    }
}
