//! What must not compile, and what the compiler says of it: one file each in `tests/compile_fail`,
//! with the message beside it. `TRYBUILD=overwrite cargo test --all-features --test compile_fail` writes the messages anew: read them.
//! They are those of the compiler's release with which they were written.

// Another release says the same in other words.
#[rustversion::attr(not(stable(1.95)), ignore = "the messages are those of Rust 1.95")]
#[test]
fn mistakes_are_refused_with_messages_that_help() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    cases.compile_fail("tests/compile_fail/observers/*.rs");
}
