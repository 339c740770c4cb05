//! Pattern 4, alerting: who gives up after five tries or more posts to a webhook.
//!
//! The alarm must do no harm: a webhook that is down, or that never answers, leaves the call as it is.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use relent::Retry;
use relent_observability::{Server, free_address};
use serde_json::json;

/// How long the alarm may keep the caller waiting.
const PATIENCE: Duration = Duration::from_millis(250);

/// Makes a call that never succeeds, and returns how it ended and how many alarms were dealt with.
async fn call(webhook: &str, tries: u32) -> reqwest::Result<(Result<(), &'static str>, u32)> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let ended = AtomicU32::new(0);
    let outcome = Retry::constant(Duration::from_millis(2))
        .max_tries(tries)
        .target("charge_card")
        .on_giveup_async(|d| {
            let alarm = (d.tries >= 5).then(|| client.post(webhook).json(&d.snapshot()));
            let ended = &ended;
            async move {
                let Some(alarm) = alarm else { return };
                if let Err(error) = alarm.send().await {
                    eprintln!("no alarm could be raised: {error:?}");
                }
                ended.fetch_add(1, Ordering::Relaxed);
            }
        })
        .run_async(async || Err("down"))
        .await;
    Ok((outcome, ended.into_inner()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Server::start()?;
    let webhook = service.url("/alarm");
    assert_eq!(call(&webhook, 4).await?, (Err("down"), 0), "too few tries for an alarm");
    assert_eq!(call(&webhook, 5).await?, (Err("down"), 1));
    let requests = service.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    let alarm = requests[0].json();
    println!("{alarm}");
    assert_eq!(requests[0].path, "/alarm");
    for (field, value) in [
        ("event", json!("giveup")),
        ("target", json!("charge_card")),
        ("tries", json!(5)),
        ("error", json!("down")),
        ("reason", json!("max_tries")),
    ] {
        assert_eq!(alarm[field], value, "{field}");
    }

    // Nobody listens: the same result, at once.
    let (result, took) = timed(&format!("http://{}/alarm", free_address()?)).await?;
    assert_eq!(result, (Err("down"), 1));
    assert!(took < Duration::from_secs(1), "{took:?}");

    // Somebody listens and never answers: the same result, when patience has run out.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let (result, took) = timed(&format!("http://{}/alarm", silent.local_addr()?)).await?;
    assert_eq!(result, (Err("down"), 1));
    assert!((PATIENCE..PATIENCE + Duration::from_secs(1)).contains(&took), "{took:?}");
    println!("1 alarm raised, 2 in vain, 4 calls unharmed");
    Ok(())
}

async fn timed(webhook: &str) -> reqwest::Result<((Result<(), &'static str>, u32), Duration)> {
    let start = Instant::now();
    Ok((call(webhook, 5).await?, start.elapsed()))
}
