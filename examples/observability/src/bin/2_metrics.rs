//! Pattern 2, metrics: one policy for the whole program counts its calls and retries.
//!
//! A Prometheus exporter serves them, with buckets that fit; the program scrapes its own `/metrics`.

use std::error::Error;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use relent::condition::{AnyError, Budgeted};
use relent::integrations::BudgetGauge;
use relent::observe::Observed;
use relent::wait::Expo;
use relent::{Budget, Metrics, Retry};
use relent_observability::free_address;

static USERS: Budget = Budget::new().named("users");

type Observers = Observed<Observed<(), Metrics>, BudgetGauge<&'static Budget>>;

/// Counts the calls of any operation, whatever it returns.
static API: LazyLock<Retry<Expo, Budgeted<AnyError, &'static Budget>, Observers>> =
    LazyLock::new(|| {
        Retry::expo()
            .first_wait(Duration::from_millis(2))
            .max_tries(3)
            .target("fetch_user")
            .budget(&USERS)
            .observe(Metrics::new())
            .observe(Metrics::watch(&USERS))
    });

/// The facade has no buckets, so the recorder sets them: each number of tries is counted apart.
fn recorder() -> Result<PrometheusBuilder, BuildError> {
    const TRIES: [f64; 10] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
    const SECONDS: [f64; 12] =
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("relent_call_tries".to_owned()), &TRIES)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = free_address()?;
    recorder()?.with_http_listener(address).install()?;
    Metrics::describe();
    Metrics::watch(&USERS).set();

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
    let calls = |outcome, reason, retried| {
        let labels = [
            ("target", "fetch_user"),
            ("outcome", outcome),
            ("reason", reason),
            ("retried", retried),
        ];
        sample(&text, "relent_calls_total", &labels)
    };
    assert_eq!(calls("success", "none", "false"), Some("2"));
    assert_eq!(calls("success", "none", "true"), Some("1"));
    assert_eq!(calls("failure", "max_tries", "true"), Some("1"));
    assert_eq!(calls("failure", "not_retryable", "false"), Some("4"));

    let target = ("target", "fetch_user");
    assert_eq!(sample(&text, "relent_retries_total", &[target]), Some("4"));
    assert_eq!(sample(&text, "relent_wait_seconds_count", &[target]), Some("4"));
    let (succeeded, failed) = ([target, ("outcome", "success")], [target, ("outcome", "failure")]);
    assert_eq!(sample(&text, "relent_call_duration_seconds_count", &failed), Some("5"));
    assert_eq!(sample(&text, "relent_retry_time_seconds_count", &failed), Some("1"));
    // 3 of calls that succeeded; of the others 2 that were retried, 1 that was the last, and 4.
    assert_eq!(sample(&text, "relent_attempt_duration_seconds_count", &succeeded), Some("3"));
    assert_eq!(sample(&text, "relent_attempt_duration_seconds_count", &failed), Some("9"));

    // Cumulative, as always in Prometheus: two calls needed one try, and one needed three.
    let tries = |le| {
        sample(&text, "relent_call_tries_bucket", &[target, ("outcome", "success"), ("le", le)])
    };
    assert_eq!([tries("1"), tries("2"), tries("3")], [Some("2"), Some("2"), Some("3")]);

    // As the program sees it.
    let budget = [("budget", "users")];
    let available = sample(&text, "relent_budget_available_tokens", &budget);
    assert_eq!(available, Some(USERS.available().to_string().as_str()));
    assert_eq!(sample(&text, "relent_budget_capacity_tokens", &budget), Some("500"));
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
