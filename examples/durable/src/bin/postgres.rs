//! Jobs in a table of `PostgreSQL`, and a test that kills their workers: `cargo run --bin postgres -- --rounds 3`.

use std::time::{Duration, Instant};

use relent::Progress;
use relent::run::Decision;
use tokio_postgres::{Client, NoTls};

use relent_durable::Error;
use relent_durable::history::{End, Figures, Kind, say};
use relent_durable::job::{Job, Next, decide, decide_on_deaths, leases, set_budget, slow_network};
use relent_durable::server::Postgres;
use relent_durable::supervisor::{Plan, WORKERS, end_with_supervisor, play_rounds, round};

/// `reports` has no key that forbids a second end of a job: the test shows that there is none.
const TABLES: &str = "
    DROP TABLE IF EXISTS jobs, reports;
    CREATE TABLE jobs (
        id integer PRIMARY KEY,
        payload text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        begun integer NOT NULL DEFAULT 0,
        progress jsonb,
        ended_at timestamptz
    );
    CREATE INDEX due ON jobs (next_attempt_at) WHERE ended_at IS NULL;
    CREATE TABLE reports (job integer NOT NULL, tries integer NOT NULL, report text, at timestamptz NOT NULL DEFAULT now());
";

/// Takes a job that is due, and reserves it. `begun` counts the attempt before it is made, so that it counts even if the
/// worker dies. No lock is held while the worker works.
const TAKE: &str = "
    WITH due AS (
        SELECT id FROM jobs WHERE ended_at IS NULL AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs SET begun = begun + 1,
        next_attempt_at = now() + ($1::bigint[])[least(begun + 1, cardinality($1))] * interval '1 microsecond'
    FROM due WHERE jobs.id = due.id
    RETURNING payload, begun, progress::text, extract(epoch FROM now() - created_at)::float8
";

/// `begun` guards it: another worker has the job if it has grown.
const PUT_BACK: &str = "
    UPDATE jobs SET progress = $3::text::jsonb, next_attempt_at = now() + $4::bigint * interval '1 microsecond'
    WHERE id = $1 AND begun = $2 AND ended_at IS NULL
";

/// The end and its report are one statement: neither is there without the other.
const END: &str = "
    WITH ended AS (
        UPDATE jobs SET progress = $3::text::jsonb, ended_at = now()
        WHERE id = $1 AND begun = $2 AND ended_at IS NULL RETURNING id
    )
    INSERT INTO reports (job, tries, report) SELECT id, $4, $5 FROM ended
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["worker", address, capacity] => work(address, capacity.parse()?).await,
        [] => supervise(3).await,
        ["--rounds", rounds] => supervise(rounds.parse()?).await,
        _ => Err("postgres [--rounds N]".into()),
    }
}

async fn connect(address: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    // When it ends, so do the client's calls.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

// -- the worker -----------------------------------------------------------------------------------

async fn work(address: &str, capacity: u32) -> Result<(), Error> {
    end_with_supervisor();
    set_budget(capacity);
    let client = connect(address).await?;
    let leases: Vec<i64> = leases().into_iter().map(micros).collect();
    let workers = (0..WORKERS).map(|worker| {
        let (client, leases) = (&client, &leases);
        async move {
            loop {
                if !handle_one(client, worker, leases).await? {
                    // A job table with longer waits is asked less often, or says that there is a job: LISTEN, NOTIFY.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    });
    // They never end, except by an error.
    let ended: Result<Vec<()>, Error> = futures_util::future::try_join_all(workers).await;
    ended.map(drop)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Returns whether there was a job.
async fn handle_one(client: &Client, worker: u32, leases: &Vec<i64>) -> Result<bool, Error> {
    let Some(row) = client.query_opt(TAKE, &[leases]).await? else { return Ok(false) };
    let taken = Instant::now();
    let job = Job::from_json(row.get::<_, &str>(0).as_bytes())?;
    let begun: i32 = row.get(1);
    let kept: Option<&str> = row.get(2);
    // Includes the time in the table.
    let age = Duration::try_from_secs_f64(row.get(3)).unwrap_or_default();

    let mut progress: Progress = kept.map(serde_json::from_str).transpose()?.unwrap_or_default();
    let number = u32::try_from(begun)?;
    progress.elapsed = age;
    let Next { decision, report } =
        if let Some(next) = decide_on_deaths(&job, worker, &mut progress, number) {
            next
        } else {
            let outcome = job.attempt(worker, number).await;
            progress.elapsed = age + taken.elapsed();
            decide(&job, worker, &mut progress, &outcome)
        };
    let kept = serde_json::to_string(&progress)?;
    let id = i32::try_from(job.id)?;
    slow_network().await;
    let rows = match decision {
        Decision::Backoff(wait) => {
            client.execute(PUT_BACK, &[&id, &begun, &kept, &micros(wait)]).await?
        }
        Decision::Done | Decision::GiveUp(_) => {
            let tries = i32::try_from(progress.tries)?;
            client.execute(END, &[&id, &begun, &kept, &tries, &report]).await?
        }
    };
    let kind = if rows == 1 { Kind::Committed } else { Kind::Stale };
    let what = if matches!(decision, Decision::Backoff(_)) { "wait" } else { "end" };
    say(kind, worker, job.id, number, what);
    Ok(true)
}

// -- the test -------------------------------------------------------------------------------------

async fn supervise(rounds: u64) -> Result<(), Error> {
    let server = Postgres::start()?;
    let client = connect(&server.address).await?;
    late_workers_change_nothing(&client).await?;
    play_rounds(rounds, async |plan, seed| play(&client, &server.address, plan, seed).await).await
}

async fn play(client: &Client, address: &str, plan: Plan, seed: u64) -> Result<Figures, Error> {
    client.batch_execute(TABLES).await?;
    for job in &plan.jobs {
        let (id, payload) = (i32::try_from(job.id)?, job.to_json());
        client.execute("INSERT INTO jobs (id, payload) VALUES ($1, $2)", &[&id, &payload]).await?;
    }
    let arguments = ["worker", address, &plan.capacity.to_string()].map(str::to_string).to_vec();
    round(arguments, plan, seed, async || Ok((ends(client).await?, true))).await
}

/// Lets a worker take so long that another one takes its job, which kills do not show.
async fn late_workers_change_nothing(client: &Client) -> Result<(), Error> {
    client.batch_execute(TABLES).await?;
    client.execute("INSERT INTO jobs (id, payload) VALUES (0, '')", &[]).await?;
    let take = async || -> Result<Option<i32>, Error> {
        Ok(client.query_opt(TAKE, &[&vec![60_000_000_i64]]).await?.map(|row| row.get("begun")))
    };
    let end =
        async |begun: i32| client.execute(END, &[&0, &begun, &"{}", &begun, &None::<&str>]).await;
    let put_back = async |begun: i32| client.execute(PUT_BACK, &[&0, &begun, &"{}", &0_i64]).await;

    let late = take().await?.ok_or("no job is due")?;
    if take().await?.is_some() {
        return Err("a job is due before its lease is over".into());
    }
    client.execute("UPDATE jobs SET next_attempt_at = now()", &[]).await?;
    let second = take().await?.ok_or("no job is due after the lease")?;
    let rows = [
        put_back(late).await?,
        end(late).await?,
        end(second).await?,
        end(second).await?,
        put_back(second).await?,
    ];
    if rows == [0, 0, 1, 0, 0] {
        Ok(())
    } else {
        Err(format!("a late worker changes a job: {rows:?}").into())
    }
}

async fn ends(client: &Client) -> Result<Vec<End>, Error> {
    let rows = client.query("SELECT job, tries, report FROM reports ORDER BY job", &[]).await?;
    let end = |row: &tokio_postgres::Row| -> Result<End, Error> {
        let (job, tries) =
            (u32::try_from(row.get::<_, i32>(0))?, u32::try_from(row.get::<_, i32>(1))?);
        Ok(End { job, tries, report: row.get(2) })
    };
    rows.iter().map(end).collect()
}
