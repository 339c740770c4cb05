//! What happened, as workers say it on their standard output, and what must hold for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::time::{Duration, SystemTime};

use crate::job::{COST, Job, MAX_TRIES, POLICY};

/// What a worker did, or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An attempt begins.
    Start,
    /// An attempt ends, with the outcome that follows the number.
    Outcome,
    /// The handler of back-offs was notified: the number of the attempt, and the wait in microseconds.
    Wait,
    /// The handler of give-ups was notified, with the reason.
    GiveUp,
    /// An attempt was begun, and its worker died.
    Died,
    /// The decision is stored.
    Committed,
    /// The decision was not stored, since another worker has the job by now.
    Stale,
    /// A worker stored the end, and died before it acknowledged the message.
    Settled,
    /// The queue delivered the job before its time.
    Early,
}

const KINDS: [(Kind, &str); 9] = [
    (Kind::Start, "start"),
    (Kind::Outcome, "outcome"),
    (Kind::Wait, "wait"),
    (Kind::GiveUp, "giveup"),
    (Kind::Died, "died"),
    (Kind::Committed, "committed"),
    (Kind::Stale, "stale"),
    (Kind::Settled, "settled"),
    (Kind::Early, "early"),
];

/// Writes a line that the supervisor reads. `number` is that of an attempt.
pub fn say(kind: Kind, worker: u32, job: u32, number: u32, more: &str) {
    let name = KINDS.iter().find(|(k, _)| *k == kind).map_or("", |(_, name)| name);
    let at =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    // One write for one line: a worker may be killed between two.
    let line = format!("{at} {name} {worker} {job} {number} {more}\n");
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// A line of a worker. `life` is the process: a restarted one has another number.
#[derive(Clone, Debug)]
pub struct Event {
    pub life: usize,
    pub at: Duration,
    pub kind: Kind,
    pub worker: u32,
    pub job: u32,
    pub number: u32,
    pub more: String,
}

impl Event {
    /// Reads a line. Returns `None` for one that is none of ours, or was cut off.
    #[must_use]
    pub fn read(life: usize, text: &str) -> Option<Self> {
        let mut words = text.splitn(6, ' ');
        let at = Duration::from_micros(words.next()?.parse().ok()?);
        let name = words.next()?;
        let kind = KINDS.iter().find(|(_, n)| *n == name)?.0;
        let mut number = || words.next()?.parse().ok();
        let (worker, job, number) = (number()?, number()?, number()?);
        Some(Self { life, at, kind, worker, job, number, more: words.next()?.to_string() })
    }

    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_micros(self.more.parse().unwrap_or_default())
    }
}

/// The end of a job, as it is stored: its number of tries, and the report if it was given up.
#[derive(Clone, Debug)]
pub struct End {
    pub job: u32,
    pub tries: u32,
    pub report: Option<String>,
}

/// A round: what happened, and what is stored when all jobs have ended.
#[derive(Debug)]
pub struct History {
    pub jobs: Vec<Job>,
    pub events: Vec<Event>,
    pub ends: Vec<End>,
    pub killed: BTreeSet<usize>,
    pub capacity: u32,
}

/// Figures of a round that passed.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub jobs: usize,
    pub given_up: usize,
    pub attempts: usize,
    pub kills: usize,
    /// Attempts whose worker was killed.
    pub died: usize,
    /// Ends whose worker was killed after it stored them and before it acknowledged the message.
    pub settled: usize,
    /// Give-ups of which a killed worker had notified its handler, and that it had not stored.
    pub noticed_before: usize,
    pub stale: usize,
    /// Deliveries before their time.
    pub early: usize,
    /// By how much each wait was longer than decided, sorted.
    pub late: Vec<Duration>,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.jobs += other.jobs;
        self.given_up += other.given_up;
        self.attempts += other.attempts;
        self.kills += other.kills;
        self.died += other.died;
        self.settled += other.settled;
        self.noticed_before += other.noticed_before;
        self.stale += other.stale;
        self.early += other.early;
        self.late.extend(&other.late);
        self.late.sort_unstable();
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let late = self.late.get(self.late.len() / 2).copied().unwrap_or_default();
        write!(
            f,
            "{} jobs in {} attempts, {} given up, {} kills, {} attempts died, {} settled later, {} give-ups notified \
             before, {} stale, {} early, waits {:.1?} late (median)",
            self.jobs,
            self.attempts,
            self.given_up,
            self.kills,
            self.died,
            self.settled,
            self.noticed_before,
            self.stale,
            self.early,
            late
        )
    }
}

macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

impl History {
    /// Checks what must hold however often workers are killed.
    ///
    /// # Errors
    ///
    /// Returns what does not hold, and of which job.
    pub fn check(&self) -> Result<Figures, String> {
        let mut figures =
            Figures { jobs: self.jobs.len(), kills: self.killed.len(), ..Figures::default() };
        for job in &self.jobs {
            let of_job: Vec<&Event> = self.events.iter().filter(|e| e.job == job.id).collect();
            self.check_job(job, &of_job, &mut figures).map_err(|e| {
                let story: Vec<_> = of_job.iter().map(|e| format!("\n  {e:?}")).collect();
                format!("job {}: {e}. Killed: {:?}.{}", job.id, self.killed, story.concat())
            })?;
        }
        self.check_budgets()?;
        figures.late.sort_unstable();
        Ok(figures)
    }

    fn check_job(&self, job: &Job, events: &[&Event], figures: &mut Figures) -> Result<(), String> {
        let of = |kind| events.iter().copied().filter(move |e| e.kind == kind);
        let is_killed = |e: &&Event| self.killed.contains(&e.life);

        let ends: Vec<_> = self.ends.iter().filter(|end| end.job == job.id).collect();
        check!(ends.len() == 1, "it is lost, or ended more than once: {ends:?}");
        let end = ends[0];

        // Tries go on where they were: no number is given twice, and none is above the limit.
        let mut starts = BTreeMap::new();
        for start in of(Kind::Start) {
            check!(
                starts.insert(start.number, start).is_none(),
                "attempt {} is made twice",
                start.number
            );
            check!(start.number <= MAX_TRIES, "attempt {} is made", start.number);
            check!(start.number <= end.tries, "attempt {} follows the end", start.number);
        }
        let died: BTreeSet<u32> = of(Kind::Died).map(|e| e.number).collect();
        let stale: BTreeSet<u32> = of(Kind::Stale).map(|e| e.number).collect();
        for number in 1..=end.tries {
            let start = starts.get(&number);
            check!(start.is_some() || died.contains(&number), "attempt {number} is missing");
            if let (Some(start), true) = (start, died.contains(&number)) {
                let excused = is_killed(start) || stale.contains(&number);
                check!(excused, "attempt {number} counts as dead, and its worker lives");
            }
        }
        check!(starts.values().is_sorted_by_key(|start| start.at), "the attempts are not in order");

        // Waits go on where they were: each belongs to its attempt, and lasts until the next one.
        let waits: Vec<Duration> = POLICY.waits().collect();
        for wait in of(Kind::Wait) {
            let full = waits.get(wait.number as usize - 1).copied().unwrap_or_default();
            let range = full / 2..=full;
            check!(
                range.contains(&wait.wait()),
                "a wait of {:?} after attempt {}",
                wait.wait(),
                wait.number
            );
            let Some(next) = starts.get(&(wait.number + 1)) else { continue };
            // The wait after a death is decided on when it is over.
            let (from, least) = match starts.get(&wait.number) {
                Some(start) if died.contains(&wait.number) => (start.at, full),
                _ if died.contains(&wait.number) => continue,
                _ => (wait.at, wait.wait()),
            };
            let gap = next.at.saturating_sub(from);
            check!(
                gap + Duration::from_millis(1) >= least,
                "{gap:?} before attempt {}, and not {least:?}",
                next.number
            );
            if !died.contains(&wait.number) {
                figures.late.push(gap.saturating_sub(least));
            }
        }

        // It ended as it had to.
        let last = of(Kind::Outcome).find(|e| e.number == end.tries).map(|e| e.more.as_str());
        let by_handlers: Vec<_> = of(Kind::GiveUp).collect();
        let noticed_before = by_handlers.iter().filter(|e| is_killed(e)).count();
        if let Some(report) = &end.report {
            figures.given_up += 1;
            let reason = by_handlers.last().map_or("", |e| e.more.as_str());
            let fits = match reason {
                "MaxTries" => end.tries == MAX_TRIES,
                "NotRetryable" => last == Some("invalid") && !job.valid && end.tries > job.busy,
                "Budget" => true,
                _ => false,
            };
            check!(fits, "it gave up because of '{reason}' after {} tries", end.tries);
            check!(report.contains("Giving up job"), "it was reported as '{report}'");
            // A worker that was killed may have notified its handler before: no store can prevent that.
            let others = by_handlers.iter().rev().skip(1);
            check!(
                others.clone().all(is_killed),
                "handlers of living workers were notified of the give-up {} times",
                by_handlers.len()
            );
            figures.noticed_before += others.count();
        } else {
            check!(
                last == Some("ok"),
                "it is done after {} tries, whose last is {last:?}",
                end.tries
            );
            check!(
                noticed_before == by_handlers.len(),
                "it is done, and a living worker gave it up"
            );
            figures.noticed_before += noticed_before;
        }

        figures.attempts += starts.len();
        figures.died += died.len();
        figures.settled += of(Kind::Settled).count();
        figures.stale += stale.len();
        figures.early += of(Kind::Early).count();
        Ok(())
    }

    /// No process retries more than its budget allows, and all of its workers draw on it.
    fn check_budgets(&self) -> Result<(), String> {
        let lives: BTreeSet<usize> = self.events.iter().map(|e| e.life).collect();
        let (mut refusals, mut shared) = (0, 0);
        for life in lives {
            let of = |kind| self.events.iter().filter(move |e| e.life == life && e.kind == kind);
            let retries = of(Kind::Wait).count();
            let allowed = (self.capacity / COST) as usize;
            // These return at most what a retry costs.
            let returned =
                of(Kind::Outcome).filter(|e| e.more == "ok" || e.more == "invalid").count();
            check!(
                retries <= allowed + returned,
                "process {life} retried {retries} times, and not {allowed} + {returned}"
            );
            if of(Kind::GiveUp).any(|e| e.more == "Budget") {
                check!(retries >= allowed, "process {life} is refused a retry after {retries}");
                refusals += 1;
                shared += usize::from(
                    of(Kind::Wait).map(|e| e.worker).collect::<BTreeSet<_>>().len() > 1,
                );
            }
        }
        // A process that is started late may have too few jobs for two workers.
        check!(refusals == 0 || shared > 0, "in no process did two workers draw on the budget");
        Ok(())
    }
}
