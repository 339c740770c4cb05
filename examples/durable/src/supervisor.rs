//! Starts workers, kills them at chosen moments, starts others, and checks what is left.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Error;
use crate::history::{End, Event, Figures, History, Kind};
use crate::job::{COST, Job, MAX_TRIES};

/// How long a round may take before its jobs count as lost.
const LOST: Duration = Duration::from_secs(60);

/// The workers of a process, which share its budget.
pub const WORKERS: u32 = 2;
const PROCESSES: usize = 2;

/// A round.
#[derive(Clone, Debug)]
pub struct Plan {
    pub jobs: Vec<Job>,
    pub kills: usize,
    /// Of each process's budget.
    pub capacity: u32,
}

impl Plan {
    /// Jobs that are done at once, done after retries, given up at once, later, and for their tries.
    #[must_use]
    pub fn mixed(kills: usize) -> Self {
        let jobs = (0..14).map(|id| match id % 7 {
            busy @ 0..=3 => Job { id, busy, valid: true },
            4 => Job { id, busy: 0, valid: false },
            5 => Job { id, busy: 2, valid: false },
            _ => Job { id, busy: MAX_TRIES, valid: true },
        });
        Self { jobs: jobs.collect(), kills, capacity: 10_000 }
    }

    /// An outage: no job can be done, and each process may retry only six times.
    #[must_use]
    pub fn outage(kills: usize) -> Self {
        let jobs = (0..16).map(|id| Job { id, busy: MAX_TRIES, valid: true });
        Self { jobs: jobs.collect(), kills, capacity: 6 * COST }
    }
}

/// Plays this many rounds of each plan, with a seed for each, and prints what happened.
///
/// # Errors
///
/// Returns the first round that went wrong.
pub async fn play_rounds(
    rounds: u64,
    play: impl AsyncFn(Plan, u64) -> Result<Figures, Error>,
) -> Result<(), Error> {
    let mut all = Figures::default();
    for number in 0..rounds {
        for (name, plan) in [("mixed", Plan::mixed(8)), ("outage", Plan::outage(2))] {
            let began = Instant::now();
            let seed = u64::from(std::process::id()) << 16 | number;
            let figures =
                play(plan, seed).await.map_err(|e| format!("round {number}, {name}: {e}"))?;
            println!("round {number}, {name}, {:.1?}: {figures}", began.elapsed());
            all.add(&figures);
        }
    }
    println!("all {rounds} rounds: {all}");
    Ok(())
}

/// Ends this process when its supervisor has ended, so that nothing is left behind.
pub fn end_with_supervisor() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
}

struct Process {
    life: usize,
    child: Child,
    reader: JoinHandle<()>,
}

/// The processes that live, and what all have said.
struct Fleet {
    arguments: Vec<String>,
    alive: Vec<Process>,
    lives: usize,
    said: (Sender<Event>, Receiver<Event>),
    readers: Vec<JoinHandle<()>>,
    killed: BTreeSet<usize>,
}

impl Fleet {
    fn new(arguments: Vec<String>) -> Self {
        let alive = Vec::new();
        Self {
            arguments,
            alive,
            lives: 0,
            said: channel(),
            readers: Vec::new(),
            killed: BTreeSet::new(),
        }
    }

    fn start(&mut self) -> Result<(), Error> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let life = self.lives;
        self.lives += 1;
        let out = child.stdout.take().ok_or("no standard output")?;
        let said = self.said.0.clone();
        // The lines of a killed process stay in the pipe, and are read.
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = Event::read(life, &line).map(|event| said.send(event));
            }
        });
        self.alive.push(Process { life, child, reader });
        Ok(())
    }

    /// Kills a process with SIGKILL, or all, and starts others.
    fn kill(&mut self, life: Option<usize>) -> Result<(), Error> {
        for mut process in std::mem::take(&mut self.alive) {
            if life.is_some_and(|life| life != process.life) {
                self.alive.push(process);
                continue;
            }
            process.child.kill()?;
            let status = process.child.wait()?;
            if status.code().is_some() {
                return Err(format!("a worker ended by itself: {status}").into());
            }
            self.killed.insert(process.life);
            self.readers.push(process.reader);
        }
        while self.alive.len() < PROCESSES {
            self.start()?;
        }
        Ok(())
    }

    /// Lets all processes end, and returns what is left to read.
    fn end(&mut self) -> Result<Vec<Event>, Error> {
        for mut process in std::mem::take(&mut self.alive) {
            drop(process.child.stdin.take());
            let status = process.child.wait()?;
            if !status.success() {
                return Err(format!("a worker failed: {status}").into());
            }
            self.readers.push(process.reader);
        }
        for reader in std::mem::take(&mut self.readers) {
            reader.join().map_err(|_| "a reader panicked")?;
        }
        Ok(self.said.1.try_iter().collect())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in &mut self.alive {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

/// When to kill, after which event.
#[derive(Clone, Copy, Debug)]
enum Aim {
    Attempt,
    /// Between the handler and the store, or soon after.
    GiveUp,
    Wait,
    Decision,
    /// Between the store and the queue, or soon after.
    End,
}

const AIMS: [Aim; 5] = [Aim::Attempt, Aim::GiveUp, Aim::Wait, Aim::Decision, Aim::End];

/// Numbers that need not be good: they spread the kills.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u128) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u64::try_from(u128::from(self.0 >> 33) % end.max(1)).unwrap_or_default()
    }
}

/// Plays a round whose jobs are in the store, and checks it.
///
/// `arguments` make this program a worker. `ended` returns the ends that are stored, and whether
/// the queue is empty.
///
/// # Errors
///
/// Returns what does not hold.
pub async fn round<F: AsyncFn() -> Result<(Vec<End>, bool), Error>>(
    arguments: Vec<String>,
    plan: Plan,
    seed: u64,
    ended: F,
) -> Result<Figures, Error> {
    let began = Instant::now();
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5555);
    dice.below(1);
    let mut fleet = Fleet::new(arguments);
    for _ in 0..PROCESSES {
        fleet.start()?;
    }
    let mut events = Vec::new();
    let mut target: Option<(Instant, usize)> = None;
    let mut looked = Instant::now();
    let (mut kills, mut skip) = (0, dice.below(3));
    loop {
        while let Ok(event) = fleet.said.1.try_recv() {
            if target.is_none() && kills < plan.kills && !fleet.killed.contains(&event.life) {
                let delay = match (AIMS[kills % AIMS.len()], event.kind) {
                    (Aim::Attempt, Kind::Start) => Some(dice.below(10_000)),
                    (Aim::GiveUp, Kind::GiveUp) | (Aim::Decision, Kind::Wait) => {
                        Some(dice.below(3_000))
                    }
                    (Aim::Wait, Kind::Wait) => Some(4_000 + dice.below(event.wait().as_micros())),
                    (Aim::End, Kind::Committed) if event.more != "wait" => Some(dice.below(2_000)),
                    _ => None,
                };
                match delay {
                    Some(_) if skip > 0 => skip -= 1,
                    Some(delay) => {
                        target = Some((Instant::now() + Duration::from_micros(delay), event.life));
                    }
                    None => {}
                }
            }
            events.push(event);
        }
        if let Some((_, life)) = target.filter(|(at, _)| *at <= Instant::now()) {
            // Sometimes everything dies, as when a machine fails.
            let all = dice.below(4) == 0;
            fleet.kill((!all).then_some(life))?;
            (target, skip, kills) = (None, dice.below(3), kills + 1);
        }
        if looked.elapsed() > Duration::from_millis(25) {
            looked = Instant::now();
            let (ends, is_empty) = ended().await?;
            let mut jobs: Vec<_> = ends.iter().map(|end| end.job).collect();
            jobs.sort_unstable();
            jobs.dedup();
            if is_empty && jobs.len() >= plan.jobs.len() {
                break;
            }
            if began.elapsed() > LOST {
                let last: Vec<_> = events.iter().rev().take(20).collect();
                return Err(format!(
                    "after {LOST:?} the jobs {jobs:?} have ended, empty queue: {is_empty}; the last events: {last:?}"
                )
                .into());
            }
        }
        let pause = if target.is_some() { 100 } else { 500 };
        tokio::time::sleep(Duration::from_micros(pause)).await;
    }
    // A worker that is about to do more than it should is given the time to do it.
    tokio::time::sleep(Duration::from_millis(20)).await;
    events.extend(fleet.end()?);
    events.sort_by_key(|event| event.at);
    let (ends, _) = ended().await?;
    let Plan { jobs, capacity, .. } = plan;
    Ok(History { jobs, events, ends, killed: fleet.killed.clone(), capacity }.check()?)
}
