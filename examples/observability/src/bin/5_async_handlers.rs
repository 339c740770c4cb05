//! Pattern 5, async handlers: each back-off is posted to a log service before the wait begins.
//!
//! The service that is called and the log service are one here, so that its list of requests shows
//! what came before what.

use std::error::Error;
use std::time::Duration;

use relent::{Jitter, Retry};
use relent_observability::Server;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Server::start()?;
    let (log, users) = (service.url("/log"), service.url("/users/7"));
    let client = reqwest::Client::builder().no_proxy().build()?;

    let outcome = Retry::expo()
        .first_wait(Duration::from_millis(40))
        .jitter(Jitter::None)
        .max_tries(3)
        .target("fetch_user")
        .on_backoff_async(|d| {
            let line = client.post(&log).json(&d.snapshot());
            async move {
                if let Err(error) = line.send().await {
                    eprintln!("the log service is away: {error:?}");
                }
            }
        })
        .run_async(async || {
            client.get(&users).send().await.map_err(|error| error.to_string())?;
            Err::<(), _>(String::from("not a user"))
        })
        .await;
    assert_eq!(outcome, Err(String::from("not a user")));

    // From here on: what has arrived?
    let requests = service.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    println!("{paths:?}");
    assert_eq!(paths, ["/users/7", "/log", "/users/7", "/log", "/users/7"]);
    for (line, tries, wait) in [(1, 1, 0.04), (3, 2, 0.08)] {
        let event: Value = requests[line].json();
        println!("{event}");
        assert_eq!(event["event"], "backoff");
        assert_eq!(event["target"], "fetch_user");
        assert_eq!(event["tries"], tries);
        assert_eq!(event["wait"], wait);
        assert_eq!(event["error"], "not a user");
        // The whole wait lies between the line and the next attempt.
        let after = requests[line + 1].at - requests[line].at;
        assert!(after.as_secs_f64() >= wait, "{after:?}");
    }
    println!("3 attempts, 2 lines, each before its wait");
    Ok(())
}
