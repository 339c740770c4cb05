//! Arguments: cloned for each attempt, and shown to handlers on request only.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Mutex;

use futures::executor::block_on;
use relent::{Details, Retry, TestClock};

use crate::support::yields;

/// Not `Debug`, and counts its clones.
struct Client {
    clones: Rc<Cell<u32>>,
}

impl Clone for Client {
    fn clone(&self) -> Self {
        self.clones.set(self.clones.get() + 1);
        Self { clones: Rc::clone(&self.clones) }
    }
}

/// The arguments that each event shows.
fn shown(log: &Mutex<Vec<Option<String>>>) -> impl FnMut(&Details<'_, (), &'static str>) + Send {
    |details| log.lock().unwrap().push(details.args().map(|args| format!("{args:?}")))
}

#[test]
fn each_attempt_gets_a_clone_of_its_own_in_both_drivers() {
    let clones = Rc::new(Cell::new(0));
    let client = || Client { clones: Rc::clone(&clones) };
    let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    policy.run_with(client(), |client| Err::<(), _>(client.clones.get())).unwrap_err();
    assert_eq!(clones.replace(0), 3);
    let run = policy.run_async_with(client(), |client| async move {
        yields(1).await;
        Err::<(), _>(client.clones.get())
    });
    block_on(run).unwrap_err();
    assert_eq!(clones.get(), 3);
}

#[test]
fn arguments_are_hidden_unless_they_are_asked_for() {
    let log = Mutex::new(Vec::new());
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = policy.on_try(shown(&log)).on_backoff(shown(&log)).on_giveup(shown(&log));
    policy.run_with("secret", |_| Err("down")).unwrap_err();
    block_on(policy.run_async_with("secret", |_| async { Err("down") })).unwrap_err();
    policy.show_args().run_with(7, |_| Err("down")).unwrap_err();
    block_on(policy.show_args().run_async_with(8, |_| async { Err("down") })).unwrap_err();
    let seven = Some(String::from("7"));
    let eight = Some(String::from("8"));
    let told = log.lock().unwrap();
    assert_eq!(told[..8], [const { None }; 8]);
    assert_eq!(told[8..], [seven, eight].map(|args| vec![args; 4]).concat());
}

#[test]
fn a_run_with_arguments_is_named_after_its_function() {
    fn fetch(_: u32) -> Result<(), &'static str> {
        Err("down")
    }

    let mut line = String::new();
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    policy.on_giveup(|d| line = d.to_string()).run_with(7, fetch).unwrap_err();
    assert!(line.contains("::fetch after 2 tries (down)"), "{line}");
}
