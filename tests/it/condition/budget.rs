//! The account of retries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures::executor::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use relent::clock::AsyncFnClock;
use relent::event::RetryKind;
use relent::run::Decision;
use relent::wait::Expo;
use relent::{
    Budget, Cancel, Condition, Details, EventKind, Jitter, Observe, Progress, Retry, StopReason,
    TestClock, Verdict,
};

use crate::support::{secs, yields};

/// Fails this often, then succeeds.
fn fails(times: u32) -> impl FnMut() -> Result<u32, &'static str> {
    let mut calls = 0;
    move || {
        calls += 1;
        if calls > times { Ok(calls) } else { Err("down") }
    }
}

#[test]
fn a_retry_costs_and_a_success_puts_back() {
    let budget = Budget::new().capacity(100).cost(10);
    let policy = Retry::expo().max_tries(4).budget(&budget).clock(TestClock::new());
    policy.run(fails(9)).unwrap_err();
    assert_eq!(budget.available(), 70);
    policy.run(fails(2)).unwrap();
    assert_eq!(budget.available(), 60, "two were taken and the last one was put back");
    policy.run(fails(0)).unwrap();
    assert_eq!(budget.available(), 61);
}

#[test]
fn an_attempt_that_no_limit_follows_costs_nothing() {
    let budget = Budget::new();
    let policy = Retry::expo().budget(&budget).clock(TestClock::new());
    policy.clone().max_tries(1).run(fails(9)).unwrap_err();
    policy.clone().max_time(secs(0)).run(fails(9)).unwrap_err();
    policy.clone().retry_if(|_: &&str| false).run(fails(9)).unwrap_err();
    assert_eq!(budget.available(), 500);
}

#[test]
fn it_never_holds_more_than_its_capacity() {
    let budget = Budget::new().capacity(3);
    let policy = Retry::expo().budget(&budget).clock(TestClock::new());
    for _ in 0..10 {
        policy.run(fails(0)).unwrap();
    }
    assert_eq!(budget.available(), 3);
}

#[test]
fn a_value_that_is_refused_further_down_the_chain_is_no_success() {
    let budget = Budget::new().capacity(20).poll_cost(5);
    let policy = Retry::expo().budget(&budget).max_tries(3).clock(TestClock::new());
    policy.until(|n: &u32| *n == 9).run(|| Ok::<_, ()>(1)).unwrap();
    assert_eq!(budget.available(), 10);
}

#[test]
fn of_two_accounts_none_pays_for_what_the_other_refuses() {
    let (full, scarce) = (Budget::new().capacity(100).cost(5), Budget::new().capacity(5).cost(5));
    let policy = Retry::expo().max_tries(3).clock(TestClock::new());
    policy.clone().budget(&full).budget(&scarce).run(fails(9)).unwrap_err();
    assert_eq!((full.available(), scarce.available()), (95, 0));
    policy.clone().budget(&full).budget(&scarce).run(fails(9)).unwrap_err();
    policy.budget(&scarce).budget(&full).run(fails(9)).unwrap_err();
    assert_eq!((full.available(), scarce.available()), (95, 0));
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

type Outcome = Result<u32, &'static str>;

/// Retries until a 9 or a fatal error, and knows who is throttled.
#[derive(Clone, Copy)]
struct Classified;

impl Condition<u32, &'static str> for Classified {
    fn judge(&self, details: &Details<'_, u32, &'static str>) -> Verdict {
        match details.outcome() {
            Some(Ok(9)) => Verdict::Accept,
            Some(Err("fatal")) => Verdict::Stop,
            _ => Verdict::Retry,
        }
    }

    fn retry_kind(&self, details: &Details<'_, u32, &'static str>) -> RetryKind {
        match details.outcome() {
            Some(Err("slow down")) => RetryKind::Throttled,
            Some(Err(_)) => RetryKind::Transient,
            _ => RetryKind::Poll,
        }
    }
}

fn classified() -> Retry<Expo, Classified> {
    Retry::expo().jitter(Jitter::None).max_tries(4).condition(Classified)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    Run,
    RunAsync,
    After,
    AfterAsync,
    Decide,
    DecideOnce,
}

use Driver::{After, AfterAsync, Decide, DecideOnce, Run, RunAsync};

const DRIVERS: [Driver; 6] = [Run, RunAsync, After, AfterAsync, Decide, DecideOnce];

/// Makes one run by one of the drivers.
macro_rules! drive {
    ($driver:expr, $policy:expr, $next:expr) => {{
        #[allow(unused_mut)]
        let (policy, mut next) = (&$policy, $next);
        match $driver {
            Run => drop(policy.run(next)),
            RunAsync => drop(block_on(policy.run_async(|| std::future::ready(next())))),
            After => {
                let mut attempts = policy.attempts();
                while attempts.after(next()).is_continue() {}
            }
            AfterAsync => {
                let mut attempts = policy.attempts_async();
                while block_on(attempts.after(next())).is_continue() {}
            }
            Decide => {
                let mut attempts = policy.attempts();
                while attempts.next_try().is_ok() {
                    let Decision::Backoff(wait) = attempts.decide(&next()) else { break };
                    attempts.sleep(wait);
                }
            }
            DecideOnce => {
                let mut progress = Progress::default();
                while let Decision::Backoff(_) = policy.decide(&mut progress, &next()) {}
            }
        }
    }};
}

/// Two budgets of which some is spent: what is put back shows.
fn accounts() -> [Budget; 2] {
    let accounts =
        [Budget::new(), Budget::new().capacity(100).cost(3).throttled_cost(2).poll_cost(1)];
    for budget in &accounts {
        Retry::expo()
            .max_tries(6)
            .budget(budget)
            .clock(TestClock::new())
            .run(fails(9))
            .unwrap_err();
    }
    assert_eq!(accounts.each_ref().map(Budget::available), [430, 85]);
    accounts
}

#[track_caller]
fn assert_changed(accounts: &[Budget; 2], by: [i64; 2], what: impl std::fmt::Debug) {
    let now = accounts.each_ref().map(|budget| i64::from(budget.available()));
    assert_eq!([now[0] - 430, now[1] - 85], by, "{what:?}");
}

#[test]
fn each_end_of_a_run_returns_what_is_promised() {
    let cases: [(&[Outcome], [i64; 2]); 14] = [
        (&[Ok(9)], [1, 1]),
        (&[Ok(1), Ok(1), Ok(9)], [1, -1]),
        (&[Err("down"), Ok(9)], [0, 0]),
        (&[Err("slow down"), Ok(9)], [0, 0]),
        (&[Err("down"), Err("down"), Ok(9)], [-14, -3]),
        (&[Err("down"), Err("slow down"), Ok(9)], [-14, -3]),
        (&[Err("slow down"), Err("down"), Ok(9)], [-5, -2]),
        (&[Err("down"), Ok(1), Ok(9)], [-13, -3]),
        (&[Err("fatal")], [0, 0]),
        (&[Err("down"), Err("fatal")], [0, 0]),
        (&[Err("down"), Err("slow down"), Err("fatal")], [-14, -3]),
        (&[Ok(1), Err("fatal")], [0, 0]),
        (&[Err("down"), Err("down"), Err("down"), Err("down")], [-42, -9]),
        (&[Ok(1), Ok(1), Ok(1), Ok(1)], [0, -3]),
    ];
    for (script, changes) in cases {
        for driver in DRIVERS {
            let accounts = accounts();
            let [first, second] = &accounts;
            let policy = classified().budget(first).budget(second).clock(TestClock::new());
            let mut outcomes = script.iter().copied();
            drive!(driver, policy, || outcomes.next().expect("the run goes on"));
            assert_eq!(outcomes.len(), 0);
            assert_changed(&accounts, changes, (driver, script));
        }
    }
}

#[test]
fn a_retry_whose_wait_is_cancelled_is_given_back() {
    for driver in [Run, RunAsync, After, AfterAsync, Decide] {
        let (accounts, cancel) = (accounts(), Cancel::new());
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let policy = policy.cancelled_by(&cancel).on_backoff(|d| {
            if d.tries == 2 {
                cancel.cancel();
            }
        });
        let mut outcomes = [Err("down"), Err("slow down")].into_iter();
        drive!(driver, policy, || outcomes.next().expect("it is cancelled"));
        assert_changed(&accounts, [-14, -3], driver);
    }
}

#[test]
fn a_run_that_is_cancelled_after_an_attempt_gets_nothing_back() {
    for driver in DRIVERS {
        let (accounts, cancel) = (accounts(), Cancel::new());
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let policy = policy.cancelled_by(&cancel);
        let mut calls = 0;
        drive!(driver, policy, || {
            calls += 1;
            if calls == 2 {
                cancel.cancel();
            }
            Outcome::Err("down")
        });
        assert_eq!(calls, 2);
        assert_changed(&accounts, [-14, -3], driver);
    }
}

#[test]
fn a_retry_whose_back_off_makes_a_handler_panic_is_given_back() {
    for driver in DRIVERS {
        let accounts = accounts();
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let policy = policy.on_backoff(|d| assert!(d.tries < 2, "a handler panics"));
        let mut outcomes = [Err("down"), Err("slow down")].into_iter();
        let next = || outcomes.next().expect("it panics");
        catch_unwind(AssertUnwindSafe(|| drive!(driver, policy, next))).unwrap_err();
        assert_changed(&accounts, [-14, -3], driver);
    }
}

#[test]
fn a_retry_whose_back_off_makes_an_async_handler_panic_is_given_back_once() {
    for polls in [0, 1] {
        let accounts = accounts();
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let policy = policy.on_backoff_async(|_| async move {
            yields(polls).await;
            panic!("a handler panics")
        });
        let mut run = pin!(policy.run_async(async || Outcome::Err("down")));
        let mut outcomes = Vec::new();
        while outcomes.len() < 2 {
            outcomes.extend(catch_unwind(AssertUnwindSafe(|| poll_once(run.as_mut()))).err());
        }
        assert_changed(&accounts, [0, 0], polls);

        let mut attempts = block_on(policy.begin_async());
        catch_unwind(AssertUnwindSafe(|| block_on(attempts.after(Err("down"))))).unwrap_err();
        assert_changed(&accounts, [0, 0], polls);
    }
}

#[test]
fn a_retry_is_given_back_only_once_where_the_run_goes_on_after_a_panic() {
    let (accounts, cancel) = (accounts(), Cancel::new());
    let [first, second] = &accounts;
    let policy = classified().budget(first).budget(second).clock(TestClock::new());
    let policy = policy.cancelled_by(&cancel);
    let policy = policy.on_backoff(|d| assert!(d.tries != 2, "a handler panics"));
    let mut attempts = policy.attempts();
    attempts.decide(&Err("down"));
    catch_unwind(AssertUnwindSafe(|| attempts.decide(&Err("down")))).unwrap_err();
    assert_changed(&accounts, [-14, -3], "the first retry was made");
    cancel.cancel();
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
    assert_changed(&accounts, [-14, -3], "that of the second was given back already");
}

#[test]
fn an_attempt_after_a_panic_that_is_caught_is_free() {
    let accounts = accounts();
    let [first, second] = &accounts;
    let policy = classified().budget(first).budget(second).clock(TestClock::new());
    let policy = policy.on_backoff(|d| assert!(d.tries > 1, "a handler panics"));
    let mut attempts = policy.attempts();
    catch_unwind(AssertUnwindSafe(|| attempts.decide(&Err("down")))).unwrap_err();
    assert_eq!((attempts.next_try(), attempts.tries()), (Ok(()), 2));
    assert_changed(&accounts, [0, 0], "the second attempt is made");
    assert!(matches!(attempts.decide(&Err("down")), Decision::Backoff(_)));
    assert_changed(&accounts, [-14, -3], "only the second retry was charged");
}

/// The future of an async handler that is ready at once, or never, and panics when it is dropped.
struct PanicsOnDrop {
    is_ready: bool,
}

impl Future for PanicsOnDrop {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.is_ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("a handler panics when it is dropped")
    }
}

#[test]
fn an_async_handler_that_panics_when_it_is_dropped_gets_nothing_back() {
    for is_ready in [true, false] {
        let accounts = accounts();
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let policy = policy.on_backoff_async(move |_| PanicsOnDrop { is_ready });
        let run = || poll_once(Box::pin(policy.run_async(async || Outcome::Err("down"))).as_mut());
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_changed(&accounts, [-14, -3], is_ready);
    }
}

#[test]
fn a_step_that_is_dropped_in_its_wait_has_paid_for_the_attempt_that_follows() {
    let accounts = accounts();
    let [first, second] = &accounts;
    let clock = AsyncFnClock::new(|| secs(0), |_| std::future::pending::<()>());
    let policy = classified().budget(first).budget(second).clock(clock);
    let mut attempts = policy.attempts_async();
    assert!(!poll_once(pin!(attempts.after(Outcome::Err("down"))).as_mut()));
    assert_changed(&accounts, [-14, -3], "dropped in its wait");
    assert_eq!((attempts.next_try(), attempts.tries()), (Ok(()), 2));
    assert_changed(&accounts, [-14, -3], "the second attempt is made");
    assert!(block_on(attempts.after(Ok(9))).is_break());
    assert_changed(&accounts, [0, 0], "it is accepted");
}

#[test]
fn an_outcome_that_is_not_judged_gives_nothing_back() {
    for is_forgotten in [false, true] {
        let (accounts, cancel) = (accounts(), Cancel::new());
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let policy = policy.cancelled_by(&cancel);
        let mut attempts = policy.attempts_async();
        assert!(block_on(attempts.after(Err("down"))).is_continue());
        let step = attempts.after(Err("down"));
        if is_forgotten {
            std::mem::forget(step);
        } else {
            drop(step);
        }
        cancel.cancel();
        assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
        assert_changed(&accounts, [-14, -3], "its retry was made");
    }
}

#[test]
fn a_run_that_is_dropped_gets_nothing_back() {
    let accounts = accounts();
    let [first, second] = &accounts;
    let policy = classified().budget(first).budget(second);
    // While it waits.
    let asleep = policy.clock(AsyncFnClock::new(|| secs(0), |_| std::future::pending::<()>()));
    assert!(!poll_once(pin!(asleep.run_async(async || Outcome::Err("down"))).as_mut()));
    assert_changed(&accounts, [-14, -3], "a future that waits");
    let mut attempts = asleep.attempts_async();
    assert!(!poll_once(pin!(attempts.after(Outcome::Err("down"))).as_mut()));
    assert_changed(&accounts, [-28, -6], "a step that waits");
    drop(attempts);
    let mut attempts = policy.attempts();
    attempts.decide(&Outcome::Err("down"));
    drop(attempts);
    assert_changed(&accounts, [-42, -9], "a run in line");
    // While an attempt is made.
    let policy = policy.clock(TestClock::new());
    let mut calls = 0;
    let run = policy.run_async(|| {
        calls += 1;
        let hangs = calls == 2;
        async move {
            yields(if hangs { 99 } else { 0 }).await;
            Outcome::Err("down")
        }
    });
    assert!(!poll_once(pin!(run).as_mut()));
    assert_changed(&accounts, [-56, -12], "a future in an attempt");
}

#[test]
fn a_step_that_is_dropped_in_its_wait_and_then_cancelled_is_given_back() {
    let (accounts, cancel) = (accounts(), Cancel::new());
    let [first, second] = &accounts;
    let clock = AsyncFnClock::new(|| secs(0), |_| std::future::pending::<()>());
    let policy = classified().budget(first).budget(second).clock(clock).cancelled_by(&cancel);
    let mut attempts = policy.attempts_async();
    assert!(!poll_once(pin!(attempts.after(Outcome::Err("down"))).as_mut()));
    assert_changed(&accounts, [-14, -3], "it waits");
    cancel.cancel();
    assert_eq!(attempts.next_try(), Err(StopReason::Cancelled));
    assert_changed(&accounts, [0, 0], "it is not made");
}

#[test]
fn an_attempt_that_panics_gets_nothing_back() {
    for driver in [Run, RunAsync] {
        let accounts = accounts();
        let [first, second] = &accounts;
        let policy = classified().budget(first).budget(second).clock(TestClock::new());
        let mut outcomes = [Outcome::Err("down")].into_iter();
        let next = || outcomes.next().expect("an attempt that panics");
        catch_unwind(AssertUnwindSafe(|| drive!(driver, policy, next))).unwrap_err();
        assert_changed(&accounts, [-14, -3], driver);
    }
}

#[test]
fn a_wait_that_ends_too_late_gets_nothing_back() {
    for driver in [Run, RunAsync, After, AfterAsync, Decide] {
        let (accounts, clock) = (accounts(), TestClock::new());
        let [first, second] = &accounts;
        let policy = classified().max_time(secs(10)).no_attempt_after_deadline();
        let policy = policy.budget(first).budget(second).clock(&clock);
        let policy = policy.on_backoff(|_| clock.advance(secs(60)));
        let mut outcomes = [Outcome::Err("down")].into_iter();
        drive!(driver, policy, || outcomes.next().expect("no attempt after the deadline"));
        assert_changed(&accounts, [-14, -3], driver);
    }
}

#[test]
fn a_retry_that_anything_refuses_costs_nothing() {
    struct Refuses;
    impl Condition<u32, &'static str> for Refuses {
        fn judge(&self, _: &Details<'_, u32, &'static str>) -> Verdict {
            Verdict::Retry
        }

        fn retry_kind(&self, _: &Details<'_, u32, &'static str>) -> RetryKind {
            RetryKind::Throttled
        }

        fn commit(&self, _: &Details<'_, u32, &'static str>) -> Result<(), StopReason> {
            Err(StopReason::Budget)
        }
    }
    for driver in DRIVERS {
        let accounts = accounts();
        let [first, second] = &accounts;
        let policy = Retry::expo().condition(Refuses).budget(first).budget(second);
        drive!(driver, policy.clock(TestClock::new()), || Outcome::Err("down"));
        assert_changed(&accounts, [0, 0], driver);
        let empty = Budget::new().capacity(4);
        let policy = classified().budget(first).budget(&empty).budget(second);
        drive!(driver, policy.clock(TestClock::new()), || Outcome::Err("slow down"));
        assert_changed(&accounts, [0, 0], driver);
        assert_eq!(empty.available(), 4);
    }
}

#[test]
fn the_links_of_a_chain_and_pointers_give_back_too() {
    fn stops<C: Condition<u32, &'static str>>(condition: C) {
        let mut outcomes = [Err("down"), Err("fatal")].into_iter();
        let policy = Retry::expo().condition(condition).clock(TestClock::new());
        policy.run(|| outcomes.next().unwrap()).unwrap_err();
    }
    let budget = Budget::new();
    let policy = classified()
        .budget(&budget)
        .retry_if(|_: &&str| true)
        .until(|_: &u32| true)
        .retry_after(|_: &&str| None)
        .retry_after_value(|_: &u32| None)
        .retry_if_shared(Arc::new(|_: &&str| true));
    let condition = policy.get_condition();
    stops(condition);
    stops(Box::new(condition));
    stops(Arc::new(condition));
    let erased: Box<dyn Condition<u32, &'static str> + '_> = Box::new(condition);
    stops(erased);
    assert_eq!(budget.available(), 500);
}

/// aws/aws-sdk-go-v2#3186: the server answers, and the budget is empty for good.
#[test]
fn a_server_that_answers_after_a_retry_never_empties_the_budget() {
    let budget = Budget::new();
    let policy = Retry::expo().retry_if(|e: &&str| *e == "busy").budget(&budget);
    let policy = policy.clock(TestClock::new());
    for _ in 0..100 {
        let mut outcomes = ["busy", "404"].into_iter();
        assert_eq!(policy.run(|| Err::<(), _>(outcomes.next().unwrap())), Err("404"));
    }
    assert_eq!(budget.available(), 500);
}

#[test]
fn polls_are_free_unless_they_are_given_a_cost() {
    let (free, paid) = (Budget::new().capacity(0), Budget::new().capacity(30).poll_cost(10));
    let policy = Retry::expo().forever().until(|n: &u32| *n == 1000).clock(TestClock::new());
    let count = || {
        let mut calls = 0;
        move || {
            calls += 1;
            Ok::<_, ()>(calls)
        }
    };
    assert_eq!(policy.clone().budget(&free).run(count()), Ok(1000));
    assert_eq!(policy.budget(&paid).run(count()), Ok(4));
    assert_eq!(paid.available(), 0);
}

#[test]
fn the_costs_are_set_one_by_one_or_together() {
    let spent = |budget: Budget, error: &'static str| {
        let before = budget.available();
        let _ =
            classified().max_tries(2).budget(&budget).clock(TestClock::new()).run(|| Err(error));
        before - budget.available()
    };
    for (budget, costs) in [
        (Budget::new as fn() -> Budget, [14, 5]),
        (|| Budget::new().cost(7), [7, 7]),
        (|| Budget::new().cost(7).throttled_cost(2), [7, 2]),
        (|| Budget::new().throttled_cost(2), [14, 2]),
        (|| Budget::new().throttled_cost(2).cost(0), [0, 0]),
        (|| Budget::new().cost(7).throttled_cost(2).capacity(40), [7, 2]),
    ] {
        assert_eq!([spent(budget(), "down"), spent(budget(), "slow down")], costs);
    }
}

/// Accepts what took its time.
struct Slow;

impl<T, E> Condition<T, E> for Slow {
    fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
        if details.elapsed < secs(5) { Verdict::Retry } else { Verdict::Accept }
    }
}

#[test]
fn a_budget_hides_nothing_of_the_conditions_before_it() {
    let (clock, budget) = (TestClock::new(), Budget::new());
    let policy = Retry::expo().jitter(Jitter::None);
    let policy = policy.retry_after(|_: &&str| Some(secs(30))).budget(&budget);
    policy.max_tries(2).clock(&clock).run(fails(9)).unwrap_err();
    assert_eq!(clock.waits(), [secs(30)]);

    let policy = Retry::constant(secs(2)).jitter(Jitter::None).condition(Slow);
    assert_eq!(policy.budget(&budget).clock(&clock).run(fails(0)), Ok(4), "it is told the time");
}

#[test]
fn a_budget_alone_reads_no_clock() {
    struct Unread;
    impl relent::BlockingClock for Unread {
        fn now(&self) -> std::time::Duration {
            panic!("it was read")
        }

        fn sleep(&self, _: std::time::Duration) {}
    }
    let budget = Budget::new();
    let policy = Retry::expo().budget(&budget).max_tries(3).clock(Unread);
    policy.run(fails(9)).unwrap_err();
    policy.run(fails(1)).unwrap();
}

#[test]
fn a_condition_of_ones_own_may_have_the_last_word_behind_any_pointer() {
    struct Never;
    impl<T, E> Condition<T, E> for Never {
        fn judge(&self, _: &Details<'_, T, E>) -> Verdict {
            Verdict::Retry
        }

        fn commit(&self, details: &Details<'_, T, E>) -> Result<(), StopReason> {
            assert!(details.wait > secs(0), "the wait is known");
            Err(StopReason::Budget)
        }
    }
    fn reason<C: Condition<(), ()>>(condition: C) -> Option<StopReason> {
        let mut reason = None;
        let policy = Retry::expo().seed(1).clock(TestClock::new()).condition(condition);
        let _ = policy.on_giveup(|d| reason = d.reason).run(|| Err::<(), _>(()));
        reason
    }
    let reasons = [reason(Never), reason(&Never), reason(Box::new(Never)), reason(Arc::new(Never))];
    assert_eq!(reasons, [Some(StopReason::Budget); 4]);
}

#[test]
fn nothing_is_lost_where_many_threads_draw_on_it() {
    let budget = Budget::new().capacity(1_000_000).cost(7);
    let policy = Retry::expo().max_tries(3).budget(&budget).clock(TestClock::new());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    policy.run(fails(9)).unwrap_err();
                }
            });
        }
    });
    assert_eq!(budget.available(), 1_000_000 - 8 * 500 * 2 * 7);
}

#[test]
fn it_is_never_overdrawn() {
    let budget = Budget::new().capacity(50).cost(1);
    let policy = Retry::expo().max_tries(3).budget(&budget).clock(TestClock::new());
    let retries = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    policy
                        .clone()
                        .on_backoff(|_| {
                            retries.fetch_add(1, Ordering::Relaxed);
                        })
                        .run(fails(9))
                        .unwrap_err();
                }
            });
        }
    });
    assert_eq!((budget.available(), retries.into_inner()), (0, 50));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_account_is_kept_as_a_naive_one(
        capacity in 0..60_u32,
        cost in 0..12_u32,
        runs in vec((0..6_u32, proptest::bool::ANY), 0..20),
    ) {
        const MAX_TRIES: u32 = 4;
        let budget = Budget::new().capacity(capacity).cost(cost);
        let policy = Retry::expo().max_tries(MAX_TRIES).budget(&budget).clock(TestClock::new());
        let mut expected = capacity;
        for (failures, is_async) in runs {
            let mut operation = fails(failures);
            let outcome = if is_async {
                block_on(policy.run_async(|| std::future::ready(operation())))
            } else {
                policy.run(operation)
            };
            let mut tries = 1;
            while tries <= failures && tries < MAX_TRIES && expected >= cost {
                expected -= cost;
                tries += 1;
            }
            if tries > failures {
                expected = capacity.min(expected + if tries > 1 { cost.max(1) } else { 1 });
            }
            prop_assert_eq!(outcome.is_ok(), tries > failures);
            prop_assert_eq!(budget.available(), expected);
        }
    }
}

/// A naive account of what runs do, kept from their events.
struct Naive {
    costs: [u32; 3],
    capacity: u32,
    /// Whether the next outcome is decided on by `Retry::decide`, which no event of a try precedes.
    once: bool,
    kept: Mutex<Kept>,
}

#[derive(Clone, Copy, Default)]
struct Kept {
    available: u32,
    paid: u32,
    firsts: u32,
    returned: u32,
    is_waiting: bool,
}

impl Naive {
    fn cost(&self, retry: Option<RetryKind>) -> u32 {
        match retry {
            Some(RetryKind::Poll) => self.costs[0],
            Some(RetryKind::Throttled) => self.costs[1],
            Some(_) => self.costs[2],
            None => 0,
        }
    }

    /// Gives back without regard to the capacity where it is promised, and with it where tokens are counted.
    fn give_back(&self, cost: u32) {
        let mut kept = self.kept.lock().unwrap();
        kept.returned += cost;
        kept.available = self.capacity.min(kept.available + cost);
    }
}

impl Observe<u32, &'static str> for Naive {
    fn on_event(&self, d: &Details<'_, u32, &'static str>) {
        let cost = self.cost(d.retry);
        let was_waiting = self.kept.lock().unwrap().is_waiting && !self.once;
        match (d.event, d.reason) {
            (EventKind::Backoff, _) => {
                let mut kept = self.kept.lock().unwrap();
                kept.available -= cost;
                kept.paid += cost;
            }
            (EventKind::Success, _) if cost == 0 => {
                self.give_back(1);
                let mut kept = self.kept.lock().unwrap();
                (kept.firsts, kept.returned) = (kept.firsts + 1, kept.returned - 1);
            }
            (EventKind::Success, _) | (_, Some(StopReason::NotRetryable)) => self.give_back(cost),
            (_, Some(StopReason::Cancelled)) if was_waiting => self.give_back(cost),
            _ => {}
        }
        self.kept.lock().unwrap().is_waiting = d.event == EventKind::Backoff;
    }
}

/// What happens to a run, and at which try.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Undisturbed,
    CancelledInWait(u32),
    CancelledInAttempt(u32),
    PanicsInBackoff(u32),
}

fn fates() -> impl Strategy<Value = Fate> {
    let fate = [
        |_| Fate::Undisturbed,
        Fate::CancelledInWait,
        Fate::CancelledInAttempt,
        Fate::PanicsInBackoff,
    ];
    (0..4_usize, 1..4_u32).prop_map(move |(kind, tries)| fate[kind](tries))
}

fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    vec(
        proptest::sample::select(vec![Err("down"), Err("slow down"), Ok(1), Ok(9), Err("fatal")]),
        4,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_paid_and_what_is_left_is_what_was_there_and_what_is_earned(
        (capacity, poll, throttled, transient) in (0..60_u32, 0..4_u32, 0..12_u32, 0..12_u32),
        runs in vec((0..6_usize, outcomes(), fates()), 0..20),
    ) {
        let budget = Budget::new().capacity(capacity).cost(transient);
        let budget = budget.throttled_cost(throttled).poll_cost(poll);
        let mut kept = Kept { available: capacity, ..Kept::default() };
        for (driver, outcomes, fate) in runs {
            let driver = DRIVERS[driver];
            kept.is_waiting = false;
            let costs = [poll, throttled, transient];
            let once = driver == DecideOnce;
            let naive = Naive { costs, capacity, once, kept: Mutex::new(kept) };
            let cancel = Cancel::new();
            let policy = classified().budget(&budget).clock(TestClock::new()).cancelled_by(&cancel);
            let policy = policy.observe(&naive).on_backoff(|d| match fate {
                Fate::CancelledInWait(tries) if tries == d.tries => cancel.cancel(),
                Fate::PanicsInBackoff(tries) if tries == d.tries => {
                    naive.give_back(naive.cost(d.retry));
                    panic!("a handler")
                }
                _ => {}
            });
            let mut calls = 0;
            let next = || {
                calls += 1;
                if matches!(fate, Fate::CancelledInAttempt(tries) if tries == calls) {
                    cancel.cancel();
                }
                outcomes[calls as usize - 1]
            };
            let _ = catch_unwind(AssertUnwindSafe(|| drive!(driver, policy, next)));
            drop(policy);
            kept = naive.kept.into_inner().unwrap();
            prop_assert_eq!(budget.available(), kept.available, "{:?} {:?}", driver, fate);
            prop_assert!(
                kept.paid + budget.available() <= capacity + kept.firsts + kept.returned,
            );
        }
    }

    #[test]
    fn in_an_outage_all_clients_together_retry_as_often_as_the_capacity_allows(
        (capacity, cost) in (0..200_u32, 1..20_u32),
        clients in vec((0..6_usize, 1..6_u32), 0..20),
    ) {
        let budget = Budget::new().capacity(capacity).cost(cost);
        let mut wanted = 0;
        let mut retries = 0;
        for (driver, max_tries) in clients {
            let policy = classified().max_tries(max_tries).budget(&budget).clock(TestClock::new());
            let policy = policy.on_backoff(|_| retries += 1);
            drive!(DRIVERS[driver], policy, || Outcome::Err("down"));
            wanted += max_tries - 1;
        }
        prop_assert_eq!(retries, wanted.min(capacity / cost));
    }
}
