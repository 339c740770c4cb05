//! The files of `src/`, and the arrows between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use crate::paths::{Contents, Names, contents};

/// The rooms, each with those that it may use.
pub(crate) type Rooms<'a> = &'a [(&'a str, &'a [&'a str])];

/// All files, each under its module. The root's is empty.
pub(crate) struct Tree {
    files: BTreeMap<Names, File>,
    /// Where the macros are defined that lie at the root.
    macros: BTreeMap<String, Names>,
}

struct File {
    name: String,
    contents: Contents,
}

impl Tree {
    pub(crate) fn read(project: &Path) -> Self {
        let mut sources = Vec::new();
        let mut folders = vec![project.join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(project).unwrap().to_str().unwrap();
                    sources.push((name.replace('\\', "/"), fs::read_to_string(&path).unwrap()));
                }
            }
        }
        Self::of(sources.iter().map(|(name, source)| (name.as_str(), source.as_str())))
    }

    /// Names and sources of the files.
    fn of<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tree = Self { files: BTreeMap::new(), macros: BTreeMap::new() };
        for (name, source) in sources {
            let module = module_of(name);
            let contents = contents(&module, source);
            for exported in &contents.exported_macros {
                tree.macros.insert(exported.clone(), module.clone());
            }
            tree.files.insert(module, File { name: name.to_owned(), contents });
        }
        tree
    }

    /// The module that a path leads to, as deep as there are files; none where it ends at the root.
    fn target(&self, path: &[String]) -> Option<&[String]> {
        let exported = path.first().and_then(|name| self.macros.get(name));
        let deepest =
            (1..=path.len()).rev().find_map(|length| self.files.get_key_value(&path[..length]));
        deepest.map(|(module, _)| module).or(exported).map(Vec::as_slice)
    }

    /// What the table does not allow, in the order of files and lines.
    pub(crate) fn refused(&self, rooms: Rooms<'_>) -> Vec<String> {
        let mut refused = BTreeSet::new();
        for (module, File { name, contents }) in &self.files {
            let from = room(module);
            let row = rooms.iter().find(|(room, _)| Some(*room) == from);
            if let (Some(from), None) = (from, row) {
                refused.insert((name, 1, format!("the table has no room {from}")));
            }
            let may_use = row.map_or(&[][..], |(_, may_use)| may_use);
            for found in &contents.paths {
                let path = shown(&found.path);
                let complaint = match (from, self.target(&found.path).and_then(room)) {
                    (_, None) => {
                        format!("{path} is reached through the root: name the module that it is in")
                    }
                    (Some(from), Some(to)) if from != to && !may_use.contains(&to) => {
                        format!("{from} -> {to} is not allowed: {path}")
                    }
                    _ => continue,
                };
                refused.insert((name, found.line, complaint));
            }
        }
        let lines = refused.iter();
        lines.map(|(name, line, complaint)| format!("{name}:{line}: {complaint}")).collect()
    }

    /// The shortest circle through each arrow between rooms, if there is one.
    pub(crate) fn circles(&self) -> Vec<String> {
        let arrows = self.file_arrows();
        let mut circles = BTreeSet::new();
        for (from, targets) in &arrows {
            for to in targets.iter().filter(|to| room(to) != room(from)) {
                if let Some(mut way) = shortest_way(&arrows, to, from) {
                    // Whichever arrow it was found by, it begins at the same file.
                    let first = (0..way.len()).min_by_key(|at| &way[*at]).unwrap_or(0);
                    way.rotate_left(first);
                    way.push(way[0].clone());
                    let names: Vec<_> =
                        way.iter().map(|module| self.files[module].name.as_str()).collect();
                    circles.insert(names.join(" -> "));
                }
            }
        }
        circles.into_iter().collect()
    }

    /// The files that each file uses. The root is left out: it uses all, and nothing may use it.
    fn file_arrows(&self) -> BTreeMap<&[String], BTreeSet<&[String]>> {
        let modules = self.files.iter().filter(|(module, _)| !module.is_empty());
        let arrows = modules.map(|(module, file)| {
            let targets = file.contents.paths.iter().filter_map(|found| self.target(&found.path));
            (module.as_slice(), targets.filter(|target| *target != module.as_slice()).collect())
        });
        arrows.collect()
    }
}

/// The files on the way, from the first to the last.
fn shortest_way(
    arrows: &BTreeMap<&[String], BTreeSet<&[String]>>,
    from: &[String],
    to: &[String],
) -> Option<Vec<Names>> {
    let mut ways = VecDeque::from([vec![from.to_vec()]]);
    let mut seen = BTreeSet::from([from.to_vec()]);
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        if last == to {
            return Some(way);
        }
        for next in arrows.get(last.as_slice()).into_iter().flatten() {
            if seen.insert(next.to_vec()) {
                ways.push_back(way.iter().cloned().chain([next.to_vec()]).collect());
            }
        }
    }
    None
}

/// Where a file's module lies below the root.
fn module_of(name: &str) -> Names {
    let path = name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut names: Names = path.split('/').map(str::to_owned).collect();
    if path == "lib" || names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// The room of a module; the root is in none.
fn room(module: &[String]) -> Option<&str> {
    let name = module.first()?.as_str();
    Some(name)
}

fn shown(path: &[String]) -> String {
    path.iter().fold("crate".into(), |shown, name| shown + "::" + name)
}

#[cfg(test)]
mod tests {
    use super::{Rooms, Tree};

    const ROOMS: Rooms<'_> =
        &[("run", &["wait", "nanos"]), ("wait", &["nanos"]), ("nanos", &[]), ("headers", &[])];

    const NOTHING_ELSE: [(&str, &str); 5] = [
        ("src/lib.rs", "mod run; mod wait; mod nanos; pub use crate::wait::Wait;"),
        ("src/run/mod.rs", "mod session; use crate::wait::Wait;"),
        ("src/run/session.rs", "use super::Run; use crate::wait::jitter::Jitter;"),
        ("src/wait/mod.rs", "pub mod jitter; use self::jitter::Jitter; use crate::nanos::Nanos;"),
        ("src/nanos.rs", "#[cfg(test)] mod tests { use super::*; }"),
    ];

    fn with(name: &str, source: &str) -> Tree {
        Tree::of(NOTHING_ELSE.into_iter().chain([(name, source)]))
    }

    #[track_caller]
    fn assert_refused(name: &str, source: &str, expected: &[&str]) {
        assert_eq!(with(name, source).refused(ROOMS), expected);
    }

    #[test]
    fn arrows_of_the_table_are_allowed() {
        let tree = Tree::of(NOTHING_ELSE);
        assert_eq!(tree.refused(ROOMS), [""; 0]);
        assert_eq!(tree.circles(), [""; 0]);
    }

    #[test]
    fn an_arrow_upwards_is_refused_with_its_file_and_line() {
        assert_refused(
            "src/wait/jitter.rs",
            "\nuse crate::run::session::Session;",
            &["src/wait/jitter.rs:2: wait -> run is not allowed: crate::run::session::Session"],
        );
    }

    #[test]
    fn an_arrow_upwards_is_refused_however_it_is_written() {
        let source = "use super::super::run::A;\nuse crate::{nanos::Nanos,\n  run::{B}};\n\
                      macro_rules! m { () => { $crate::run::C } }";
        assert_refused(
            "src/wait/jitter.rs",
            source,
            &[
                "src/wait/jitter.rs:1: wait -> run is not allowed: crate::run::A",
                "src/wait/jitter.rs:3: wait -> run is not allowed: crate::run::B",
                "src/wait/jitter.rs:4: wait -> run is not allowed: crate::run::C",
            ],
        );
    }

    #[test]
    fn all_that_is_refused_is_listed_in_the_order_of_files_and_lines() {
        let mut sources = vec![("src/wait/jitter.rs", "use crate::run::A;")];
        let far = "\n".repeat(9) + "use crate::run::B; use crate::wait::C;";
        sources.push(("src/nanos.rs", &far));
        let low = "\nuse crate::run::D;\n".to_owned() + &far;
        sources.push(("src/wait/floats.rs", &low));
        let tree = Tree::of(NOTHING_ELSE.into_iter().chain(sources));
        assert_eq!(
            tree.refused(ROOMS),
            [
                "src/nanos.rs:10: nanos -> run is not allowed: crate::run::B",
                "src/nanos.rs:10: nanos -> wait is not allowed: crate::wait::C",
                "src/wait/floats.rs:2: wait -> run is not allowed: crate::run::D",
                "src/wait/floats.rs:12: wait -> run is not allowed: crate::run::B",
                "src/wait/jitter.rs:1: wait -> run is not allowed: crate::run::A",
            ]
        );
    }

    #[test]
    fn a_name_that_the_root_re_exports_is_refused() {
        assert_refused(
            "src/run/forms.rs",
            "use crate::Wait;\nuse super::super::*;\nuse crate as r;",
            &[
                "src/run/forms.rs:1: crate::Wait is reached through the root: name the module that it is in",
                "src/run/forms.rs:2: crate::* is reached through the root: name the module that it is in",
                "src/run/forms.rs:3: crate is reached through the root: name the module that it is in",
            ],
        );
    }

    #[test]
    fn an_exported_macro_belongs_to_the_room_that_defines_it() {
        let exported = "#[macro_export] macro_rules! retry { () => {} }";
        let uses = [("src/run/forms.rs", exported), ("src/wait/jitter.rs", "crate::retry!();")];
        assert_eq!(
            Tree::of(NOTHING_ELSE.into_iter().chain(uses)).refused(ROOMS),
            ["src/wait/jitter.rs:1: wait -> run is not allowed: crate::retry",]
        );
    }

    #[test]
    fn a_room_that_the_table_does_not_know_is_refused() {
        assert_refused(
            "src/cellar.rs",
            "use crate::nanos::Nanos;",
            &[
                "src/cellar.rs:1: cellar -> nanos is not allowed: crate::nanos::Nanos",
                "src/cellar.rs:1: the table has no room cellar",
            ],
        );
    }

    #[track_caller]
    fn assert_circles(sources: &[(&str, &str)], expected: &[&str]) {
        assert_eq!(Tree::of(sources.iter().copied()).circles(), expected);
    }

    #[test]
    fn a_circle_of_files_is_shown_once_from_its_first_file_on() {
        assert_circles(
            &[
                ("src/wait/jitter.rs", "use crate::run::plan::Plan;"),
                ("src/run/plan.rs", "use crate::wait::jitter::Jitter;"),
            ],
            &["src/run/plan.rs -> src/wait/jitter.rs -> src/run/plan.rs"],
        );
    }

    #[test]
    fn a_circle_is_found_through_files_of_the_same_room() {
        assert_circles(
            &[
                ("src/run/plan.rs", "use crate::wait::jitter::Jitter;"),
                ("src/wait/jitter.rs", "use super::floats::power;"),
                ("src/wait/floats.rs", "use crate::run::plan::Plan;"),
            ],
            &["src/run/plan.rs -> src/wait/jitter.rs -> src/wait/floats.rs -> src/run/plan.rs"],
        );
    }

    #[test]
    fn rooms_may_use_each_other_s_files_without_a_circle_of_files() {
        assert_circles(
            &[
                ("src/run/plan.rs", "use crate::wait::Wait;"),
                ("src/wait/mod.rs", "use self::floats::power;"),
                ("src/wait/floats.rs", ""),
                ("src/wait/jitter.rs", "use crate::run::plan::Plan;"),
            ],
            &[],
        );
    }

    #[test]
    fn a_circle_within_one_room_is_its_own_affair() {
        assert_circles(
            &[
                ("src/run/session.rs", "use super::forms::run;"),
                ("src/run/forms.rs", "use super::session::Session;"),
            ],
            &[],
        );
    }
}
