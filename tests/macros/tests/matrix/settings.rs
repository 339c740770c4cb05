//! Settings in place, each with the events of the builder's form.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use relent::condition::AnyError;
use relent::event::Details;
use relent::{
    Budget, Cancel, Jitter, Retry, RetryError, StopReason, Succeeded, TestClock, TimedOut, Verdict,
    retry,
};

use crate::support::{Fault, Recorder, flaky, same, same_local};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The waits of a run that always fails.
fn waits<T, E>(run: impl FnOnce() -> Result<T, E>) -> Vec<Duration> {
    let clock = TestClock::new();
    let _entered = clock.enter();
    assert!(run().is_err());
    clock.waits()
}

macro_rules! in_place {
    ($($name:ident: [$($settings:tt)*], $builder:expr;)*) => { $(
        #[test]
        fn $name() {
            #[retry($($settings)*)]
            fn blocking() -> Result<u32, Fault> {
                Err(Fault)
            }

            #[retry($($settings)*)]
            async fn asynchronous() -> Result<u32, Fault> {
                std::future::ready(()).await;
                Err(Fault)
            }

            let expected = waits(|| $builder.run(|| Err::<u32, _>(Fault)));
            assert_eq!(waits(blocking), expected);
            assert_eq!(waits(|| block_on(asynchronous())), expected);
        }
    )* };
}

const MINUTE: Duration = Duration::from_secs(60);

in_place! {
    none: [jitter = none], Retry::expo().jitter(Jitter::None);
    expo: [expo, jitter = none, first_wait = "100ms", factor = 3, max_tries = 6, max_wait = "2s"],
        Retry::expo().jitter(Jitter::None).first_wait(Duration::from_millis(100)).factor(3.0).max_tries(6)
            .max_wait(seconds(2));
    fibo: [fibo, jitter = none, first_wait = "500ms"],
        Retry::fibo().jitter(Jitter::None).first_wait(Duration::from_millis(500));
    constant: [constant("2s"), jitter = none, max_tries = 3],
        Retry::constant(seconds(2)).jitter(Jitter::None).max_tries(3);
    linear: [linear("1.5s"), jitter = none], Retry::linear(Duration::from_millis(1500)).jitter(Jitter::None);
    decay: [decay, jitter = none, first_wait = "8s", decay_factor = 0.5, min_wait = "1s"],
        Retry::decay().jitter(Jitter::None).first_wait(seconds(8)).decay_factor(0.5).min_wait(seconds(1));
    decorrelated: [decorrelated("1s"), seed = 7], Retry::decorrelated(seconds(1)).seed(7);
    sequence: [sequence(["1s", "1m 30s"]), jitter = none],
        Retry::sequence([seconds(1), seconds(90)]).jitter(Jitter::None);
    sequence_of_expressions: [sequence([seconds(1), MINUTE]), jitter = none],
        Retry::sequence([seconds(1), MINUTE]).jitter(Jitter::None);
    from_fn: [from_fn(|tries| Some(seconds(u64::from(tries) * 2))), jitter = none, max_tries = 4],
        Retry::from_fn(|tries| Some(seconds(u64::from(tries) * 2))).jitter(Jitter::None).max_tries(4);
    runtime: [runtime(|d| d.error().map_or(MINUTE, |_| seconds(3))), jitter = none, max_tries = 4],
        Retry::runtime(|d: &Details<'_, u32, Fault>| d.error().map_or(MINUTE, |_| seconds(3))).jitter(Jitter::None)
            .max_tries(4);
    strategy: [new(relent::wait::Expo::default()), jitter = none],
        Retry::new(relent::wait::Expo::default()).jitter(Jitter::None);
    expressions: [max_time = MINUTE * 2, max_tries = 3 + 4, jitter = Jitter::None],
        Retry::expo().max_time(MINUTE * 2).max_tries(7).jitter(Jitter::None);
    limits: [max_time = "10s", jitter = none, last_wait_may_overrun],
        Retry::expo().max_time(seconds(10)).jitter(Jitter::None).last_wait_may_overrun();
    punctual: [max_time = "10s", no_attempt_after_deadline, jitter = none],
        Retry::expo().max_time(seconds(10)).no_attempt_after_deadline().jitter(Jitter::None);
    punctual_at_each_call: [max_time = seconds(10), no_attempt_after_deadline, jitter = none],
        Retry::expo().max_time(seconds(10)).no_attempt_after_deadline().jitter(Jitter::None);
    forever: [forever, max_time = "1h", jitter = none],
        Retry::expo().forever().max_time(seconds(3600)).jitter(Jitter::None);
    jitters: [jitter = equal, seed = 3], Retry::expo().jitter(Jitter::Equal).seed(3);
    additive: [jitter = additive("1s"), seed = 3], Retry::expo().jitter(Jitter::Additive(seconds(1))).seed(3);
    proportional: [jitter = proportional(0.2), seed = 3],
        Retry::expo().jitter(Jitter::Proportional(0.2)).seed(3);
    between: [jitter = between(|wait| Duration::ZERO..=wait), seed = 3],
        Retry::expo().jitter(Jitter::Between(|wait| Duration::ZERO..=wait)).seed(3);
    custom: [jitter = custom(|wait| wait / 2)], Retry::expo().jitter(Jitter::Custom(|wait| wait / 2));
    asked: [retry_after = |_| Some(seconds(90)), jitter = none, max_asked_wait = "1h"],
        Retry::expo().retry_after(|_: &Fault| Some(seconds(90))).jitter(Jitter::None).max_asked_wait(seconds(3600));
    more_on_a_policy: [Retry::fibo().jitter(Jitter::None), max_tries = 4, max_wait = "2s"],
        Retry::fibo().jitter(Jitter::None).max_tries(4).max_wait(seconds(2));
}

#[test]
fn observers_see_the_same_events() {
    #[retry(expo, jitter = none, max_tries = 4, observe = Recorder)]
    fn blocking() -> Result<u32, Fault> {
        flaky()
    }

    #[retry(expo, jitter = none, max_tries = 4, observe = [Recorder])]
    async fn asynchronous() -> Result<u32, Fault> {
        std::future::ready(()).await;
        flaky()
    }

    same(blocking);
    same_local(asynchronous);
}

#[derive(Debug, PartialEq)]
struct ApiError {
    status: u16,
    retry_after: Option<Duration>,
}

impl ApiError {
    fn is_transient(&self) -> bool {
        self.status >= 500
    }
}

impl Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl From<TimedOut> for ApiError {
    fn from(_: TimedOut) -> Self {
        Self { status: 504, retry_after: None }
    }
}

static PAYMENTS: Budget = Budget::new();
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log_attempt<T, E: Display>(details: &Details<'_, T, E>) {
    LOG.lock().unwrap().push(format!("{details} {:?}", details.args()));
}

#[derive(Clone)]
struct Body(String);

/// The example of the documentation.
#[retry(
    expo, first_wait = "100ms", max_tries = 5, max_time = "60s", jitter = none,
    retry_if = ApiError::is_transient, retry_after = |e| e.retry_after, budget = &PAYMENTS,
    on_try = log_attempt, on_backoff = [log_attempt, |d| eprintln!("{d}")], on_giveup = log_attempt,
    on_success = log_attempt, clone(body), show(id), target = "send", attempt = attempt,
)]
async fn send(id: u32, body: Body) -> Result<String, ApiError> {
    tokio::task::yield_now().await;
    match attempt.tries {
        1 => Err(ApiError { status: 503, retry_after: Some(seconds(3)) }),
        2 => Err(ApiError { status: 500, retry_after: None }),
        _ => Ok(format!("{id}: {}", body.0)),
    }
}

#[tokio::test]
async fn all_settings_at_once() {
    let clock = TestClock::new();
    let sent = tokio::spawn(clock.scope(send(7, Body("body".into())))).await.unwrap();
    assert_eq!(sent, Ok("7: body".into()));
    assert_eq!(clock.waits(), [seconds(3), Duration::from_millis(200)]);
    let log = std::mem::take(&mut *LOG.lock().unwrap());
    assert_eq!(
        log,
        [
            "Trying send (try 1) Some({id: 7})",
            "Backing off send for 3.0s after 1 try (status 503) Some({id: 7})",
            "Trying send (try 2) Some({id: 7})",
            "Backing off send for 200ms after 2 tries (status 500) Some({id: 7})",
            "Trying send (try 3) Some({id: 7})",
            "Succeeded send after 3 tries Some({id: 7})",
        ]
    );
}

#[test]
fn handlers_borrow_and_change_what_is_around_them() {
    #[retry(expo, max_tries = 3, clock = TestClock::new(),
        on_backoff = |d| { seen.push(format!("{name} {}", d.tries)); }, on_giveup = |_| *ends += 1)]
    fn get(name: &str, seen: &mut Vec<String>, ends: &mut u32) -> Result<u32, Fault> {
        Err(Fault)
    }

    #[retry(expo, max_tries = 3, clock = TestClock::new(),
        on_backoff = |d| { seen.push(format!("{name} {}", d.tries)); })]
    async fn get_async(name: &str, seen: &mut Vec<String>) -> Result<usize, Fault> {
        std::future::ready(()).await;
        let _ = name.len();
        Err(Fault)
    }

    let (mut seen, mut ends) = (Vec::new(), 0);
    assert_eq!(get("a", &mut seen, &mut ends), Err(Fault));
    assert_eq!(block_on(get_async("b", &mut seen)), Err(Fault));
    assert_eq!((&seen[..], ends), (&["a 1", "a 2", "b 1", "b 2"].map(String::from)[..], 1));
}

#[test]
fn arguments_are_shown_only_where_they_are_named() {
    static SHOWN: Mutex<Vec<Option<String>>> = Mutex::new(Vec::new());

    fn note<T, E>(details: &Details<'_, T, E>) {
        SHOWN.lock().unwrap().push(details.args().map(|args| format!("{args:?}")));
    }

    #[retry(max_tries = 1, on_giveup = note)]
    fn hidden(_secret: &str) -> Result<(), Fault> {
        Err(Fault)
    }

    #[retry(max_tries = 1, on_giveup = note, show(all))]
    fn all(id: u32, r#type: &str, (one, other): (u8, u8)) -> Result<(), Fault> {
        let _ = (id, r#type, one, other);
        Err(Fault)
    }

    #[retry(max_tries = 1, on_giveup = note, show(id, list), clone(list))]
    async fn some(id: u32, mut list: Vec<u32>, secret: &str) -> Result<(), Fault> {
        std::future::ready(secret).await;
        list.push(id);
        drop(list);
        Err(Fault)
    }

    #[retry(max_tries = 1, on_giveup = note, show(all))]
    fn conditional(
        #[cfg(any())] gone: u32,
        #[cfg(not(any()))] there: u32,
        #[cfg(not(any()))]
        #[cfg(any())]
        gone_too: u32,
    ) -> Result<(), Fault> {
        let _ = there;
        Err(Fault)
    }

    hidden("x").unwrap_err();
    all(1, "t", (2, 3)).unwrap_err();
    conditional(3).unwrap_err();
    block_on(some(1, vec![2], "x")).unwrap_err();
    assert_eq!(
        *SHOWN.lock().unwrap(),
        [
            None,
            Some(r#"{id: 1, type: "t", one: 2, other: 3}"#.into()),
            Some("{there: 3}".into()),
            Some("{id: 1, list: [2]}".into())
        ]
    );
}

#[test]
fn the_target_is_the_path_of_the_function() {
    static TARGETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn note<T, E>(details: &Details<'_, T, E>) {
        TARGETS.lock().unwrap().push(details.target().to_string());
    }

    struct Client<T>(T);

    impl<T: Send> Client<T> {
        #[retry(max_tries = 1, on_giveup = note)]
        fn get<U>(&self, _of: U) -> Result<(), Fault> {
            Err(Fault)
        }

        #[retry(max_tries = 1, on_giveup = note)]
        async fn get_async(&mut self) -> Result<(), Fault> {
            std::future::ready(()).await;
            Err(Fault)
        }
    }

    #[retry(Retry::expo().target("policy"), max_tries = 1, on_giveup = note, target = "given")]
    fn given() -> Result<(), Fault> {
        Err(Fault)
    }

    Client(1).get("a").unwrap_err();
    block_on(Client(1).get_async()).unwrap_err();
    given().unwrap_err();
    let path = "matrix::settings::the_target_is_the_path_of_the_function::Client";
    assert_eq!(
        *TARGETS.lock().unwrap(),
        [format!("{path}::get"), format!("{path}::get_async"), "given".into()]
    );
}

#[test]
fn values_are_polled() {
    #[retry(constant("1s"), until = Option::is_some, on_backoff = |d| assert!(d.value().is_some()))]
    fn status(calls: &mut u32) -> Option<u32> {
        *calls += 1;
        (*calls > 2).then_some(*calls)
    }

    #[retry(constant("1s"), until = Option::is_some, retry_after_value = |_| Some(seconds(2)), jitter = none)]
    async fn status_async(calls: &mut u32) -> Option<u32> {
        std::future::ready(()).await;
        *calls += 1;
        (*calls > 2).then_some(*calls)
    }

    #[retry(constant("1s"), until = |n| *n > 2)]
    fn of_results(calls: &mut u32) -> Result<u32, Fault> {
        *calls += 1;
        if *calls == 1 { Err(Fault) } else { Ok(*calls) }
    }

    let clock = TestClock::new();
    let _entered = clock.enter();
    assert_eq!(status(&mut 0), Some(3));
    let before = clock.waits().len();
    assert_eq!(block_on(status_async(&mut 0)), Some(3));
    assert_eq!(clock.waits()[before..], [seconds(2), seconds(2)]);
    assert_eq!(of_results(&mut 0), Ok(3));
}

#[test]
fn the_end_is_explained() {
    #[retry(max_tries = 3, jitter = none, explain)]
    fn get(fails: bool) -> Result<Succeeded<u32>, RetryError<u32, Fault>> {
        if fails { Err(Fault) } else { Ok(7) }
    }

    #[retry(max_tries = 3, jitter = none, explain)]
    async fn get_async(fails: bool) -> Result<Succeeded<u32>, RetryError<u32, Fault>> {
        std::future::ready(()).await;
        if fails {
            Err(Fault)?;
        }
        Ok(7)
    }

    let clock = TestClock::new();
    let _entered = clock.enter();
    for get in [get, |fails| block_on(get_async(fails))] {
        let succeeded = get(false).unwrap();
        assert_eq!((succeeded.value, succeeded.tries, succeeded.elapsed), (7, 1, Duration::ZERO));
        let failed = get(true).unwrap_err();
        assert_eq!((failed.tries(), failed.reason()), (3, StopReason::MaxTries));
        assert_eq!(failed.elapsed(), seconds(3));
    }
}

#[test]
fn the_attempt_is_known_to_the_body() {
    #[retry(max_time = "10s", jitter = none, attempt = now)]
    fn get(left: &mut Vec<u64>) -> Result<u32, Fault> {
        left.push(now.remaining.unwrap().as_secs());
        if now.tries < 4 { Err(Fault) } else { Ok(now.tries) }
    }

    #[retry(max_time = "10s", jitter = none, attempt = now)]
    async fn get_async(left: &mut Vec<u64>) -> Result<u32, Fault> {
        std::future::ready(()).await;
        left.push(now.remaining.unwrap().as_secs());
        if now.tries < 4 { Err(Fault) } else { Ok(now.tries) }
    }

    let _entered = TestClock::new().enter();
    let mut left = Vec::new();
    assert_eq!(get(&mut left), Ok(4));
    assert_eq!(block_on(get_async(&mut left)), Ok(4));
    assert_eq!(left, [10, 9, 7, 3, 10, 9, 7, 3]);
}

#[tokio::test(start_paused = true)]
async fn attempts_time_out() {
    #[retry(max_tries = 3, jitter = none, attempt_timeout = "5s", attempt = now)]
    async fn converted() -> Result<u32, ApiError> {
        if now.tries < 3 {
            std::future::pending::<()>().await;
        }
        Ok(now.tries)
    }

    #[retry(max_tries = 2, jitter = none, attempt_timeout_with(seconds(5), |timed_out| timed_out.to_string()))]
    async fn by_a_function() -> Result<u32, String> {
        std::future::pending().await
    }

    #[retry(max_time = "9s", jitter = none, attempt_timeout_with("5s", |_| "late"), interrupt_at_deadline = |_| "over")]
    async fn interrupted() -> Result<u32, &'static str> {
        std::future::pending().await
    }

    let begin = tokio::time::Instant::now();
    assert_eq!(converted().await, Ok(3));
    assert_eq!(begin.elapsed().as_secs(), 5 + 1 + 5 + 2);
    let begin = tokio::time::Instant::now();
    assert_eq!(by_a_function().await.unwrap_err(), "the attempt took longer than 5s");
    assert_eq!(begin.elapsed().as_secs(), 5 + 1 + 5);
    let begin = tokio::time::Instant::now();
    assert_eq!(interrupted().await, Err("over"));
    assert_eq!(begin.elapsed().as_secs(), 9);
}

#[test]
fn async_handlers_are_awaited() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    async fn note(line: String) {
        std::future::ready(()).await;
        SEEN.lock().unwrap().push(line);
    }

    #[retry(
        max_tries = 3, jitter = none,
        on_try_async = |d| note(format!("try {}", d.tries)),
        on_backoff_async = [|d| note(d.to_string()), |d| note(format!("{:?}", d.wait))],
        on_backoff = |d| SEEN.lock().unwrap().push(format!("sync {}", d.tries)),
        on_success_async = |d| note(format!("{:?}", d.value())),
        on_giveup_async = |d| { let tries = d.tries; async move { note(format!("gave up {tries}")).await } },
        target = "get",
    )]
    async fn get(fails: u32, calls: &mut u32) -> Result<u32, Fault> {
        *calls += 1;
        std::future::ready(()).await;
        if *calls <= fails { Err(Fault) } else { Ok(*calls) }
    }

    let _entered = TestClock::new().enter();
    assert_eq!(block_on(get(1, &mut 0)), Ok(2));
    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    assert_eq!(
        seen,
        [
            "try 1",
            "Backing off get for 1.0s after 1 try (busy)",
            "1s",
            "sync 1",
            "try 2",
            "Some(2)"
        ]
    );
    assert_eq!(block_on(get(9, &mut 0)), Err(Fault));
    assert_eq!(SEEN.lock().unwrap().last().unwrap(), "gave up 3");
}

#[test]
fn a_policy_with_async_handlers_of_its_own_is_awaited() {
    static SEEN: AtomicU32 = AtomicU32::new(0);

    #[retry(Retry::expo().max_tries(3).on_try_async(|_| async { SEEN.fetch_add(1, Ordering::Relaxed); }))]
    async fn get() -> Result<u32, Fault> {
        std::future::ready(()).await;
        Err(Fault)
    }

    let _entered = TestClock::new().enter();
    assert_eq!(block_on(get()), Err(Fault));
    assert_eq!(SEEN.load(Ordering::Relaxed), 3);
}

#[test]
fn a_run_is_cancelled() {
    #[retry(cancelled_by = cancel, on_backoff = |_| cancel.cancel(), on_giveup = |d| reason = d.reason)]
    fn get(cancel: &Cancel, mut reason: Option<StopReason>) -> Result<u32, Fault> {
        Err(Fault)
    }

    #[retry(cancelled_by = cancel, on_backoff = |_| cancel.cancel())]
    async fn get_async(cancel: &Cancel) -> Result<u32, Fault> {
        std::future::ready(()).await;
        Err(Fault)
    }

    let clock = TestClock::new();
    let _entered = clock.enter();
    assert_eq!(get(&Cancel::new(), None), Err(Fault));
    assert_eq!(block_on(get_async(&Cancel::new())), Err(Fault));
}

#[test]
fn conditions_of_any_kind() {
    #[derive(Clone, Copy)]
    struct Never;

    impl<T, E> relent::Condition<T, E> for Never {
        fn judge(&self, details: &Details<'_, T, E>) -> Verdict {
            if details.error().is_some() { Verdict::Stop } else { Verdict::Accept }
        }
    }

    static BUDGETS: [Budget; 2] = [Budget::new(), Budget::new()];

    #[retry(condition = Never)]
    fn by_a_type(calls: &mut u32) -> Result<u32, Fault> {
        *calls += 1;
        Err(Fault)
    }

    #[retry(retry_if_shared = Arc::new(|e: &u32| *e < 2))]
    fn by_a_shared_predicate(calls: &mut u32) -> Result<u32, u32> {
        *calls += 1;
        Err(*calls)
    }

    #[retry(budget = [&BUDGETS[0], &BUDGETS[1]], max_tries = 2)]
    fn budgets() -> Result<u32, Fault> {
        Err(Fault)
    }

    static API: LazyLock<Retry<relent::wait::Expo, AnyError>> = LazyLock::new(Retry::expo);

    #[retry(*API, retry_if = |e| e.len() < 3)]
    fn refined(calls: &mut u32) -> Result<u32, String> {
        *calls += 1;
        Err("!".repeat(*calls as usize))
    }

    let _entered = TestClock::new().enter();
    let mut calls = 0;
    by_a_type(&mut calls).unwrap_err();
    assert_eq!(calls, 1);
    assert_eq!(by_a_shared_predicate(&mut 0), Err(2));
    budgets().unwrap_err();
    assert!(BUDGETS.iter().all(|budget| budget.available() < 500));
    assert_eq!(refined(&mut 0), Err("!!!".into()));
}

#[test]
fn settings_see_the_arguments() {
    #[retry(max_tries = tries, first_wait = wait, jitter = none)]
    fn get(tries: u32, wait: Duration) -> Result<u32, Fault> {
        Err(Fault)
    }

    assert_eq!(waits(|| get(3, seconds(5))), [seconds(5), seconds(10)]);
}

#[test]
fn the_crate_may_have_another_name() {
    mod renamed {
        pub(crate) use relent as other;
    }

    #[retry(crate = renamed::other, max_tries = 2, jitter = none)]
    fn get() -> Result<u32, Fault> {
        Err(Fault)
    }

    assert_eq!(waits(get), [seconds(1)]);
}
