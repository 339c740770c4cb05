//! Rust source as words and marks, without comments and literals.

use std::iter::{Peekable, repeat_n};
use std::str::Chars;

/// A word, `::`, or another mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(is_in_a_word)
    }
}

pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source.chars().peekable(), line: 1, tokens: Vec::new() };
    while let Some(c) = lexer.next() {
        lexer.token(c);
    }
    lexer.tokens
}

fn is_in_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    /// The only way on, so that no line goes uncounted.
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next();
        self.line += usize::from(c == Some('\n'));
        c
    }

    fn next_is(&mut self, c: char) -> bool {
        self.rest.peek() == Some(&c)
    }

    /// What follows the next character.
    fn second(&self) -> Option<char> {
        self.rest.clone().nth(1)
    }

    fn push(&mut self, text: String) {
        self.tokens.push(Token { text, line: self.line });
    }

    fn token(&mut self, first: char) {
        match first {
            '/' if self.next_is('/') => while self.next().is_some_and(|c| c != '\n') {},
            '/' if self.next_is('*') => self.block_comment(),
            '"' => self.quoted('"'),
            '\'' => self.character_or_lifetime(),
            ':' if self.next_is(':') => {
                self.next();
                self.push("::".into());
            }
            c if c.is_numeric() => drop(self.word(c)),
            c if is_in_a_word(c) => self.word_or_literal(c),
            c if c.is_whitespace() => {}
            c => self.push(c.into()),
        }
    }

    fn block_comment(&mut self) {
        self.next();
        let mut depth = 1;
        while depth > 0 {
            let Some(c) = self.next() else { return };
            if c == '/' && self.next_is('*') {
                self.next();
                depth += 1;
            } else if c == '*' && self.next_is('/') {
                self.next();
                depth -= 1;
            }
        }
    }

    /// The rest of a literal with escapes, behind its first quote.
    fn quoted(&mut self, quote: char) {
        while let Some(c) = self.next() {
            if c == '\\' {
                self.next();
            } else if c == quote {
                return;
            }
        }
    }

    /// `'a'` is a character, and `'a` is not, where another mark than a quote follows.
    fn character_or_lifetime(&mut self) {
        if self.next_is('\\') || self.second() == Some('\'') {
            self.quoted('\'');
        } else {
            self.word('\'');
        }
    }

    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        while let Some(&c) = self.rest.peek().filter(|c| is_in_a_word(**c)) {
            word.push(c);
            self.next();
        }
        word
    }

    fn word_or_literal(&mut self, first: char) {
        let word = self.word(first);
        match word.as_str() {
            "r" | "br" | "cr" if self.raw_string() => {}
            "b" | "c" if self.next_is('"') => {
                self.next();
                self.quoted('"');
            }
            "b" if self.next_is('\'') => {
                self.next();
                self.quoted('\'');
            }
            // A name that is a keyword elsewhere keeps its mark, and is no keyword.
            "r" if self.next_is('#') => {
                self.next();
                let word = self.word('#');
                self.push(format!("r{word}"));
            }
            _ => self.push(word),
        }
    }

    /// Behind the `r`; says whether there was one.
    fn raw_string(&mut self) -> bool {
        let mut ahead = self.rest.clone();
        let mut hashes = 0;
        while ahead.next_if_eq(&'#').is_some() {
            hashes += 1;
        }
        if ahead.next() != Some('"') {
            return false;
        }
        for _ in 0..=hashes {
            self.next();
        }
        while let Some(c) = self.next() {
            let behind = self.rest.clone().take(hashes);
            if c == '"' && behind.eq(repeat_n('#', hashes)) {
                for _ in 0..hashes {
                    self.next();
                }
                return true;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    fn words(source: &str) -> Vec<String> {
        tokens(source).into_iter().filter(super::Token::is_word).map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_left_out() {
        assert_eq!(words("a // no\n b /// no\n //! no\n c"), ["a", "b", "c"]);
        assert_eq!(words("a /* no */ b /** no */ c /*! no */"), ["a", "b", "c"]);
        assert_eq!(words("a / b"), ["a", "b"]);
    }

    #[test]
    fn block_comments_nest() {
        assert_eq!(words("a /* no /* no */ no **/ b"), ["a", "b"]);
    }

    #[test]
    fn strings_are_left_out() {
        assert_eq!(words(r#"a "no" b "" c b"no" d c"no" e"#), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn a_quote_behind_a_backslash_does_not_end_a_string() {
        assert_eq!(words(r#"a "no \" no \\" b"#), ["a", "b"]);
    }

    #[test]
    fn a_comment_does_not_begin_in_a_string() {
        assert_eq!(words(r#"a "// /*" b"#), ["a", "b"]);
    }

    #[test]
    fn raw_strings_end_at_as_many_hashes_as_they_began_with() {
        assert_eq!(
            words(r###"a r"no \" b r##"no "# no"## c br#"no"# d cr"no" e"###),
            ["a", "b", "c", "d", "e"]
        );
    }

    #[test]
    fn a_raw_name_is_not_a_raw_string() {
        assert_eq!(words("a r#mod r b"), ["a", "r#mod", "r", "b"]);
    }

    #[test]
    fn characters_are_left_out() {
        assert_eq!(
            words(r#"a 'n' b '"' c b'\'' d '\\' e '\u{41}' f b'"' g"#),
            ["a", "b", "c", "d", "e", "f", "g"]
        );
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(
            words("a<'n, 'm>(b: &'n c, d: &'static e) { 'outer: f }"),
            ["a", "b", "c", "d", "e", "f"]
        );
    }

    #[test]
    fn numbers_are_no_words() {
        assert_eq!(words("a 1 0x1f 1_000u64 1.5e3 b"), ["a", "b"]);
    }

    #[test]
    fn lines_are_counted_through_all_that_is_left_out() {
        let source = "a\n// no\n/* no\nno */ b \"no\nno \\\n no\" c r#\"no\n\"# d '\n' e";
        let lines: Vec<_> =
            tokens(source).into_iter().map(|token| (token.text, token.line)).collect();
        let expected = [("a", 1), ("b", 4), ("c", 6), ("d", 7), ("e", 8)];
        assert_eq!(lines, expected.map(|(word, line)| (word.to_owned(), line)));
    }
}
