//! The paths of a file that begin at the root or at a parent.

use crate::lexer::{Token, tokens};

/// The names from the root downwards.
pub(crate) type Names = Vec<String>;

/// A path as it is seen from the root, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) line: usize,
    pub(crate) path: Names,
}

/// What a file says of other modules.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) paths: Vec<Found>,
    /// The macros that it puts at the root by `#[macro_export]`.
    pub(crate) exported_macros: Vec<String>,
}

/// Reads the file of this module.
pub(crate) fn contents(module: &[String], source: &str) -> Contents {
    let mut reader = Reader {
        tokens: tokens(source),
        at: 0,
        module: module.to_vec(),
        depth: 0,
        inline: Vec::new(),
        exports: false,
        contents: Contents::default(),
    };
    while reader.at < reader.tokens.len() {
        reader.step();
    }
    reader.contents
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// The module around, which inline modules lengthen.
    module: Names,
    depth: usize,
    /// How deep the braces of each inline module around lie.
    inline: Vec<usize>,
    /// Whether the next macro is exported.
    exports: bool,
    contents: Contents,
}

impl Reader {
    /// The text of a token, seen from the current one; nothing beyond the ends.
    fn text(&self, offset: isize) -> &str {
        let token = self.at.checked_add_signed(offset).and_then(|at| self.tokens.get(at));
        token.map_or("", |token| &token.text)
    }

    fn step(&mut self) {
        if self.is_start_of_a_path() && !self.is_in_a_visibility() {
            let module = self.module.clone();
            self.tree(&module);
            return;
        }
        match self.text(0) {
            "{" => self.depth += 1,
            "}" => self.close(),
            "mod" => self.open_module(),
            "macro_export" => self.exports = true,
            "macro_rules" => self.macro_definition(),
            _ => {}
        }
        self.at += 1;
    }

    fn is_start_of_a_path(&self) -> bool {
        match self.text(0) {
            "crate" => matches!(self.text(1), "::" | "as"),
            "super" => self.text(-1) != "$" && matches!(self.text(1), "::" | "as"),
            // The receiver of a method may stand before `as` too; `extern crate self` names the root.
            "self" if self.text(-1) == "crate" => self.text(-2) == "extern",
            "self" => self.text(-1) != "$" && self.text(1) == "::",
            _ => false,
        }
    }

    /// `pub(in crate::run)` says who may use an item, and uses nothing.
    fn is_in_a_visibility(&self) -> bool {
        self.text(-1) == "in" && self.text(-2) == "(" && self.text(-3) == "pub"
    }

    /// Braces that are not those of a path.
    fn close(&mut self) {
        if self.inline.last() == Some(&self.depth) {
            self.inline.pop();
            self.module.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn open_module(&mut self) {
        // In a macro the name may be a variable.
        let name = if self.text(1) == "$" { 2 } else { 1 };
        if self.text(name + 1) == "{" {
            self.module.push(self.text(name).to_owned());
            // The brace itself is counted when it is reached.
            self.inline.push(self.depth + 1);
        }
    }

    fn macro_definition(&mut self) {
        if std::mem::take(&mut self.exports) && self.text(1) == "!" {
            self.contents.exported_macros.push(self.text(2).to_owned());
        }
    }

    /// A path, or one for each name in its braces, below what stands before it.
    fn tree(&mut self, before: &[String]) {
        let mut path = before.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.text(0) {
                "{" => return self.branches(&path),
                "crate" => path.clear(),
                // `extern crate self`: the root.
                "self" if self.text(-1) == "crate" => path.clear(),
                "self" => {}
                "super" => drop(path.pop()),
                "*" => path.push("*".into()),
                _ if self.tokens.get(self.at).is_some_and(Token::is_word) => {
                    path.push(self.text(0).trim_start_matches("r#").to_owned());
                }
                // Generic arguments, or a macro's variable.
                _ => break,
            }
            self.at += 1;
            if self.text(0) != "::" {
                break;
            }
            self.at += 1;
        }
        self.contents.paths.push(Found { line, path });
    }

    /// What stands in the braces of `use`, braces included.
    fn branches(&mut self, before: &[String]) {
        self.at += 1;
        while !matches!(self.text(0), "}" | "") {
            self.tree(before);
            // A new name, or what a macro fills in.
            while !matches!(self.text(0), "," | "}" | "") {
                self.at += 1;
            }
            if self.text(0) == "," {
                self.at += 1;
            }
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::contents;

    /// Line and path of each, read as the file of the module `observe::chain`.
    fn paths(source: &str) -> Vec<(usize, String)> {
        let module = ["observe".to_owned(), "chain".to_owned()];
        let found = contents(&module, source).paths.into_iter();
        found.map(|found| (found.line, found.path.join("::"))).collect()
    }

    #[track_caller]
    fn assert_paths(source: &str, expected: &[(usize, &str)]) {
        let found = paths(source);
        let found: Vec<_> = found.iter().map(|(line, path)| (*line, path.as_str())).collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn paths_are_found_in_use_and_in_code_and_in_types() {
        assert_paths("use crate::wait::Wait;", &[(1, "wait::Wait")]);
        assert_paths("fn f() {\n  crate::run::drive::<u8>();\n}", &[(2, "run::drive")]);
        assert_paths("\nstruct S<T: crate::wait::Wait>(T);", &[(2, "wait::Wait")]);
        assert_paths(
            "impl From<crate::run::A<crate::wait::B>> for C {}",
            &[(1, "run::A"), (1, "wait::B")],
        );
    }

    #[test]
    fn comments_and_literals_hold_no_paths() {
        assert_paths("// crate::run::A\n/// [`A`](crate::run::A)\n/* /* */ crate::run::A */", &[]);
        assert_paths(r##"f("crate::run::A", r#"" crate::run::A"#, b'"', "crate::run::A")"##, &[]);
    }

    #[test]
    fn braces_are_followed_into_every_branch() {
        assert_paths(
            "use crate::{\n  wait::Wait,\n  event::{self, Details as D, kinds::*},\n};\nuse crate::run::A;",
            &[
                (2, "wait::Wait"),
                (3, "event"),
                (3, "event::Details"),
                (3, "event::kinds::*"),
                (5, "run::A"),
            ],
        );
        assert_paths(
            "use {crate::wait::Wait, super::Observe};",
            &[(1, "wait::Wait"), (1, "observe::Observe")],
        );
    }

    #[test]
    fn super_leads_to_the_module_around_and_may_be_repeated() {
        assert_paths("use super::Observe;", &[(1, "observe::Observe")]);
        assert_paths("use super::super::run::A;", &[(1, "run::A")]);
        assert_paths(
            "use super::{super::run::A, handlers};",
            &[(1, "run::A"), (1, "observe::handlers")],
        );
    }

    #[test]
    fn super_in_an_inline_module_leads_to_the_file_first() {
        let source = "mod a {\n  use super::X;\n  mod b {\n    use super::super::super::Y;\n  }\n  \
                      use super::super::Z;\n}\nuse super::W;";
        assert_paths(
            source,
            &[(2, "observe::chain::X"), (4, "observe::Y"), (6, "observe::Z"), (8, "observe::W")],
        );
    }

    #[test]
    fn braces_of_code_do_not_end_an_inline_module() {
        let source = "mod a { fn f() { if x { S { y } } } use super::super::X; } use super::Y;";
        assert_paths(source, &[(1, "observe::X"), (1, "observe::Y")]);
    }

    #[test]
    fn self_leads_to_the_module_itself() {
        assert_paths("use self::inner::X;", &[(1, "observe::chain::inner::X")]);
        assert_paths("use self::super::super::run::A;", &[(1, "run::A")]);
        assert_paths("fn f(self) { self.x; self as u8 }", &[]);
    }

    #[test]
    fn code_under_a_cfg_counts() {
        let source = "#[cfg(feature = \"std\")]\nuse crate::run::A;\n#[cfg(test)]\nmod tests {\n  \
                      use super::super::super::run::B;\n}";
        assert_paths(source, &[(2, "run::A"), (5, "run::B")]);
    }

    #[test]
    fn macros_are_read_too() {
        let source = "macro_rules! m {\n  ($a:ident, $self:ident) => {\n    $crate::run::$a::f($self)\n  };\n}\n\
                      m!(crate::wait::Wait, x);";
        assert_paths(source, &[(3, "run"), (6, "wait::Wait")]);
    }

    #[test]
    fn a_visibility_uses_nothing() {
        let source = "pub(in crate::run) fn f() {} pub(crate) fn g() {} pub(super) fn h() {}";
        assert_paths(source, &[]);
        assert_paths("for x in crate::run::all() {}", &[(1, "run::all")]);
    }

    #[test]
    fn the_root_under_a_new_name_is_the_root() {
        assert_paths("use crate as root;", &[(1, "")]);
        assert_paths("use crate::{self as root};", &[(1, "")]);
        assert_paths("use crate::*;", &[(1, "*")]);
        assert_paths("extern crate self as relent; extern crate std;", &[(1, "")]);
    }

    #[test]
    fn a_raw_name_is_the_name() {
        assert_paths("use crate::r#run::A;", &[(1, "run::A")]);
        assert_paths("fn r#mod() { super::A }", &[(1, "observe::A")]);
    }

    #[test]
    fn exported_macros_are_noticed() {
        let source = "#[macro_export]\nmacro_rules! a { () => {} }\nmacro_rules! b { () => {} }";
        assert_eq!(contents(&[], source).exported_macros, ["a"]);
    }
}
