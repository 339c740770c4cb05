//! Jobs in NATS `JetStream`, and a test that kills their workers: `cargo run --bin nats -- --rounds 3`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::RetentionPolicy;
use async_nats::jetstream::{AckKind, Context, Message, kv, stream};
use futures_util::StreamExt;
use relent::Progress;
use relent::run::Decision;
use serde_json::{Value, json};

use relent_durable::Error;
use relent_durable::history::{End, Figures, Kind, say};
use relent_durable::job::{
    Job, Next, decide, decide_on_deaths, lease, leases, set_budget, slow_network,
};
use relent_durable::server::Nats;
use relent_durable::supervisor::{Plan, WORKERS, end_with_supervisor, play_rounds, round};

const JOBS: &str = "jobs";
const STATES: &str = "states";
const BUCKET: &str = "KV_states";

/// The policy decides how often, since the server would drop the message without a report. Servers of version 2.9 refuse
/// "unlimited" together with a list of waits.
const MAX_DELIVER: i64 = 1_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["worker", address, capacity] => work(address, capacity.parse()?).await,
        [] => supervise(3).await,
        ["--rounds", rounds] => supervise(rounds.parse()?).await,
        _ => Err("nats [--rounds N]".into()),
    }
}

// -- the worker -----------------------------------------------------------------------------------

/// What is kept of a job, under its id. A message cannot be changed, and a NAK delivers the same one again.
#[derive(Default)]
struct State {
    /// The attempts that were begun. Those that [`Progress`] does not count are being made, or their workers have died.
    begun: u32,
    progress: Progress,
    /// No attempt before this time, in microseconds since 1970: the end of a wait, or of a [lease](leases).
    due: u64,
    /// `"done"`, or the report of the give-up.
    end: Option<String>,
    /// Of the entry that this was read from. Zero: there is none.
    revision: u64,
}

impl State {
    async fn read(states: &kv::Store, job: &Job) -> Result<Self, Error> {
        let Some(entry) = states.entry(job.id.to_string()).await? else {
            return Ok(Self::default());
        };
        let value: Value = serde_json::from_slice(&entry.value)?;
        let begun = value["begun"]
            .as_u64()
            .and_then(|begun| u32::try_from(begun).ok())
            .ok_or("not a state")?;
        let due = value["due"].as_u64().ok_or("not a state")?;
        let progress = serde_json::from_value(value["progress"].clone())?;
        let end = value["end"].as_str().map(str::to_string);
        Ok(Self { begun, progress, due, end, revision: entry.revision })
    }

    /// Stores this, unless another worker has stored something since it was read. Returns whether it is stored.
    async fn commit(&mut self, states: &kv::Store, job: &Job) -> bool {
        let value = json!({ "begun": self.begun, "progress": self.progress, "due": self.due, "end": self.end });
        // If the server is away, the message comes back, as after a death.
        let stored =
            states.update(job.id.to_string(), value.to_string().into(), self.revision).await;
        self.revision = *stored.as_ref().unwrap_or(&self.revision);
        stored.is_ok()
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

async fn work(address: &str, capacity: u32) -> Result<(), Error> {
    end_with_supervisor();
    set_budget(capacity);
    let context = connect(address).await?;
    let states = context.get_key_value(STATES).await?;
    let consumer: PullConsumer = context.get_consumer_from_stream(JOBS, JOBS).await?;
    let workers = (0..WORKERS).map(|worker| {
        let (states, consumer) = (&states, &consumer);
        async move {
            loop {
                // One at a time: every delivery counts as an attempt, also of a message that waits for its turn here.
                let mut messages = consumer
                    .batch()
                    .max_messages(1)
                    .expires(Duration::from_secs(5))
                    .messages()
                    .await?;
                while let Some(message) = messages.next().await {
                    handle(states, worker, &message?).await?;
                }
            }
        }
    });
    // They never end, except by an error.
    let ended: Result<Vec<()>, Error> = futures_util::future::try_join_all(workers).await;
    ended.map(drop)
}

async fn handle(states: &kv::Store, worker: u32, message: &Message) -> Result<(), Error> {
    let published = SystemTime::from(message.info()?.published);
    let job = Job::from_json(&message.payload)?;

    let mut state = State::read(states, &job).await?;
    if state.end.is_some() {
        say(Kind::Settled, worker, job.id, state.progress.tries, "");
        return message.ack().await;
    }

    // The server may deliver a message before its time: see the README.
    let early = Duration::from_micros(state.due).saturating_sub(now());
    if !early.is_zero() {
        say(Kind::Early, worker, job.id, state.begun, "");
        return message.ack_with(AckKind::Nak(Some(early))).await;
    }

    // The attempt counts before it is made, so that it counts even if the worker dies. The server's count of deliveries is
    // no count of attempts: see the README.
    state.begun += 1;
    let begun = state.begun;
    state.due = micros(now() + lease(begun));
    if !state.commit(states, &job).await {
        say(Kind::Stale, worker, job.id, begun, "");
        return Ok(());
    }

    // Includes the time in the queue. The server's clock and this one must agree better than `max_time` matters.
    state.progress.elapsed = published.elapsed().unwrap_or_default();
    let Next { decision, report } =
        if let Some(next) = decide_on_deaths(&job, worker, &mut state.progress, begun) {
            next
        } else {
            let outcome = job.attempt(worker, begun).await;
            state.progress.elapsed = published.elapsed().unwrap_or_default();
            decide(&job, worker, &mut state.progress, &outcome)
        };
    state.end = match decision {
        Decision::Done => Some("done".to_string()),
        Decision::GiveUp(reason) => Some(report.unwrap_or_else(|| format!("{reason:?}"))),
        Decision::Backoff(wait) => {
            state.due = micros(now() + wait);
            None
        }
    };
    slow_network().await;
    // The state first: a message that is gone without a state would be a lost job.
    if !state.commit(states, &job).await {
        // Another worker decides on the message.
        say(Kind::Stale, worker, job.id, begun, "");
        return Ok(());
    }
    say(Kind::Committed, worker, job.id, begun, state.end.as_ref().map_or("wait", |_| "end"));
    slow_network().await;
    message
        .ack_with(match decision {
            Decision::Done => AckKind::Ack,
            // A NAK without a delay would come back at once, whatever the consumer's list of waits says.
            Decision::Backoff(wait) => AckKind::Nak(Some(wait)),
            Decision::GiveUp(_) => AckKind::Term,
        })
        .await
}

// -- the test -------------------------------------------------------------------------------------

async fn connect(address: &str) -> Result<Context, Error> {
    Ok(async_nats::jetstream::new(async_nats::connect(address).await?))
}

async fn supervise(rounds: u64) -> Result<(), Error> {
    let server = Nats::start()?;
    let context = connect(&server.address).await?;
    naks_ignore_the_list(&context).await?;
    play_rounds(rounds, async |plan, seed| play(&context, &server.address, plan, seed).await).await
}

async fn play(context: &Context, address: &str, plan: Plan, seed: u64) -> Result<Figures, Error> {
    // Of the round before. There is none before the first.
    let _ = context.delete_stream(JOBS).await;
    let _ = context.delete_stream(BUCKET).await;
    // A key-value bucket, made by hand: to make one, the client asks the server what those of version 2.9 do not know.
    context
        .create_stream(stream::Config {
            name: BUCKET.to_string(),
            subjects: vec![format!("$KV.{STATES}.>")],
            // The test looks at all of them. A worker needs the last one.
            max_messages_per_subject: 64,
            allow_direct: true,
            ..Default::default()
        })
        .await?;
    let states = context.get_key_value(STATES).await?;
    late_workers_change_nothing(&states).await?;
    let queue = context
        .create_stream(stream::Config {
            name: JOBS.to_string(),
            retention: RetentionPolicy::WorkQueue,
            ..Default::default()
        })
        .await?;
    queue
        .create_consumer(pull::Config {
            durable_name: Some(JOBS.to_string()),
            ack_policy: AckPolicy::Explicit,
            // For workers that die. It replaces `ack_wait`, and its last entry applies to all further deliveries.
            backoff: leases(),
            max_deliver: MAX_DELIVER,
            ..Default::default()
        })
        .await?;
    for job in &plan.jobs {
        context.publish(JOBS, job.to_json().into()).await?.await?;
    }
    let arguments = ["worker", address, &plan.capacity.to_string()].map(str::to_string).to_vec();
    let ends = watch(&states).await?;
    let ends = || ends.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // A message that is left over comes back, to be settled by another worker.
    round(arguments, plan, seed, async || Ok((ends(), queue.get_info().await?.state.messages == 0)))
        .await
}

/// Collects every end that is ever stored, which should be one for each job.
async fn watch(states: &kv::Store) -> Result<Arc<Mutex<Vec<End>>>, Error> {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let mut entries = states.watch_with_history(">").await?;
    let found = Arc::clone(&ends);
    tokio::spawn(async move {
        while let Some(Ok(entry)) = entries.next().await {
            let value: Value = serde_json::from_slice(&entry.value).unwrap_or_default();
            let (Ok(job), Some(end)) = (entry.key.parse(), value["end"].as_str()) else { continue };
            let tries = value["progress"]["tries"]
                .as_u64()
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or_default();
            let report = (end != "done").then(|| end.to_string());
            found.lock().unwrap_or_else(PoisonError::into_inner).push(End { job, tries, report });
        }
    });
    Ok(ends)
}

/// Lets two workers read the same state, which kills rarely show.
async fn late_workers_change_nothing(states: &kv::Store) -> Result<(), Error> {
    let job = Job { id: u32::MAX, busy: 0, valid: true };
    // Twice: for a job that nothing is kept of, and for one with a state.
    for begun in 1..=2 {
        let (mut late, mut first) =
            (State::read(states, &job).await?, State::read(states, &job).await?);
        (first.begun, late.begun) = (begun, 7);
        let stored = [
            first.commit(states, &job).await,
            late.commit(states, &job).await,
            first.commit(states, &job).await,
        ];
        if stored != [true, false, true] || State::read(states, &job).await?.begun != begun {
            return Err(format!("a late worker changes a state: {stored:?}").into());
        }
    }
    Ok(())
}

/// Shows why both the list and the delay are needed: the list is for workers that die, and a NAK ignores it.
async fn naks_ignore_the_list(context: &Context) -> Result<(), Error> {
    let queue = context
        .create_stream(stream::Config { name: "probe".to_string(), ..Default::default() })
        .await?;
    let wait = Duration::from_millis(700);
    let consumer = queue
        .create_consumer(pull::Config {
            durable_name: Some("probe".to_string()),
            ack_policy: AckPolicy::Explicit,
            backoff: vec![wait],
            max_deliver: MAX_DELIVER,
            ..Default::default()
        })
        .await?;
    context.publish("probe", "probe".into()).await?.await?;
    let mut messages = consumer.stream().max_messages_per_batch(1).messages().await?;
    let mut next = async || messages.next().await.ok_or("no message")?.map_err(Error::from);

    let first = next().await?;
    let began = Instant::now();
    first.ack_with(AckKind::Nak(None)).await?;
    next().await?;
    let after_nak = began.elapsed();
    // This one is not answered.
    let began = Instant::now();
    next().await?.ack().await?;
    let after_silence = began.elapsed();
    println!(
        "a list of {wait:?}: back {after_nak:.1?} after a plain NAK, {after_silence:.1?} after silence"
    );
    if after_nak < wait / 2 && after_silence > wait / 2 {
        Ok(())
    } else {
        Err("the server does not do as the README says".into())
    }
}
