//! When a clock is read, and what counts as time.

use std::cell::Cell;
use std::time::Duration;

use futures::executor::block_on;
use relent::{Details, Jitter, Retry, TestClock};

use crate::support::secs;

#[test]
fn the_first_attempt_begins_when_the_run_does_though_the_clock_ticks() {
    /// A second passes each time that somebody looks.
    #[derive(Default)]
    struct Ticking(Cell<u64>);
    impl relent::BlockingClock for Ticking {
        fn now(&self) -> Duration {
            self.0.set(self.0.get() + 1);
            secs(self.0.get())
        }

        fn sleep(&self, _: Duration) {}
    }
    let mut elapsed = Vec::new();
    let policy = Retry::expo().max_tries(2).clock(Ticking::default());
    let policy = policy.on_try(|d| elapsed.push(d.elapsed)).on_backoff(|_| {});
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    drop(policy);
    // The clock was read as the attempt began, after the handler, as it ended, and for the second `on_try`.
    assert_eq!(elapsed, [secs(0), secs(3)]);
}

#[test]
fn time_that_a_handler_takes_counts_in_elapsed() {
    let clock = TestClock::new();
    let mut elapsed = Vec::new();
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_tries(2).clock(&clock);
    let policy =
        policy.on_backoff(|_| clock.advance(secs(100))).on_try(|d| elapsed.push(d.elapsed));
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    drop(policy);
    assert_eq!(elapsed, [secs(0), secs(101)]);
}

/// Counts how often it is read.
#[derive(Default)]
struct Reads(Cell<u32>);

impl relent::BlockingClock for Reads {
    fn now(&self) -> Duration {
        self.0.set(self.0.get() + 1);
        secs(1)
    }

    fn sleep(&self, _: Duration) {}
}

impl relent::AsyncClock for Reads {
    type Timer = std::future::Ready<()>;

    fn now(&self) -> Duration {
        self.0.set(self.0.get() + 1);
        secs(1)
    }

    fn timer(&self, _: Duration) -> Self::Timer {
        std::future::ready(())
    }
}

#[test]
fn a_success_of_which_nobody_is_told_is_not_timed() {
    let clock = Reads::default();
    let policy = Retry::expo().clock(&clock);
    policy.run(|| Ok::<_, ()>(())).unwrap();
    block_on(policy.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(clock.0.take(), 0);
    // Whoever wants to be told of something else has the run timed from its beginning, and no more.
    let told = policy.on_backoff(|_| {});
    told.run(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(clock.0.take(), 1);
    let told = policy.on_backoff_async(|_| async {});
    block_on(told.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(clock.0.take(), 1);
    let told = policy.on_success(|_| {}).on_backoff_async(|_| async {});
    block_on(told.run_async(async || Ok::<_, ()>(()))).unwrap();
    assert_eq!(clock.0.take(), 2);
}

#[test]
fn a_loop_in_line_is_timed_only_if_something_asks() {
    let clock = Reads::default();
    let policy = Retry::expo().seed(7).clock(&clock);
    let (down, up) = (Err::<(), _>("down"), Ok(()));

    let mut attempts = policy.attempts();
    assert!(attempts.after(down).is_continue() && attempts.after(up).is_break());
    assert_eq!((attempts.elapsed(), attempts.remaining()), (None, None));
    let mut attempts = policy.attempts_async();
    block_on(async { assert!(attempts.after(down).await.is_continue()) });
    assert!(block_on(attempts.after(up)).is_break());
    assert_eq!(attempts.elapsed(), None);
    assert_eq!(clock.0.take(), 0);

    // At the beginning, and as an attempt ended: for the policy, for an observer, or for the loop itself.
    let in_time = policy.max_time(secs(9));
    assert!(in_time.attempts().after(up).is_break());
    assert!(block_on(in_time.attempts_async().after(up)).is_break());
    assert_eq!(clock.0.take(), 4);
    let observed = policy.on_giveup(|_| {});
    assert!(observed.attempts().after(up).is_break());
    assert!(block_on(observed.attempts_async().after(up)).is_break());
    assert_eq!(clock.0.take(), 4);
    assert!(policy.attempts().timed().after(up).is_break());
    assert!(block_on(policy.attempts_async().timed().after(up)).is_break());
    assert_eq!(clock.0.take(), 4);
}

#[test]
fn a_loop_in_line_that_is_timed_stays_so() {
    let clock = TestClock::new();
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).clock(&clock);
    let (down, up) = (Err::<(), _>("down"), Ok(()));
    let mut attempts = policy.attempts().timed();
    assert_eq!(attempts.elapsed(), Some(secs(0)));
    clock.advance(secs(2));
    assert!(attempts.after(down).is_continue());
    assert_eq!(attempts.elapsed(), Some(secs(3)));
    assert!(attempts.after(up).is_break());
    clock.advance(secs(9));
    assert_eq!(attempts.elapsed(), Some(secs(3)), "what it took");
    // The next outcome begins the next run.
    assert!(attempts.after(down).is_continue());
    assert_eq!(attempts.elapsed(), Some(secs(1)));
    attempts.reset();
    assert_eq!(attempts.elapsed(), Some(secs(0)));
    clock.advance(secs(4));
    assert_eq!(attempts.elapsed(), Some(secs(4)));

    let mut attempts = policy.attempts_async().timed();
    assert!(block_on(attempts.after(down)).is_continue());
    assert!(block_on(attempts.after(up)).is_break());
    clock.advance(secs(9));
    assert_eq!(attempts.elapsed(), Some(secs(1)));
    assert!(block_on(attempts.after(down)).is_continue());
    assert_eq!(attempts.elapsed(), Some(secs(1)));
    // A loop may ask while it waits. Before that it was not known when the run began.
    let mut attempts = policy.attempts();
    attempts.decide(&down);
    attempts = attempts.timed();
    clock.advance(secs(2));
    assert_eq!(attempts.elapsed(), Some(secs(2)));
    let mut attempts = policy.attempts();
    clock.advance(secs(2));
    assert!(attempts.after(down).is_continue());
    attempts = attempts.timed();
    clock.advance(secs(2));
    assert_eq!(attempts.elapsed(), Some(secs(2)));
}

#[test]
fn no_strategy_that_comes_with_the_crate_reads_a_clock() {
    fn reads<S: relent::Wait<(), &'static str>>(policy: Retry<S>) -> u32 {
        let clock = Reads::default();
        policy.max_tries(4).clock(&clock).run(|| Err("down")).unwrap_err();
        clock.0.take()
    }
    let reads = [
        reads(Retry::expo()),
        reads(Retry::fibo()),
        reads(Retry::constant(secs(1))),
        reads(Retry::linear(secs(1))),
        reads(Retry::decay()),
        reads(Retry::sequence([secs(1); 3])),
        reads(Retry::new(relent::Schedule::from(relent::wait::Linear::new(secs(1), secs(1))))),
        // What a function computes may go by the time.
        reads(Retry::runtime(|_: &Details<'_, (), &str>| secs(1))).min(1),
    ];
    assert_eq!(reads, [0, 0, 0, 0, 0, 0, 0, 1]);
}
