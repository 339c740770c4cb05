//! Closures that name no type, added before the operation is known. That these compile is most of
//! the test.

use std::fmt::Display;
use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use relent::{Details, Jitter, Observe, Retry, TestClock};

use crate::support::{millis, secs};

#[derive(Debug, PartialEq)]
enum MyError {
    Busy,
    Gone(u8),
}

impl Display for MyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => f.write_str("busy"),
            Self::Gone(code) => write!(f, "gone {code}"),
        }
    }
}

/// A handler for any operation.
fn log<T, E: Display>(details: &Details<'_, T, E>) {
    assert!(details.to_string().starts_with("Backing off it::inference::"), "{details}");
}

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl<T, E: Display> Observe<T, E> for Lines {
    fn on_backoff(&self, details: &Details<'_, T, E>) {
        self.0.lock().unwrap().push(details.error().map_or_else(String::new, E::to_string));
    }
}

#[test]
fn closures_that_read_fields_need_no_types() {
    let (mut tries, mut waited, mut elapsed) = (0, Duration::ZERO, Duration::ZERO);
    let policy = Retry::constant(secs(1))
        .jitter(Jitter::None)
        .max_tries(3)
        .clock(TestClock::new())
        .on_try(|d| tries += d.tries)
        .on_backoff(|d| waited += d.wait)
        .on_giveup(|d| elapsed = d.elapsed);
    policy.run(|| Err::<(), _>(MyError::Busy)).unwrap_err();
    drop(policy);
    assert_eq!((tries, waited, elapsed), (6, secs(2), secs(2)));
}

#[test]
fn closures_that_print_or_match_the_error_need_no_types() {
    let (mut printed, mut busy, mut code) = (String::new(), 0, 0);
    let policy = Retry::expo()
        .max_tries(2)
        .clock(TestClock::new())
        .on_backoff(|d| printed = format!("{} {}", d.tries, d.error().unwrap()))
        .on_backoff(|d| {
            if let Some(MyError::Busy) = d.error() {
                busy += 1;
            }
        })
        .on_giveup(|d| {
            if let Some(MyError::Gone(n)) = d.error() {
                code = *n;
            }
        });
    let mut errors = [MyError::Busy, MyError::Gone(7)].into_iter();
    let last = policy.run(|| errors.next().map_or(Ok(()), Err));
    assert_eq!(last, Err(MyError::Gone(7)));
    drop(policy);
    assert_eq!((printed.as_str(), busy, code), ("1 busy", 1, 7));
}

#[test]
fn a_generic_function_is_a_handler() {
    let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_backoff(log);
    policy.run(|| Err::<u8, _>(MyError::Busy)).unwrap_err();
    let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_backoff(log).on_backoff(log);
    policy.run(|| Err::<(), _>("another type")).unwrap_err();
}

#[test]
fn handlers_observers_and_computed_waits_mix_without_types() {
    let lines = Lines::default();
    let clock = TestClock::new();
    let mut seen = 0;
    let policy = Retry::runtime(|d| match d.error() {
        Some(MyError::Gone(n)) => millis((*n).into()),
        _ => secs(2),
    })
    .jitter(Jitter::None)
    .max_tries(3)
    .clock(&clock)
    .on_backoff(|d| seen += d.tries)
    .observe(&lines)
    .on_backoff(log)
    .on_backoff(|d| assert!(d.error().is_some()))
    .observe(&lines);
    let mut errors = [MyError::Busy, MyError::Gone(7)].into_iter();
    policy.run(|| errors.next().map_or(Ok("done"), Err)).unwrap();
    drop(policy);
    assert_eq!(seen, 3);
    assert_eq!(clock.waits(), [secs(2), millis(7)]);
    assert_eq!(lines.0.into_inner().unwrap(), ["busy", "busy", "gone 7", "gone 7"]);
}

#[test]
fn all_of_it_holds_for_async_operations_and_handlers() {
    let lines = Lines::default();
    let (mut tries, mut busy) = (0, 0);
    let awaited = Mutex::new(Vec::new());
    let policy = Retry::runtime(|d| secs(d.tries.into()))
        .max_tries(3)
        .clock(TestClock::new())
        .on_try(|d| tries = d.tries)
        .observe(&lines)
        .on_backoff_async(|d| {
            let (line, awaited) = (format!("{} {}", d.tries, d.error().unwrap()), &awaited);
            async move { awaited.lock().unwrap().push(line) }
        })
        .on_backoff(log)
        .on_backoff(|d| {
            if let Some(MyError::Busy) = d.error() {
                busy += 1;
            }
        })
        .on_giveup_async(|d| {
            let elapsed = d.elapsed;
            async move { assert!(elapsed <= secs(3)) }
        });
    block_on(policy.run_async(async || Err::<(), _>(MyError::Busy))).unwrap_err();
    drop(policy);
    assert_eq!((tries, busy), (3, 2));
    assert_eq!(awaited.into_inner().unwrap(), ["1 busy", "2 busy"]);
    assert_eq!(lines.0.into_inner().unwrap(), ["busy", "busy"]);
}

type Boxed = Box<dyn FnMut(&Details<'_, u8, &'static str>) + Send>;

/// A handler that does not return.
fn refuse<T, E>(_: &Details<'_, T, E>) -> ! {
    panic!("not expected")
}

/// What an async handler returns.
async fn post(tries: u32) {
    std::future::ready(()).await;
    assert!(tries > 0);
}

#[test]
fn closures_of_every_shape_need_no_types() {
    let (mut tries, mut latest, mut text) = (Vec::new(), None, String::new());
    let mut boxed: Boxed = Box::new(|_| {});
    let policy = Retry::expo()
        .max_tries(2)
        .clock(TestClock::new())
        .on_backoff(|d| tries.push(d.tries))
        .on_backoff(|d| latest = Some(d.tries))
        .on_backoff(|d| {
            if d.tries > 1 {
                return;
            }
            text = format!("{} {}", d.tries, d.error().unwrap());
        })
        .on_backoff(|d| match d.error() {
            Some(&"up") => unreachable!(),
            Some(_) => {}
            None => panic!("no error"),
        })
        .on_backoff(&mut boxed)
        .on_success(refuse)
        .on_success(|_| panic!("not expected"))
        .on_success(|_| todo!())
        .on_success(|_| std::process::exit(1))
        .on_giveup_async(|d| post(d.tries))
        .on_giveup_async(|d| {
            let tries = d.tries;
            async move { post(tries).await }
        })
        .on_success_async(|_| async { panic!("not expected") })
        .on_success_async(|_| std::future::pending());
    block_on(policy.run_async(async || Err::<u8, _>("down"))).unwrap_err();
    drop(policy);
    assert_eq!((tries, latest, text.as_str()), (vec![1], Some(1), "1 down"));
}

#[test]
fn polling_needs_no_types_in_handlers() {
    let mut seen = Vec::new();
    let policy = Retry::expo()
        .until(|n: &u32| *n >= 2)
        .clock(TestClock::new())
        .on_backoff(|d| seen.push((d.tries, d.value().copied(), d.error().is_some())));
    let mut n = 0;
    let last = policy.poll(|| {
        n += 1;
        n
    });
    drop(policy);
    assert_eq!((last, seen), (2, vec![(1, Some(1), false)]));
}

#[test]
fn a_method_of_the_error_needs_its_type() {
    let mut kinds = Vec::new();
    let policy = Retry::expo()
        .max_tries(2)
        .clock(TestClock::new())
        .on_backoff(|d: &Details<'_, (), std::io::Error>| kinds.push(d.error().unwrap().kind()));
    policy.run(|| Err(std::io::ErrorKind::TimedOut.into())).unwrap_err();
    drop(policy);
    assert_eq!(kinds, [std::io::ErrorKind::TimedOut]);
}
