//! What the forms of `run` give to an attempt: arguments that are cloned for each, and the time
//! that is left. And polls, which have no error.

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use futures::executor::block_on;
use relent::wait::Sequence;
use relent::{Attempt, Jitter, Retry, Schedule, TestClock, Wait};

use crate::support::{secs, yields};

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

#[test]
fn each_attempt_gets_a_clone_of_its_own_in_both_drivers() {
    let clones = Rc::new(Cell::new(0));
    let client = || Client { clones: Rc::clone(&clones) };
    let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    policy.run_with(client(), |client| Err::<(), _>(client.clones.get())).unwrap_err();
    assert_eq!(clones.replace(0), 3);
    let run = policy.run_with_async(client(), |client| async move {
        yields(1).await;
        Err::<(), _>(client.clones.get())
    });
    block_on(run).unwrap_err();
    assert_eq!(clones.get(), 3);
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

#[test]
fn an_attempt_knows_what_is_left_of_the_time() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).max_time(secs(10)).jitter(Jitter::None).clock(&clock);
    let told = RefCell::new(Vec::new());
    let operation = |attempt: Attempt| {
        told.borrow_mut().push((attempt.tries, attempt.elapsed, attempt.remaining));
        clock.advance(secs(1));
        Err::<(), _>("down")
    };
    policy.run_attempt(operation).unwrap_err();
    let expected = [(1, 0, 10), (2, 5, 5), (3, 10, 0)];
    let expected = expected.map(|(tries, elapsed, left)| (tries, secs(elapsed), Some(secs(left))));
    assert_eq!(told.take(), expected);
    block_on(policy.run_attempt_async(|attempt| ready(operation(attempt)))).unwrap_err();
    assert_eq!(told.take(), expected);
    Retry::expo().max_tries(1).clock(&clock).run_attempt(operation).unwrap_err();
    assert_eq!(told.take(), [(1, Duration::ZERO, None)]);
}

#[test]
fn an_attempt_knows_whether_it_is_the_last() {
    fn lasts<S: Wait<(), &'static str>>(policy: Retry<S>) -> Vec<bool> {
        let clock = TestClock::new();
        let policy = policy.jitter(Jitter::None).clock(&clock);
        let told = RefCell::new(Vec::new());
        let operation = |attempt: Attempt| {
            told.borrow_mut().push(attempt.is_last);
            Err::<(), _>("down")
        };
        policy.run_attempt(operation).unwrap_err();
        let blocking = told.take();
        block_on(policy.run_attempt_async(|attempt| ready(operation(attempt)))).unwrap_err();
        assert_eq!(told.take(), blocking);
        blocking
    }
    const ONE: &[Duration] = &[secs(1)];
    let after = |others: usize| [vec![false; others], vec![true]].concat();
    assert_eq!(lasts(Retry::expo()), after(9));
    assert_eq!(lasts(Retry::expo().max_tries(1)), after(0));
    assert_eq!(lasts(Retry::expo().max_tries(3)), after(2));
    assert_eq!(lasts(Retry::constant(secs(4)).max_time(secs(10))), after(3));
    assert_eq!(
        lasts(Retry::constant(secs(4)).max_time(secs(10)).last_wait_may_overrun()),
        after(3)
    );
    assert_eq!(lasts(Retry::sequence([secs(1); 12])), after(12));
    assert_eq!(lasts(Retry::sequence([secs(1); 12]).max_tries(4)), after(3));
    assert_eq!(lasts(Retry::new(Schedule::from(Sequence::new(ONE)))), after(1));
    // What a function of the user will say is not known.
    assert_eq!(lasts(Retry::from_fn(|tries| (tries < 3).then_some(secs(1)))), [false; 3]);
}

#[test]
fn a_timeout_of_an_attempt_is_never_zero() {
    let mut attempt = Attempt::new(1);
    assert_eq!(attempt.timeout(secs(5)), secs(5));
    for (left, expected) in [(9, 5), (5, 5), (2, 2), (0, 5)] {
        attempt.remaining = Some(secs(left));
        assert_eq!(attempt.timeout(secs(5)), secs(expected));
    }
}

#[test]
fn the_time_that_is_left_is_fresh_after_slow_handlers() {
    let clock = TestClock::new();
    let policy = Retry::expo().max_time(secs(10)).clock(&clock).on_try_async(|_| async {
        clock.advance(secs(3));
    });
    let left = Cell::new(None);
    let run = policy.run_attempt_async(async |attempt| {
        left.set(attempt.remaining);
        Ok::<_, ()>(())
    });
    block_on(run).unwrap();
    assert_eq!(left.get(), Some(secs(7)));
}

#[test]
fn an_attempt_is_told_the_time_though_nobody_else_asks() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(4)).jitter(Jitter::None).max_tries(3).clock(&clock);
    let elapsed = RefCell::new(Vec::new());
    let operation = |attempt: Attempt| {
        elapsed.borrow_mut().push(attempt.elapsed);
        clock.advance(secs(1));
        Err::<(), _>("down")
    };
    policy.run_attempt(operation).unwrap_err();
    assert_eq!(elapsed.take(), [0, 5, 10].map(secs));
    block_on(policy.run_attempt_async(|attempt| ready(operation(attempt)))).unwrap_err();
    assert_eq!(elapsed.take(), [0, 5, 10].map(secs));
}

#[test]
fn polling_has_the_same_two_drivers() {
    let policy = Retry::constant(secs(1)).until(|n: &u32| *n == 3).clock(TestClock::new());
    let mut n = 0;
    let mut next = || {
        n += 1;
        n
    };
    assert_eq!(policy.poll(&mut next), 3);
    let n = Cell::new(0);
    let last = block_on(policy.poll_async(async || {
        n.set(n.get() + 1);
        n.get()
    }));
    assert_eq!(last, 3);
    assert_eq!(block_on(policy.poll_async(|| ready(1))), 1);
}

#[tokio::test(start_paused = true)]
async fn an_owned_poll_is_the_borrowed_one() {
    let mut progress = [1, 2, 3].into_iter();
    let policy = Retry::expo().until(|n: &Option<u32>| *n == Some(3));
    let poll = policy.into_poll_async(move || ready(progress.next()));
    assert_eq!(tokio::spawn(poll).await.unwrap(), Some(3));
}
