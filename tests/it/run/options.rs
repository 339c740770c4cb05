//! The options of a run: that its arguments are shown, and how options combine.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use relent::run::{
    AttemptTimeout, Explained, Hidden, RunAsync, RunBlocking, Runner, Shown, Unbounded,
};
use relent::{Details, Jitter, Retry, RetryError, StopReason, Succeeded, TestClock};

use crate::support::{Fault, secs};

/// The arguments that each event shows.
fn shown(log: &Mutex<Vec<Option<String>>>) -> impl FnMut(&Details<'_, (), &'static str>) + Send {
    |details| log.lock().unwrap().push(details.args().map(|args| format!("{args:?}")))
}

#[test]
fn arguments_are_hidden_unless_they_are_asked_for() {
    let log = Mutex::new(Vec::new());
    let policy = Retry::expo().max_tries(2).clock(TestClock::new());
    let policy = policy.on_try(shown(&log)).on_backoff(shown(&log)).on_giveup(shown(&log));
    policy.run_with("secret", |_| Err("down")).unwrap_err();
    block_on(policy.run_with_async("secret", |_| async { Err("down") })).unwrap_err();
    policy.show_args().run_with(7, |_| Err("down")).unwrap_err();
    block_on(policy.show_args().run_with_async(8, |_| async { Err("down") })).unwrap_err();
    let seven = Some(String::from("7"));
    let eight = Some(String::from("8"));
    let told = log.lock().unwrap();
    assert_eq!(told[..8], [const { None }; 8]);
    assert_eq!(told[8..], [seven, eight].map(|args| vec![args; 4]).concat());
}

#[tokio::test(start_paused = true)]
async fn it_combines_with_the_other_last_steps_in_any_order() {
    let policy = Retry::expo().max_tries(2);
    let one = policy.explain().attempt_timeout(secs(5)).run_async(pending::<Result<(), Fault>>);
    let other = policy.attempt_timeout(secs(5)).explain().run_async(pending::<Result<(), Fault>>);
    for error in [one.await.unwrap_err(), other.await.unwrap_err()] {
        assert_eq!((error.reason(), error.tries()), (StopReason::MaxTries, 2));
        assert_eq!(error.into_error(), Some(Fault::TooSlow));
    }
    let shown = RefCell::new(Vec::new());
    let timed = policy.attempt_timeout(secs(5)).show_args();
    let run = timed.run_with_async(7, |n| {
        shown.borrow_mut().push(n);
        pending::<Result<(), Fault>>()
    });
    assert_eq!((run.await, shown.into_inner()), (Err(Fault::TooSlow), vec![7, 7]));
}

#[tokio::test(start_paused = true)]
async fn a_timed_operation_keeps_its_name_and_its_arguments() {
    async fn fetch(_: u32) -> Result<(), io::Error> {
        pending().await
    }
    let lines = Mutex::new(Vec::new());
    let policy = Retry::expo().max_tries(1).on_giveup(|d| {
        lines.lock().unwrap().push(format!("{d} {:?}", d.args().unwrap()));
    });
    let run = policy.attempt_timeout(secs(5)).show_args().run_with_async(7, fetch);
    assert_eq!(run.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    let lines = lines.lock().unwrap();
    let expected = "::fetch after 1 try (the attempt took longer than 5s) 7";
    assert!(lines[0].starts_with("Giving up ") && lines[0].ends_with(expected), "{lines:?}");
}

static TIMED: Runner<Retry, Hidden, AttemptTimeout> =
    Retry::expo().max_tries(3).into_attempt_timeout(secs(5));
static EXPLAINED: Runner<Retry, Hidden, Unbounded, Explained> =
    Retry::expo().max_tries(3).into_explain();
static SHOWN: Runner<Retry, Shown> = Retry::expo().max_tries(3).into_show_args();

#[tokio::test(start_paused = true)]
async fn a_policy_with_options_can_be_a_static_and_its_runs_be_spawned() {
    let timed = tokio::spawn(TIMED.run_async(pending::<io::Result<()>>));
    assert_eq!(timed.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    let explained = tokio::spawn(EXPLAINED.run_async(async || Err::<(), _>("down")));
    assert_eq!(explained.await.unwrap().unwrap_err().tries(), 3);
    let shown =
        tokio::spawn(SHOWN.run_with_async("url", async |url: &'static str| Ok::<_, ()>(url)));
    assert_eq!(shown.await.unwrap(), Ok("url"));
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_options_is_held_in_any_way() {
    type Timed<P> = Runner<P, Hidden, AttemptTimeout>;
    struct Client {
        shared: Timed<Arc<Retry>>,
        boxed: Timed<Box<Retry>>,
    }

    let policy = Retry::expo().max_tries(2);
    let client = Client {
        shared: Runner::new(Arc::new(policy)).attempt_timeout(secs(5)),
        boxed: Runner::new(Box::new(policy)).attempt_timeout(secs(5)),
    };
    let task = tokio::spawn(client.shared.clone().run_async(pending::<io::Result<()>>));
    assert_eq!(task.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    let task = tokio::spawn(async move {
        let first = client.boxed.by_ref().run_async(pending::<io::Result<()>>).await;
        first.and(client.boxed.run_async(pending::<io::Result<()>>).await)
    });
    assert_eq!(task.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
}

/// A function that knows nothing of the policy.
async fn spawned<P>(policy: P) -> Result<u32, Fault>
where
    P: RunAsync<u32, Fault> + Send + 'static,
{
    tokio::spawn(async move { policy.run_async(pending).await }).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_a_timeout_is_a_policy_like_any_other() {
    let policy = Retry::expo().max_tries(2).max_time(secs(60));
    assert_eq!(spawned(policy.into_attempt_timeout(secs(5))).await, Err(Fault::TooSlow));
    let runner = Runner::new(Arc::new(policy));
    assert_eq!(spawned(runner.clone().attempt_timeout(secs(5))).await, Err(Fault::TooSlow));
    let error = |_| Fault::Fatal;
    assert_eq!(
        spawned(runner.clone().attempt_timeout_with(secs(5), error)).await,
        Err(Fault::Fatal)
    );
    assert_eq!(spawned(runner.clone().interrupt_at_deadline(error)).await, Err(Fault::Fatal));
    let both = runner.attempt_timeout(secs(5)).interrupt_at_deadline(error);
    assert_eq!(spawned(both).await, Err(Fault::TooSlow));
}

#[test]
fn a_policy_without_a_timeout_blocks_as_one_bound_asks() {
    fn runs(policy: &impl RunBlocking<u32, Fault>) -> Result<u32, Fault> {
        policy.run_with(7, Ok)
    }
    assert_eq!(runs(&Runner::new(Arc::new(Retry::expo()))), Ok(7));
    assert_eq!(runs(&Retry::expo().show_args()), Ok(7));
}

/// What a run says that fails, explained or not.
trait Fails {
    const IS_EXPLAINED: bool;

    fn fault(self) -> Fault;
}

impl Fails for Result<(), Fault> {
    const IS_EXPLAINED: bool = false;

    fn fault(self) -> Fault {
        self.unwrap_err()
    }
}

impl Fails for Result<Succeeded<()>, RetryError<(), Fault>> {
    const IS_EXPLAINED: bool = true;

    fn fault(self) -> Fault {
        self.unwrap_err().into_error().unwrap()
    }
}

fn said<R: Fails>(end: R) -> (bool, Fault) {
    (R::IS_EXPLAINED, end.fault())
}

const RUN_OPTIONS: [&str; 5] =
    ["explain", "show_args", "attempt_timeout", "attempt_timeout_with", "interrupt_at_deadline"];

/// Each option of a pair has its effect, whichever comes first.
#[tokio::test(start_paused = true)]
async fn run_options_combine_in_pairs() {
    let shown = Mutex::new(Vec::new());
    let policy = Retry::constant(secs(1)).jitter(Jitter::None).max_tries(2).max_time(secs(8));
    let policy = policy.on_giveup(|d| {
        let args = d.args().map(|args| format!("{args:?}"));
        shown.lock().unwrap().push((args, d.elapsed));
    });
    // What is returned by an attempt that never ends by itself, whether its argument is shown, and the time.
    macro_rules! hangs {
        ($run:expr) => {{
            let said = said($run.run_with_async(7, |_| pending::<Result<(), Fault>>()).await);
            let (args, elapsed) = shown.lock().unwrap().pop().unwrap();
            (said.0, said.1, args.as_deref() == Some("7"), elapsed)
        }};
    }
    macro_rules! both {
        ($one:ident($($a:expr),*), $other:ident($($b:expr),*)) => {
            [
                hangs!(policy.$one($($a),*).$other($($b),*)),
                hangs!(policy.$other($($b),*).$one($($a),*)),
            ]
        };
    }
    let deadline = |_| Fault::Fatal;
    let slow = |_| Fault::Busy;
    let timeout = secs(2);
    assert_eq!(
        both!(explain(), attempt_timeout(timeout)),
        [(true, Fault::TooSlow, false, secs(5)); 2]
    );
    assert_eq!(
        both!(explain(), attempt_timeout_with(timeout, slow)),
        [(true, Fault::Busy, false, secs(5)); 2]
    );
    assert_eq!(
        both!(explain(), interrupt_at_deadline(deadline)),
        [(true, Fault::Fatal, false, secs(8)); 2]
    );
    assert_eq!(
        both!(show_args(), attempt_timeout(timeout)),
        [(false, Fault::TooSlow, true, secs(5)); 2]
    );
    assert_eq!(
        both!(show_args(), attempt_timeout_with(timeout, slow)),
        [(false, Fault::Busy, true, secs(5)); 2]
    );
    assert_eq!(
        both!(show_args(), interrupt_at_deadline(deadline)),
        [(false, Fault::Fatal, true, secs(8)); 2]
    );
    // The timeout comes first. The second attempt has less time than it allows.
    let long = secs(5);
    let limited = policy.attempt_timeout(long).interrupt_at_deadline(deadline);
    assert_eq!(hangs!(limited), (false, Fault::Fatal, false, secs(8)));
    let limited = policy.attempt_timeout(timeout).interrupt_at_deadline(deadline);
    assert_eq!(hangs!(limited), (false, Fault::TooSlow, false, secs(5)));
    let limited = policy.attempt_timeout_with(timeout, slow).interrupt_at_deadline(deadline);
    assert_eq!(hangs!(limited), (false, Fault::Busy, false, secs(5)));
    // These two make no attempt end. A blocking run needs another virtual clock.
    let _scope = TestClock::new().enter();
    let busy = |_: u32| Err::<(), _>(Fault::Busy);
    let both = [policy.explain().show_args(), policy.show_args().explain()];
    for explained in both {
        assert_eq!(said(explained.run_with(7, busy)), (true, Fault::Busy));
        assert_eq!(shown.lock().unwrap().pop(), Some((Some("7".to_owned()), secs(1))));
    }
}

#[test]
fn every_run_option_is_among_the_pairs() {
    let source =
        [include_str!("../../../src/run/options.rs"), include_str!("../../../src/run/explain.rs")];
    let methods = source.iter().flat_map(|source| source.lines()).filter_map(|line| {
        let method = line.trim_start().strip_prefix("pub ")?;
        let name = method.strip_prefix("const ").unwrap_or(method).strip_prefix("fn ")?;
        let name = name.split(['(', '<']).next()?;
        line.starts_with("    pub ").then(|| name.strip_prefix("into_").unwrap_or(name))
    });
    // What is no option: runs, pointers, and what is read from an error.
    let others = [
        "new",
        "by_ref",
        "run",
        "run_with",
        "run_attempt",
        "run_async",
        "run_with_async",
        "run_attempt_async",
        "stats",
        "reason",
        "tries",
        "elapsed",
        "error",
        "outcome",
        "outcome_and_stats",
    ];
    let options: BTreeSet<_> = methods.filter(|name| !others.contains(name)).collect();
    assert_eq!(options, BTreeSet::from(RUN_OPTIONS));
}
