//! The messages of what `#[retry]` refuses.

#[test]
fn mistakes_are_refused_with_a_message_that_helps() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}

/// What looks like a mistake and is none: see `moves` in the macro's source.
#[test]
fn what_is_no_mistake_is_accepted() {
    trybuild::TestCases::new().pass("tests/accepted/*.rs");
}
