//! Pattern 2, metrics: one policy for the whole program counts its calls and retries.
//!
//! A Prometheus exporter serves them; the program scrapes its own `/metrics`.

use std::error::Error;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use relent::condition::AnyError;
use relent::observe::Observed;
use relent::wait::Expo;
use relent::{Metrics, Retry};
use relent_observability::free_address;

/// Counts the calls of any operation, whatever it returns.
static API: LazyLock<Retry<Expo, AnyError, Observed<(), Metrics>>> = LazyLock::new(|| {
    Retry::expo()
        .first_wait(Duration::from_millis(2))
        .max_tries(3)
        .target("fetch_user")
        .observe(Metrics::new())
});

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = free_address()?;
    PrometheusBuilder::new().with_http_listener(address).install()?;

    for name in ["ada", "grace"] {
        assert_eq!(API.run(|| Ok::<_, fmt::Error>(name)), Ok(name));
    }
    let mut calls = 0;
    let third = API.run(|| {
        calls += 1;
        if calls < 3 { Err("busy") } else { Ok(calls) }
    });
    assert_eq!(third, Ok(3));
    API.run_async(async || Err::<(), _>("down")).await.unwrap_err();
    let picky = API.retry_if(|e: &&str| *e != "no such user");
    for _ in 0..4 {
        picky.run(|| Err::<(), _>("no such user")).unwrap_err();
    }

    // From here on: what has arrived?
    let text = scrape(&format!("http://{address}/metrics")).await?;
    print!("{text}");
    let calls = |outcome, retried| {
        let labels = [("target", "fetch_user"), ("outcome", outcome), ("retried", retried)];
        sample(&text, "relent_calls_total", &labels)
    };
    assert_eq!(calls("success", "false"), Some("2"));
    assert_eq!(calls("success", "true"), Some("1"));
    assert_eq!(calls("failure", "true"), Some("1"));
    assert_eq!(calls("failure", "false"), Some("4"));
    let target = ("target", "fetch_user");
    assert_eq!(sample(&text, "relent_retries_total", &[target]), Some("4"));
    assert_eq!(sample(&text, "relent_wait_seconds_count", &[target]), Some("4"));
    let failed = [target, ("outcome", "failure")];
    assert_eq!(sample(&text, "relent_elapsed_seconds_count", &failed), Some("5"));
    println!("8 calls and 4 retries, all counted");
    Ok(())
}

async fn scrape(url: &str) -> reqwest::Result<String> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    client.get(url).send().await?.error_for_status()?.text().await
}

/// The value of the sample that has this name and exactly these labels, in any order.
fn sample<'t>(text: &'t str, name: &str, labels: &[(&str, &str)]) -> Option<&'t str> {
    let mut wanted: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{v}\"")).collect();
    wanted.sort();
    text.lines().find_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let inner = series.strip_prefix(name)?.strip_prefix('{')?.strip_suffix('}')?;
        let mut found: Vec<&str> = inner.split(',').collect();
        found.sort_unstable();
        (found == wanted).then_some(value)
    })
}
