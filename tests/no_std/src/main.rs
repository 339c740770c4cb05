//! Retries without `std` and without an allocator.
//!
//! That it links is the first half of the proof: `std` has a panic handler of its own, and two are
//! one too many; `alloc` asks for a global allocator, and there is none. That it exits with 0 is the
//! other half: otherwise the code is the place of the first check in `CHECKS` that failed, from 1.

#![no_std]
#![no_main]

use core::cell::{Cell, RefCell};
use core::fmt::{self, Write as _};
use core::future::Future;
use core::ops::ControlFlow::Break;
use core::panic::PanicInfo;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use relent::run::Decision;
use relent::{AsyncClock, BlockingClock, Details, Jitter, Observe, Progress, Retry, StopReason};

// The host's C library starts the program, and has the `memcpy` that compiled code calls.
#[link(name = "c")]
unsafe extern "C" {
    safe fn abort() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    abort()
}

// `core` comes built for programs that unwind, and names what `std` has for them.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let failed = CHECKS.iter().position(|check| !check());
    failed.map_or(0, |place| i32::try_from(place).map_or(-1, |place| place + 1))
}

const CHECKS: &[fn() -> bool] = &[
    waits_as_the_strategy_says,
    tells_an_observer_each_event_in_order,
    obeys_the_server,
    waits_for_a_value_up_to_the_deadline,
    jitter_stays_below_the_wait_and_goes_by_the_seed,
    unseeded_jitter_goes_by_the_clock,
    a_future_is_woken_by_the_timer,
    the_loop_in_line_makes_the_same_run,
    goes_on_with_a_run_that_was_kept,
    decides_without_a_clock,
    backs_off_as_a_run_would,
    decorrelated_waits_stay_in_their_windows,
    unseeded_jitter_reads_the_clock_and_nothing_else,
    seeded_jitter_does_not_read_the_clock,
    refuses_a_setting_in_words,
    #[cfg(feature = "explain")]
    explains_how_it_ended,
];

/// A timer such as a board has: a count that goes up, and alarms.
#[derive(Default)]
struct Board {
    time: Cell<Duration>,
    slept: Cell<Duration>,
    sleeps: Cell<u32>,
    reads: Cell<u32>,
}

impl Board {
    fn pass(&self, time: Duration) {
        self.time.set(self.time.get() + time);
    }

    fn note(&self, wait: Duration) {
        self.slept.set(self.slept.get() + wait);
        self.sleeps.set(self.sleeps.get() + 1);
    }

    fn read(&self) -> Duration {
        self.reads.set(self.reads.get() + 1);
        self.time.get()
    }

    /// How many sleeps there were, and how many seconds they took in all.
    fn seconds(&self) -> (u32, u64) {
        (self.sleeps.get(), self.slept.get().as_secs())
    }
}

impl BlockingClock for Board {
    fn now(&self) -> Duration {
        self.read()
    }

    fn sleep(&self, wait: Duration) {
        self.note(wait);
        self.pass(wait);
    }
}

impl<'a> AsyncClock for &'a Board {
    type Timer = Alarm<'a>;

    fn now(&self) -> Duration {
        self.read()
    }

    fn timer(&self, wait: Duration) -> Alarm<'a> {
        self.note(wait);
        Alarm { board: self, end: self.time.get() + wait }
    }
}

/// A wait that is over when somebody has let the board's time pass.
struct Alarm<'a> {
    board: &'a Board,
    end: Duration,
}

impl Future for Alarm<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.board.time.get() >= self.end { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Busy,
    Later(Duration),
    Broken,
}

/// An operation that fails so often before it works; it counts its calls.
fn fails(times: u32, calls: &Cell<u32>) -> impl FnMut() -> Result<u32, Fault> {
    move || {
        calls.set(calls.get() + 1);
        if calls.get() <= times { Err(Fault::Busy) } else { Ok(calls.get()) }
    }
}

const SECOND: Duration = Duration::from_secs(1);

static POLICY: Retry = Retry::expo().jitter(Jitter::None);

fn waits_as_the_strategy_says() -> bool {
    let (board, calls) = (Board::default(), Cell::new(0));
    let succeeded = POLICY.clock(&board).run(fails(3, &calls));
    let first = succeeded == Ok(4) && calls.get() == 4 && board.seconds() == (3, 1 + 2 + 4);

    let (board, calls) = (Board::default(), Cell::new(0));
    let stats = Retry::fibo().jitter(Jitter::None).max_tries(6).clock(&board).run(fails(9, &calls));
    let fibo = stats == Err(Fault::Busy) && board.seconds() == (5, 1 + 1 + 2 + 3 + 5);

    let board = Board::default();
    let decay = Retry::decay().first_wait(SECOND * 1000).max_tries(3).jitter(Jitter::None);
    let stats = decay.clock(&board).run(fails(9, &Cell::new(0)));
    first && fibo && stats == Err(Fault::Busy) && board.seconds() == (2, 1000 + 367)
}

/// Notes the events by their letters.
#[derive(Default)]
struct Notes(RefCell<([u8; 16], usize)>);

impl Notes {
    fn note(&self, letter: u8) {
        let (letters, length) = &mut *self.0.borrow_mut();
        letters[*length] = letter;
        *length += 1;
    }

    fn are(&self, expected: &[u8]) -> bool {
        let (letters, length) = &*self.0.borrow();
        letters[..*length] == *expected
    }
}

impl<T, E> Observe<T, E> for Notes {
    fn on_try(&self, _: &Details<'_, T, E>) {
        self.note(b'T');
    }

    fn on_success(&self, _: &Details<'_, T, E>) {
        self.note(b'S');
    }

    fn on_backoff(&self, _: &Details<'_, T, E>) {
        self.note(b'B');
    }

    fn on_giveup(&self, _: &Details<'_, T, E>) {
        self.note(b'G');
    }
}

fn tells_an_observer_each_event_in_order() -> bool {
    let (board, notes) = (Board::default(), Notes::default());
    let policy = POLICY.max_tries(3).observe(&notes).clock(&board);
    let succeeded = policy.run(fails(1, &Cell::new(0)));
    let stats = policy.run(fails(3, &Cell::new(0)));
    succeeded.is_ok() && stats.is_err() && notes.are(b"TBTSTBTBTG")
}

fn obeys_the_server() -> bool {
    let board = Board::default();
    let mut answers = [Fault::Later(SECOND * 30), Fault::Busy, Fault::Broken].into_iter();
    let outcome: Result<(), Fault> = POLICY
        .max_wait(SECOND)
        .retry_if(|fault: &Fault| *fault != Fault::Broken)
        .retry_after(|fault: &Fault| match fault {
            Fault::Later(wait) => Some(*wait),
            Fault::Busy | Fault::Broken => None,
        })
        .clock(&board)
        .run(|| answers.next().map_or(Ok(()), Err));
    outcome == Err(Fault::Broken) && board.seconds() == (2, 30 + 1)
}

fn waits_for_a_value_up_to_the_deadline() -> bool {
    let (board, calls) = (Board::default(), Cell::new(0));
    let last = Retry::constant(SECOND * 4)
        .jitter(Jitter::None)
        .until(|value: &u32| *value > 100)
        .max_time(SECOND * 10)
        .clock(&board)
        .poll(|| calls.replace(calls.get() + 1));
    last == 3 && board.seconds() == (3, 4 + 4 + 2)
}

/// The nanoseconds that a run waits in all, with full jitter.
fn jittered(seed: Option<u64>, began: Duration) -> u128 {
    let board = Board::default();
    board.pass(began);
    let policy = Retry::constant(SECOND).max_tries(4);
    let policy = seed.map_or(policy, |seed| policy.seed(seed)).clock(&board);
    let stats = policy.run(fails(9, &Cell::new(0))).is_err();
    if stats && board.sleeps.get() == 3 { board.slept.get().as_nanos() } else { u128::MAX }
}

fn jitter_stays_below_the_wait_and_goes_by_the_seed() -> bool {
    let (one, other) = (jittered(Some(1), SECOND), jittered(Some(2), SECOND));
    let most = 3 * SECOND.as_nanos();
    one <= most && other <= most && one != other && one == jittered(Some(1), SECOND * 2)
}

fn unseeded_jitter_goes_by_the_clock() -> bool {
    let (one, other) = (jittered(None, SECOND), jittered(None, SECOND * 2));
    let most = 3 * SECOND.as_nanos();
    one <= most && other <= most && one != other
}

fn a_future_is_woken_by_the_timer() -> bool {
    let (board, calls) = (Board::default(), Cell::new(0));
    let mut operation = fails(2, &calls);
    let patient = POLICY.clock(&board).into_run_async(|| core::future::ready(operation()));
    let mut patient = pin!(patient);
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let outcome = loop {
        polls += 1;
        match patient.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => break outcome,
            Poll::Pending => board.pass(SECOND / 2),
        }
    };
    // Two polls for the first wait, four for the second, and one that finds it over.
    outcome == Ok(3) && polls == 7 && board.seconds() == (2, 1 + 2)
}

fn the_loop_in_line_makes_the_same_run() -> bool {
    let (board, calls, notes) = (Board::default(), Cell::new(0), Notes::default());
    let policy = POLICY.observe(&notes).clock(&board);
    let mut operation = fails(3, &calls);
    let mut attempts = policy.attempts();
    let outcome = loop {
        if let Break(end) = attempts.after(operation()) {
            break end;
        }
    };
    outcome == Ok(4) && board.seconds() == (3, 1 + 2 + 4) && notes.are(b"TBTBTBTS")
}

fn goes_on_with_a_run_that_was_kept() -> bool {
    let (board, notes) = (Board::default(), Notes::default());
    let policy = POLICY.max_tries(3).observe(&notes).clock(&board);
    let mut progress = Progress::default();
    let mut decisions = [None; 3];
    for decision in &mut decisions {
        let mut attempts = policy.attempts_from(progress);
        *decision = Some(attempts.decide(&Err::<(), _>(Fault::Busy)));
        board.pass(SECOND);
        progress = attempts.progress();
    }
    let expected = [
        Decision::Backoff(SECOND),
        Decision::Backoff(SECOND * 2),
        Decision::GiveUp(StopReason::MaxTries),
    ];
    decisions == expected.map(Some)
        && (progress.tries, progress.elapsed) == (3, SECOND * 2)
        && notes.are(b"TBTBTG")
}

fn decides_without_a_clock() -> bool {
    let board = Board::default();
    let policy = POLICY.max_time(SECOND * 60).clock(&board);
    let mut progress = Progress::new(2);
    let backoff = policy.decide(&mut progress, &Err::<(), _>(Fault::Busy));
    let counted = (progress.tries, progress.last_wait) == (3, SECOND * 4);
    progress.elapsed = SECOND * 60;
    let stopped = policy.decide(&mut progress, &Err::<(), _>(Fault::Busy));
    let done = policy.decide(&mut progress, &Ok::<_, Fault>(()));

    // Of jitter that neither a seed nor a clock feeds.
    let jittered = Retry::constant(SECOND).clock(&board);
    let one = jittered.decide(&mut Progress::new(1), &Err::<(), _>(Fault::Busy));
    let other = jittered.decide(&mut Progress::new(7), &Err::<(), _>(Fault::Busy));
    backoff == Decision::Backoff(SECOND * 4)
        && counted
        && stopped == Decision::GiveUp(StopReason::MaxTime)
        && done == Decision::Done
        && matches!(one, Decision::Backoff(wait) if wait <= SECOND)
        && one == other
        && board.reads.get() == 0
}

/// 100 ms, 400 ms, 900 ms, and no more.
fn squares(tries: u32) -> Option<Duration> {
    (tries < 4).then(|| Duration::from_millis(100) * tries.pow(2))
}

fn backs_off_as_a_run_would() -> bool {
    let policy = Retry::from_fn(squares).jitter(Jitter::None);
    let mut waits = policy.backoff();
    let first = waits.by_ref().eq([100, 400, 900].map(Duration::from_millis));
    waits.reset();
    let again = waits.next() == squares(1);
    let board = Board::default();
    policy.clock(&board).run(fails(9, &Cell::new(0))).ok();

    let spread = Retry::expo().seed(7).max_tries(5);
    let most = [1, 2, 4, 8].map(|seconds| SECOND * seconds);
    let bounded = spread.backoff().zip(most).all(|(wait, most)| wait <= most);
    let unseeded = Retry::constant(SECOND).backoff().all(|wait| wait <= SECOND);
    let one =
        (1..=5).zip(spread.backoff()).all(|(tries, wait)| spread.wait_after(tries) == Some(wait));
    first
        && again
        && (board.sleeps.get(), board.slept.get().as_millis()) == (3, 1400)
        && bounded
        && unseeded
        && one
        && spread.wait_after(5).is_none()
}

fn decorrelated_waits_stay_in_their_windows() -> bool {
    let board = Board::default();
    let policy = Retry::decorrelated(SECOND).max_tries(6).clock(&board);
    policy.run(fails(9, &Cell::new(0))).ok();
    let slept = board.slept.get();
    let mut last = SECOND;
    let in_windows = policy.seed(3).backoff().all(|wait| {
        let window = SECOND..=last * 3;
        last = wait;
        window.contains(&wait)
    });
    // From 5 times 1 s to 3, 9, 27, 81 and 243 s.
    board.sleeps.get() == 5 && slept >= SECOND * 5 && slept <= SECOND * 363 && in_windows
}

fn unseeded_jitter_reads_the_clock_and_nothing_else() -> bool {
    let (began, later) = (jittered(None, SECOND), jittered(None, SECOND * 2));
    began == jittered(None, SECOND) && later == jittered(None, SECOND * 2) && began != later
}

fn seeded_jitter_does_not_read_the_clock() -> bool {
    let board = Board::default();
    let policy = Retry::expo().seed(7).max_tries(3).clock(&board);
    policy.run(fails(9, &Cell::new(0))).is_err()
        && board.sleeps.get() == 2
        && board.reads.get() == 0
}

/// Whether it is displayed so.
fn displays(shown: impl fmt::Display, expected: &str) -> bool {
    let mut rest = Rest(expected);
    write!(rest, "{shown}").is_ok() && rest.0.is_empty()
}

/// What is still to be written.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

fn refuses_a_setting_in_words() -> bool {
    let refused = Retry::expo().try_max_tries(0).map(|_| ());
    refused.is_err_and(|refused| {
        displays(refused, "max_tries must be at least 1; for no limit use `forever()`")
    })
}

#[cfg(feature = "explain")]
fn explains_how_it_ended() -> bool {
    let board = Board::default();
    let policy = POLICY.max_tries(5).clock(&board);
    let refused = policy.explain().run(fails(9, &Cell::new(0)));
    let failed = refused.is_err_and(|error| {
        (error.reason(), error.tries(), error.elapsed()) == (StopReason::MaxTries, 5, SECOND * 15)
            && displays(error.stats(), "gave up after 5 tries in 15.0s (max tries)")
            && error.into_error() == Some(Fault::Busy)
    });
    let succeeded = policy.explain().run(fails(1, &Cell::new(0)));
    failed && succeeded.is_ok_and(|end| (end.value, end.tries, end.elapsed) == (2, 2, SECOND))
}
