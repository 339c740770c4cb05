//! Pattern 1, structured logging: each event is a line of JSON with a field for each fact.
//!
//! The lines go to a file, as they would go to a log shipper, and are read back from there.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use relent::{Retry, Tracing};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("relent-{}.jsonl", std::process::id()));
    tracing_subscriber::fmt()
        .json()
        .with_max_level(LevelFilter::DEBUG)
        .with_writer(Arc::new(File::create(&path)?))
        .init();

    let policy = Retry::constant(Duration::from_millis(20))
        .max_tries(3)
        .retry_if(|e: &io::Error| e.kind() != io::ErrorKind::NotFound)
        .target("fetch_user")
        .observe(Tracing::new());

    // A server that is down is an error, and each wait on the way there is worth a line.
    policy.run(|| Err::<(), _>(io::Error::other("connection refused"))).unwrap_err();
    // A user that does not exist is an answer.
    policy.run(|| Err::<(), _>(io::Error::from(io::ErrorKind::NotFound))).unwrap_err();
    policy.run(|| Ok(())).unwrap();

    // From here on: what has arrived?
    let text = fs::read_to_string(&path)?;
    fs::remove_file(&path)?;
    print!("{text}");
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let found: Vec<Value> = lines
        .iter()
        .map(|line| {
            assert_eq!(line["target"], "relent");
            let fields = &line["fields"];
            assert_eq!(fields["target"], "fetch_user");
            assert!(fields["elapsed_ms"].is_u64(), "{line}");
            // Full jitter is on: a wait is at most what was asked for.
            let waits = fields.get("wait_ms").map(|wait| wait.as_u64() <= Some(20));
            let facts = ["message", "tries", "reason", "error"].map(|name| &fields[name]);
            json!([line["level"], facts, waits])
        })
        .collect();
    let refused = "connection refused";
    assert_eq!(
        found,
        [
            json!(["INFO", ["backing off", 1, null, refused], true]),
            json!(["INFO", ["backing off", 2, null, refused], true]),
            json!(["ERROR", ["giving up", 3, "max_tries", refused], null]),
            json!(["DEBUG", ["giving up", 1, "not_retryable", "entity not found"], null]),
            json!(["DEBUG", ["succeeded", 1, null, null], null]),
        ]
    );
    println!("{} lines of JSON, all as expected", lines.len());
    Ok(())
}
