//! A job, its policy, and the decision that follows an attempt. Nothing here knows a queue.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use relent::run::Decision;
use relent::{Budget, Jitter, Progress, Retry};
use serde_json::{Value, json};

use crate::Error;
use crate::history::{Kind, say};

/// The policy of all jobs. Its waits are short, since a test waits for them.
///
/// With [`Jitter::Equal`] no wait is shorter than half of the computed one, so that a wait shows which attempt it follows.
pub const POLICY: Retry = Retry::expo()
    .first_wait(Duration::from_millis(20))
    .max_wait(Duration::from_millis(80))
    .max_tries(MAX_TRIES)
    .max_time(Duration::from_secs(60))
    .jitter(Jitter::Equal);

/// The most attempts of a job, including those whose worker died.
pub const MAX_TRIES: u32 = 6;

/// The tokens that a retry takes from the budget.
pub const COST: u32 = 5;

const ATTEMPT: Duration = Duration::from_millis(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(150);

/// How long a worker may be silent about a job, before the wait: more than an attempt can last, and time to commit.
pub const SILENCE: Duration = Duration::from_millis(300);

/// Shared by all workers of this process.
static BUDGET: OnceLock<Budget> = OnceLock::new();

/// Sets the budget of this process. Only the first call has an effect.
pub fn set_budget(capacity: u32) {
    BUDGET.get_or_init(|| Budget::new().capacity(capacity).cost(COST));
}

/// Returns how long each delivery is reserved for its worker. Then the worker counts as dead, and the job is due again.
///
/// This is the time that an attempt may need, and the wait that would follow its failure. A list of the waits alone would
/// hand out jobs that are being worked on.
#[must_use]
pub fn leases() -> Vec<Duration> {
    POLICY.waits().map(|wait| SILENCE + wait).collect()
}

/// Returns how long the attempt with this number, counted from 1, is reserved.
#[must_use]
pub fn lease(number: u32) -> Duration {
    let leases = leases();
    let position = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
    leases.get(position).or(leases.last()).copied().unwrap_or(SILENCE)
}

/// A job. It scripts its own outcome, so that a test knows what to expect.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: u32,
    /// The attempts up to this one fail, and are worth a retry.
    pub busy: u32,
    /// Whether the attempts after those succeed. If not, they fail for good.
    pub valid: bool,
}

impl Job {
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({ "id": self.id, "busy": self.busy, "valid": self.valid }).to_string()
    }

    /// # Errors
    ///
    /// Returns an error if this is not a job.
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(text)?;
        let number = |key: &str| value[key].as_u64().and_then(|n| u32::try_from(n).ok());
        match (number("id"), number("busy"), value["valid"].as_bool()) {
            (Some(id), Some(busy), Some(valid)) => Ok(Self { id, busy, valid }),
            _ => Err(format!("not a job: {value}").into()),
        }
    }

    /// Makes one attempt. `number` counts from 1.
    ///
    /// # Errors
    ///
    /// Returns what the job's script says, and [`WorkError::Timeout`] if this machine is very slow.
    pub async fn attempt(&self, worker: u32, number: u32) -> Result<(), WorkError> {
        say(Kind::Start, worker, self.id, number, "");
        let outcome = match tokio::time::timeout(ATTEMPT_TIMEOUT, tokio::time::sleep(ATTEMPT)).await
        {
            Err(_) => Err(WorkError::Timeout),
            Ok(()) if number <= self.busy => Err(WorkError::Busy),
            Ok(()) if self.valid => Ok(()),
            Ok(()) => Err(WorkError::Invalid),
        };
        let word = outcome.as_ref().map_or_else(ToString::to_string, |()| "ok".into());
        say(Kind::Outcome, worker, self.id, number, &word);
        outcome
    }
}

#[derive(Debug, PartialEq)]
pub enum WorkError {
    Busy,
    Timeout,
    Invalid,
    /// The worker did not come back from the attempt.
    Died,
}

impl fmt::Display for WorkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Invalid => "invalid",
            Self::Died => "died",
        })
    }
}

/// What follows: the decision, and the report that a handler made of a give-up.
#[derive(Debug)]
pub struct Next {
    pub decision: Decision,
    pub report: Option<String>,
}

/// Waits as a slow network would, between two steps, so that some workers are killed there.
pub async fn slow_network() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

/// Asks the policy what follows this outcome.
pub fn decide(
    job: &Job,
    worker: u32,
    progress: &mut Progress,
    outcome: &Result<(), WorkError>,
) -> Next {
    let budget = BUDGET.get_or_init(Budget::new);
    let mut report = None;
    let policy = POLICY
        .retry_if(|e| *e != WorkError::Invalid)
        .budget(budget)
        .target("job")
        .on_backoff(|d| {
            let wait = d.wait.as_micros().to_string();
            say(Kind::Wait, worker, job.id, d.tries, &wait);
        })
        .on_giveup(|d| {
            let reason = d.reason.map(|reason| format!("{reason:?}")).unwrap_or_default();
            say(Kind::GiveUp, worker, job.id, d.tries, &reason);
            // Not sent from here: the worker may die before the job's end is stored, and another would send it again.
            report = Some(d.to_string());
        });
    let decision = policy.decide_with(progress, job.id, outcome);
    drop(policy);
    Next { decision, report }
}

/// Decides on the attempts whose workers died: those that were begun, and for which no decision is stored.
///
/// `begun` includes the attempt that the caller is about to make. Returns what follows if that attempt must not be made.
/// The wait after a death is over: it was part of the [lease](leases).
pub fn decide_on_deaths(
    job: &Job,
    worker: u32,
    progress: &mut Progress,
    begun: u32,
) -> Option<Next> {
    while progress.tries.saturating_add(1) < begun {
        say(Kind::Died, worker, job.id, progress.tries + 1, "");
        let next = decide(job, worker, progress, &Err(WorkError::Died));
        if !matches!(next.decision, Decision::Backoff(_)) {
            return Some(next);
        }
    }
    None
}
