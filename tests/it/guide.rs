//! The simulations whose figures the guide's page of dangers quotes. They are played by real policies and budgets, on
//! a time of their own. If a figure changes, so must the page.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use relent::clock::BlockingFnClock;
use relent::run::Decision;
use relent::{Budget, Condition, Jitter, Progress, Retry, Wait};

const PAGE: &str = include_str!("../../src/guide/dangers.md");

fn assert_quoted(figures: &str) {
    assert!(PAGE.contains(figures), "the page of dangers does not quote: {figures}");
}

/// Random numbers that are the same in each simulation: `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0, up to 1.
    fn part(&mut self) -> f64 {
        let upper = u32::try_from(self.next() >> 32).unwrap();
        (f64::from(upper) + 1.0) / 2_f64.powi(32)
    }
}

type Micros = u64;
const SECOND: Micros = 1_000_000;

fn micros(wait: Duration) -> Micros {
    u64::try_from(wait.as_micros()).unwrap()
}

/// A server that does one job in a millisecond, in the order in which they come, and refuses what its queue does not
/// hold.
struct Server {
    queue: VecDeque<Micros>,
    room: usize,
    idle_at: Micros,
}

const STALL: std::ops::Range<Micros> = 10 * SECOND..20 * SECOND;
const END: Micros = 250 * SECOND;

impl Server {
    /// When a job that comes at this moment is done. What a client has abandoned is done all the same.
    fn take(&mut self, now: Micros) -> Option<Micros> {
        while self.queue.front().is_some_and(|done| *done <= now) {
            self.queue.pop_front();
        }
        if self.queue.len() >= self.room {
            return None;
        }
        let mut begins = self.idle_at.max(now);
        if STALL.contains(&begins) {
            begins = STALL.end;
        }
        self.idle_at = begins + 1000;
        self.queue.push_back(self.idle_at);
        Some(self.idle_at)
    }
}

/// What limits the retries of a client.
enum Limit {
    /// No retry at all.
    None,
    Tries,
    Budget(Budget),
    /// Retries of a fifth of the requests of the last ten seconds, but at least ten a second.
    Share {
        allowed: f64,
        filled: Micros,
    },
}

impl Limit {
    fn share() -> Self {
        Self::Share { allowed: 100.0, filled: 0 }
    }

    /// A request is made. What it allows is lost after ten seconds, about.
    fn request(&mut self, now: Micros) {
        if let Self::Share { allowed, filled } = self {
            let seconds = Duration::from_micros(now - *filled).as_secs_f64();
            *allowed = (*allowed + 10.0 * seconds + 0.2).min(100.0 + 0.2 * 80.0);
            *filled = now;
        }
    }

    fn decide<S, C, Z>(
        &mut self,
        policy: Retry<S, C, (), Z>,
        progress: &mut Progress,
        outcome: Result<(), ()>,
    ) -> Decision
    where
        S: Wait<(), ()> + Copy,
        C: Condition<(), ()> + Copy,
        Z: relent::BlockingClock,
    {
        match self {
            Self::None => policy.max_tries(1).decide(progress, &outcome),
            Self::Tries => policy.decide(progress, &outcome),
            Self::Budget(budget) => policy.budget(&*budget).decide(progress, &outcome),
            Self::Share { allowed, .. } => match policy.decide(progress, &outcome) {
                Decision::Backoff(_) if *allowed < 1.0 => {
                    Decision::GiveUp(relent::StopReason::Budget)
                }
                decision => {
                    *allowed -= f64::from(u8::from(matches!(decision, Decision::Backoff(_))));
                    decision
                }
            },
        }
    }
}

struct Outage {
    /// A second, in the last 50 seconds.
    answered: u64,
    /// Seconds after the stall, if ever.
    recovered: Option<u64>,
}

/// A hundred clients, which each make eight requests a second.
fn outage(room: usize, jitter: Jitter, limit: impl Fn() -> Limit) -> Outage {
    let clock = BlockingFnClock::new(|| Duration::ZERO, |_| {});
    let policy = Retry::expo()
        .first_wait(Duration::from_millis(100))
        .max_tries(4)
        .jitter(jitter)
        .clock(&clock);
    let mut random = Random(1);
    let mut clients: Vec<_> = (0..100).map(|_| limit()).collect();
    let mut server = Server { queue: VecDeque::new(), room, idle_at: 0 };
    let mut answered = vec![0_u64; usize::try_from(END / SECOND).unwrap() + 2];
    // When, which request, how far it is, and the outcome of an attempt that ends now.
    let mut events = BinaryHeap::new();
    let mut runs: Vec<Progress> = Vec::new();
    let mut next_request: Micros = 0;
    loop {
        next_request += micros(Duration::from_secs_f64(-random.part().ln() / 800.0));
        while let Some(&Reverse((now, request, outcome))) = events.peek() {
            if now > next_request {
                break;
            }
            events.pop();
            let request: usize = request;
            let client = &mut clients[request % 100];
            let Some(outcome) = outcome else {
                events.push(Reverse(attempt(&mut server, now, request)));
                continue;
            };
            if outcome == Ok(()) {
                answered[usize::try_from(now / SECOND).unwrap()] += 1;
            }
            let seeded = policy.seed(request as u64);
            if let Decision::Backoff(wait) = client.decide(seeded, &mut runs[request], outcome) {
                events.push(Reverse((now + micros(wait), request, None)));
            }
        }
        if next_request >= END {
            break;
        }
        let request = runs.len();
        runs.push(Progress::default());
        // In no order, so that no client has a rhythm.
        clients[request % 100].request(next_request);
        events.push(Reverse(attempt(&mut server, next_request, request)));
    }
    let last = answered[200..250].iter().sum::<u64>() / 50;
    let bad = (20..250).rev().find(|second| answered[*second] < 700);
    let recovered = bad.map_or(0, |second| second as u64 + 1 - 20);
    Outage { answered: last, recovered: (recovered < 200).then_some(recovered) }
}

/// The end of an attempt that begins now: a client waits one second for its answer.
fn attempt(
    server: &mut Server,
    now: Micros,
    request: usize,
) -> (Micros, usize, Option<Result<(), ()>>) {
    match server.take(now) {
        Some(done) if done <= now + SECOND => (done, request, Some(Ok(()))),
        Some(_) => (now + SECOND, request, Some(Err(()))),
        None => (now, request, Some(Err(()))),
    }
}

#[test]
fn a_budget_lets_a_server_recover_that_retries_keep_down() {
    let recovers = |limit: &dyn Fn() -> Limit, jitter| {
        let Outage { answered, recovered } = outage(2000, jitter, limit);
        format!("| {answered} a second | {} seconds |", recovered.expect("it recovers"))
    };
    assert_quoted(&format!("| no retries at all {}", recovers(&|| Limit::None, Jitter::None)));
    for jitter in [Jitter::None, Jitter::Full] {
        let Outage { answered, recovered } = outage(2000, jitter, || Limit::Tries);
        assert_eq!((answered, recovered), (0, None), "{jitter:?}");
        let figures = recovers(&|| Limit::Budget(Budget::new()), jitter);
        assert_quoted(&format!("a budget of 500, of which a retry takes 14 {figures}"));
        let Outage { answered, recovered } = outage(2000, jitter, Limit::share);
        assert_eq!((answered, recovered), (0, None), "{jitter:?}");
    }
    // Less than the clients wait for.
    assert_eq!(outage(500, Jitter::Full, || Limit::Tries).recovered, Some(1));
}

#[test]
fn a_budget_costs_little_while_things_work() {
    let play = |part: f64, calls: u32| {
        let mut random = Random(2);
        let (mut succeeded, mut attempts) = (0, 0);
        let budget = Budget::new();
        let clock = BlockingFnClock::new(|| Duration::ZERO, |_| {});
        let policy = Retry::expo().max_tries(4).budget(&budget).clock(clock);
        for _ in 0..calls {
            let outcome = policy.run(|| {
                attempts += 1;
                if random.part() <= part { Err(()) } else { Ok(()) }
            });
            succeeded += u32::from(outcome.is_ok());
        }
        let calls = f64::from(calls);
        (f64::from(succeeded) / calls * 100.0, f64::from(attempts) / calls)
    };
    let (succeeded, attempts) = play(0.2, 200_000);
    assert_quoted(&format!("{succeeded:.2} % of the calls succeed"));
    assert_quoted(&format!("{attempts:.2} attempts each"));
    let (_, attempts) = play(1.0, 1000);
    assert_quoted(&format!("{attempts:.3} attempts a call"));
}

/// A hundred clients change one row: they read its version, and write if it has not changed since.
fn contention(jitter: Option<Jitter>, seed: u64) -> (Micros, u64) {
    let mut random = Random(seed);
    // Ten milliseconds on average, in the shape of a bell.
    let mut message = || {
        let sum = (0..12).map(|_| random.part()).sum::<f64>();
        micros(Duration::from_secs_f64((sum - 1.0).max(0.0) / 500.0))
    };
    let base = Retry::expo()
        .first_wait(Duration::from_millis(10))
        .max_wait(Duration::from_secs(2))
        .forever();
    let mut waits: Vec<_> = (0..100)
        .map(|client| {
            base.jitter(jitter.unwrap_or(Jitter::None)).seed(seed * 100 + client).into_backoff()
        })
        .collect();
    let (mut version, mut writes, mut last) = (0_u64, 0, 0);
    // When the server has the message, from which client, and the version that a write goes by.
    let mut events: BinaryHeap<_> =
        (0..100).map(|client| Reverse((message(), client, None))).collect();
    while let Some(Reverse((now, client, read))) = events.pop() {
        match read {
            None => events.push(Reverse((now + message() + message(), client, Some(version)))),
            Some(read) => {
                writes += 1;
                if read == version {
                    version += 1;
                    last = now + message();
                    continue;
                }
                let wait = jitter.map_or(0, |_| micros(waits[client].next().unwrap()));
                events.push(Reverse((now + message() + wait + message(), client, None)));
            }
        }
    }
    assert_eq!(version, 100);
    (last, writes)
}

#[test]
fn jitter_lets_clients_pass_that_meet() {
    for (what, jitter) in [
        ("none at all", None),
        ("exponential, without jitter", Some(Jitter::None)),
        ("exponential, equal jitter", Some(Jitter::Equal)),
        ("exponential, full jitter", Some(Jitter::Full)),
    ] {
        let (mut time, mut writes) = (0, 0);
        for seed in 0..100 {
            let (ended, tried) = contention(jitter, seed);
            time += ended;
            writes += tried;
        }
        let tenths = (time / 100 + 50_000) / 100_000;
        let figures = format!("{}.{} s | {}", tenths / 10, tenths % 10, writes / 100);
        assert_quoted(&format!("| {what} | {figures} |"));
    }
}
