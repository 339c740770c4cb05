//! What the spinner shows at a terminal, and what it leaves there and in a pipe.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

use indicatif::{InMemoryTerm, ProgressDrawTarget};
use relent::{Jitter, Retry, TestClock};
use relent_terminal::Spinner;

fn spinner(terminal: &InMemoryTerm) -> Spinner {
    // What is printed is not a part of the terminal that is looked at.
    Spinner::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())), |_| {})
}

#[test]
fn a_pipe_gets_one_clean_line() {
    for (args, is_up, line) in [
        (&[][..], true, "Succeeded db.example after 3 tries\n"),
        (&["down"], false, "Giving up db.example after 4 tries (connection refused)\n"),
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_relent-terminal")).args(args).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), line);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert_eq!(output.status.success(), is_up);
    }
}

#[test]
fn a_terminal_shows_the_try_the_reason_and_a_countdown_and_nothing_in_the_end() {
    let terminal = InMemoryTerm::new(5, 60);
    let policy =
        Retry::linear(Duration::from_secs(20)).jitter(Jitter::None).target("db").max_tries(3);
    let see = |terminal: &InMemoryTerm| {
        // The spinner draws ten times a second.
        std::thread::sleep(Duration::from_millis(250));
        terminal.contents()
    };
    let mut seen = Vec::new();
    let outcome = spinner(&terminal)
        .show(policy.clock(TestClock::new()))
        .on_try(|_| seen.push(see(&terminal)))
        .on_backoff(|_| {})
        .run(|| {
            Err::<(), _>(
                "refused\n\x1b[31mand red, in an error that is longer than the terminal is wide",
            )
        });
    outcome.unwrap_err();
    assert!(seen[0].ends_with(" Trying db (try 1)"), "{seen:?}");
    assert_eq!((seen.len(), terminal.contents()), (3, String::new()));

    let mut seen = Vec::new();
    spinner(&terminal)
        .show(policy.clock(TestClock::new()))
        .on_backoff(|_| seen.push(see(&terminal)))
        .run(|| {
            Err::<(), _>(
                "refused\n\x1b[31mand red, in an error that is longer than the terminal is wide",
            )
        })
        .unwrap_err();
    let [first, second] = &seen[..] else { panic!("{seen:?}") };
    assert!(
        first.contains(" Try 2 in 1") && first.contains("s. Backing off db for 20.0s"),
        "{first}"
    );
    assert!(second.contains(" Try 3 in 3") && second.contains("after 2 tries"), "{second}");
    assert!(!first.contains(['\n', '\x1b']), "{first}");
    assert_eq!(terminal.contents(), "");
}

#[test]
fn an_attempt_that_panics_leaves_a_clean_terminal() {
    let terminal = InMemoryTerm::new(5, 60);
    let policy = spinner(&terminal).show(Retry::expo().target("db"));
    let run =
        AssertUnwindSafe(|| policy.run(|| -> Result<(), &str> { panic!("of the operation") }));
    catch_unwind(run).unwrap_err();
    drop(policy);
    assert_eq!(terminal.contents(), "");
}
