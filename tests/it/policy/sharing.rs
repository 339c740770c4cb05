//! One policy for many calls, kept anywhere, from any thread.

use std::ops::ControlFlow::Break;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;

use relent::condition::{AnyError, RetryIf};
use relent::observe::Handlers;
use relent::wait::{Constant, Expo};
use relent::{EventKind, Retry, TestClock};

use crate::support::{Fault, yields};

static API: Retry = Retry::expo().max_tries(3);

#[derive(Debug, PartialEq)]
enum ApiError {
    Busy,
    NotFound,
}

impl ApiError {
    fn is_transient(&self) -> bool {
        *self == Self::Busy
    }
}

/// Fails until it was called often enough.
fn fails<E>(times: u32, error: impl Fn() -> E) -> impl Fn() -> Result<u32, E> {
    let calls = AtomicU32::new(0);
    move || match calls.fetch_add(1, Ordering::Relaxed) + 1 {
        call if call > times => Ok(call),
        _ => Err(error()),
    }
}

#[test]
fn a_static_policy_serves_any_operation() {
    let clock = TestClock::new();
    assert_eq!(API.clock(&clock).run(fails(1, || "busy")), Ok(2));
    assert_eq!(API.clock(&clock).run(fails(9, || ApiError::Busy)), Err(ApiError::Busy));
    assert_eq!(API.clock(&clock).run(|| Ok::<_, std::io::Error>(vec![1])).unwrap(), [1]);
    assert_eq!(clock.waits().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_static_policy_serves_any_async_operation() {
    let operation = fails(2, || "busy");
    assert_eq!(API.run_async(async || operation()).await, Ok(3));
    let task = tokio::spawn(API.run_async(async || Err::<String, _>(7)));
    assert_eq!(task.await.unwrap(), Err(7));
}

#[test]
fn handlers_can_be_added_to_a_static_policy_for_one_call() {
    let mut backoffs = 0;
    API.clock(TestClock::new()).on_backoff(|_| backoffs += 1).run(fails(9, || "busy")).unwrap_err();
    assert_eq!(backoffs, 2);
}

/// Which errors are retried, by a function that has a type of its own.
type Transient = RetryIf<AnyError, fn(&ApiError) -> bool>;

/// Its policy's type has a name, and its methods take `&self`.
struct Client {
    retry: Retry<Expo, Transient, (), TestClock>,
    calls: AtomicU32,
}

impl Client {
    fn new() -> Self {
        let is_transient: fn(&ApiError) -> bool = ApiError::is_transient;
        let retry = Retry::expo().retry_if(is_transient).clock(TestClock::new());
        Self { retry, calls: AtomicU32::new(0) }
    }

    fn call(&self, succeeds_at: u32) -> Result<u32, ApiError> {
        match self.calls.fetch_add(1, Ordering::Relaxed) + 1 {
            call if call == succeeds_at => Ok(call),
            _ if succeeds_at == 0 => Err(ApiError::NotFound),
            _ => Err(ApiError::Busy),
        }
    }

    fn load(&self, succeeds_at: u32) -> Result<u32, ApiError> {
        self.retry.run(|| self.call(succeeds_at))
    }

    async fn load_async(&self, succeeds_at: u32) -> Result<String, ApiError> {
        self.retry.run_async(async || self.call(succeeds_at).map(|n| n.to_string())).await
    }
}

#[test]
fn a_policy_lives_in_a_struct_whose_methods_borrow_it() {
    let client = Client::new();
    assert_eq!(client.load(3), Ok(3));
    assert_eq!(client.load(0), Err(ApiError::NotFound));
    assert_eq!(client.calls.load(Ordering::Relaxed), 4);
    let loaded = futures::executor::block_on(client.load_async(6));
    assert_eq!(loaded.as_deref(), Ok("6"));
}

static LAZY: LazyLock<Retry<Constant, Transient, (), TestClock>> = LazyLock::new(|| {
    let is_transient: fn(&ApiError) -> bool = ApiError::is_transient;
    Retry::constant(std::time::Duration::from_secs(1))
        .retry_if(is_transient)
        .clock(TestClock::new())
});

#[test]
fn a_lazy_policy_may_have_a_condition() {
    assert_eq!(LAZY.run(fails(2, || ApiError::Busy)), Ok(3));
    assert_eq!(LAZY.run(fails(2, || ApiError::NotFound)), Err(ApiError::NotFound));
}

static LAZY_AND_TOLD: LazyLock<
    Retry<Expo, AnyError, Handlers<'static, u32, &'static str>, TestClock>,
> = LazyLock::new(|| {
    Retry::expo().clock(TestClock::new()).on_giveup(|_| {
        GIVEN_UP.fetch_add(1, Ordering::Relaxed);
    })
});
static GIVEN_UP: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_lazy_policy_may_have_handlers() {
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| LAZY_AND_TOLD.run(|| Err("down")).unwrap_err());
        }
    });
    assert_eq!(GIVEN_UP.load(Ordering::Relaxed), 2);
}

#[test]
fn handlers_may_borrow_what_is_local_and_change_it() {
    let prefix = String::from("try ");
    let (mut lines, mut count) = (Vec::new(), 0);
    let policy = Retry::expo()
        .max_tries(3)
        .clock(TestClock::new())
        .on_try(|d| lines.push(format!("{prefix}{}", d.tries)))
        .on_backoff(|_| count += 1);
    policy.run(|| Err::<(), _>("down")).unwrap_err();
    drop(policy);
    assert_eq!((lines, count), (vec!["try 1".into(), "try 2".into(), "try 3".into()], 2));
}

/// Keeps a policy with handlers of its own.
struct Told {
    retry: Retry<Expo, AnyError, Handlers<'static, u32, Fault>, TestClock>,
}

impl Told {
    fn fetch(self, also: impl FnMut() + Send) -> Result<u32, Fault> {
        let mut also = also;
        self.retry.on_backoff(|_| also()).run(|| Err(Fault::Busy))
    }
}

#[test]
fn a_call_adds_a_handler_that_borrows_to_handlers_that_do_not() {
    let (sender, receiver) = mpsc::channel();
    let retry = Retry::expo().max_tries(3).clock(TestClock::new());
    let told = Told { retry: retry.on_backoff(move |d| sender.send(d.tries).unwrap()) };
    let mut count = 0;
    told.fetch(|| count += 1).unwrap_err();
    assert_eq!((receiver.iter().collect::<Vec<_>>(), count), (vec![1, 2], 2));
}

/// Handlers with state of their own, whose last words are sent.
fn counting(
    sender: &mpsc::Sender<(EventKind, u32)>,
) -> Retry<Expo, AnyError, Handlers<'static, u32, ApiError>, TestClock> {
    let counter = || {
        let (sender, mut count) = (sender.clone(), 0);
        move |d: &relent::Details<'_, u32, ApiError>| {
            count += 1;
            sender.send((d.event, count)).unwrap();
        }
    };
    Retry::expo()
        .max_tries(4)
        .clock(TestClock::new())
        .on_try(counter())
        .on_success(counter())
        .on_backoff(counter())
        .on_giveup(counter())
}

/// How often each event was told, by the handlers' own counts, each of which must be told once.
fn counts(receiver: &mpsc::Receiver<(EventKind, u32)>) -> [u32; 4] {
    let mut told: [Vec<u32>; 4] = Default::default();
    for (event, count) in receiver.try_iter() {
        told[event as usize].push(count);
    }
    told.map(|counts| {
        assert!(counts.iter().copied().eq(1..=u32::try_from(counts.len()).unwrap()));
        counts.last().copied().unwrap_or(0)
    })
}

#[test]
fn no_event_of_a_policy_that_eight_threads_share_is_lost() {
    let (sender, receiver) = mpsc::channel();
    let policy = Arc::new(counting(&sender));
    let threads = [(); 8].map(|()| {
        let policy = Arc::clone(&policy);
        thread::spawn(move || {
            for _ in 0..200 {
                assert_eq!(policy.run(fails(2, || ApiError::Busy)), Ok(3));
                assert_eq!(policy.run(|| Err(ApiError::NotFound)), Err(ApiError::NotFound));
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(counts(&receiver), [1600 * 7, 1600, 1600 * 5, 1600]);
}

/// How many tasks share a policy: a thousand, or as many as the environment says.
fn tasks() -> u32 {
    std::env::var("RELENT_TASKS").map_or(1000, |tasks| tasks.parse().expect("a number of tasks"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_of_a_policy_that_many_tasks_share_is_lost() {
    let (sender, receiver) = mpsc::channel();
    let policy = Arc::new(counting(&sender));
    let half = tasks() / 2;
    let tasks: Vec<_> = (0..half * 2)
        .map(|task| {
            let policy = Arc::clone(&policy);
            let times = if task % 2 == 0 { 2 } else { u32::MAX };
            tokio::spawn(async move {
                let operation = fails(times, || ApiError::Busy);
                let run = policy.run_async(async || {
                    yields(1).await;
                    operation()
                });
                run.await.is_ok()
            })
        })
        .collect();
    let mut succeeded = 0;
    for task in tasks {
        succeeded += u32::from(task.await.unwrap());
    }
    assert_eq!(succeeded, half);
    assert_eq!(counts(&receiver), [half * 7, half, half * 5, half]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_is_lost_where_handlers_are_awaited() {
    let told = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&told);
    let policy = Retry::expo().max_tries(3).clock(TestClock::new()).on_backoff_async(move |_| {
        let counted = Arc::clone(&counted);
        async move {
            tokio::task::yield_now().await;
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let policy = Arc::new(policy);
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let policy = Arc::clone(&policy);
            tokio::spawn(
                async move { policy.run_async(async || Err::<(), _>(ApiError::Busy)).await },
            )
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap_err();
    }
    assert_eq!(told.load(Ordering::Relaxed), 2000);
}

// The witness of an async block forgets which lifetimes are the same: the future's fields must not
// depend on it.
#[tokio::test(start_paused = true)]
async fn a_task_may_await_a_policy_with_handlers_and_an_error_with_a_lifetime() {
    let policy = Retry::expo().on_giveup(|_| {});
    let task =
        tokio::spawn(
            async move { policy.run_async(async || Err::<(), &'static str>("down")).await },
        );
    assert_eq!(task.await.unwrap(), Err("down"));

    let policy = Retry::expo().on_try_async(|_| async {});
    let task = tokio::spawn(async move {
        let mut attempts = policy.begin_async().await;
        loop {
            let outcome = Err::<(), &'static str>("down");
            if let Break(end) = attempts.after(outcome).await {
                break end;
            }
        }
    });
    assert_eq!(task.await.unwrap(), Err("down"));
}
