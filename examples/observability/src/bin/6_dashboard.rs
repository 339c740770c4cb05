//! A dashboard and alerts for retries: `dashboard.json` (Grafana) and `alerts.yml` (Prometheus).
//!
//! Five services have a trouble each. Without an argument the program only checks that dashboard and alerts use series
//! that exist. With the argument `prometheus` it starts a real one (`prometheus` must be on the `PATH`), which scrapes
//! it every half second. Then every query of the dashboard has to return what the script did, and every alert has to
//! fire for its service and for no other. With a path as second argument it draws the panels.
//!
//! The calls wait on a virtual clock: only the scrapes take time.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use relent::{Budget, Jitter, Metrics, Retry, TestClock};
use relent_observability::free_address;
use serde_json::Value;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const DASHBOARD: &str = include_str!("../../dashboard.json");
const ALERTS: &str = include_str!("../../alerts.yml");

/// The script goes on once in a tick, with a hundred calls of each service.
const TICK: Duration = Duration::from_millis(250);
const CALM_TICKS: u32 = 12;
const TROUBLED_TICKS: u32 = 40;

/// What `5m` and `1m` in the alerts are here.
const WINDOW: &str = "5s";

// -- the script ----------------------------------------------------------------------------------

static CALM: Budget = Budget::new().named("calm");
static DRAINED: Budget = Budget::new().capacity(200).named("drained");

/// How a call ends: the number of failures before it succeeds, or a failure that is not retried.
#[derive(Clone, Copy)]
enum Call {
    Fails(u32),
    Refused,
}

struct Service {
    name: &'static str,
    max_tries: u32,
    attempt: Duration,
    budget: Option<&'static Budget>,
    /// What the calls of a tick do in its trouble. The others succeed at once.
    trouble: fn(call: u32) -> Call,
}

const SERVICES: [Service; 5] = [
    Service {
        name: "calm",
        max_tries: 3,
        attempt: Duration::from_millis(40),
        budget: Some(&CALM),
        trouble: |_| Call::Fails(0),
    },
    // The second try helps, or the third.
    Service {
        name: "flaky",
        max_tries: 3,
        attempt: Duration::from_millis(120),
        budget: None,
        trouble: |call| Call::Fails([0, 0, 0, 1, 0, 0, 2, 0, 1, 0][call as usize % 10]),
    },
    // The third try never helps.
    Service {
        name: "hopeless",
        max_tries: 3,
        attempt: Duration::from_millis(40),
        budget: None,
        trouble: |call| Call::Fails([0, 1, 0, 0, 9][call as usize % 5] * u32::from(call < 25)),
    },
    // Retries would not help, and none are made.
    Service {
        name: "locked",
        max_tries: 3,
        attempt: Duration::from_millis(40),
        budget: None,
        trouble: |call| if call % 10 < 3 { Call::Refused } else { Call::Fails(0) },
    },
    // Few calls fail, but more than the budget allows for.
    Service {
        name: "drained",
        max_tries: 2,
        attempt: Duration::from_millis(40),
        budget: Some(&DRAINED),
        trouble: |call| Call::Fails(if call % 12 == 11 { 9 } else { 0 }),
    },
];

impl Service {
    fn tick(&self, clock: &TestClock, is_troubled: bool) {
        let policy = Retry::expo()
            .first_wait(Duration::from_millis(100))
            .jitter(Jitter::None)
            .max_tries(self.max_tries)
            .target(self.name)
            .clock(clock)
            .retry_if(|error: &&str| *error != "refused")
            .observe(Metrics::new());
        for call in 0..100 {
            let call = if is_troubled { (self.trouble)(call) } else { Call::Fails(0) };
            let mut failures = 0;
            let operation = || {
                clock.advance(self.attempt);
                match call {
                    Call::Refused => Err("refused"),
                    Call::Fails(times) if failures < times => {
                        failures += 1;
                        Err("busy")
                    }
                    Call::Fails(_) => Ok(()),
                }
            };
            // What the caller gets is counted by the observer.
            let _ = match self.budget {
                Some(budget) => {
                    policy.budget(budget).observe(Metrics::watch(budget)).run(operation)
                }
                None => policy.run(operation),
            };
        }
    }
}

fn tick(clock: &TestClock, is_troubled: bool) {
    for service in &SERVICES {
        service.tick(clock, is_troubled);
    }
}

/// The series that each panel has to show at the end of the trouble: its legend, and its value.
fn expected() -> BTreeMap<&'static str, Vec<(&'static str, f64)>> {
    // All attempts are in one bucket, in which the quantile is interpolated.
    let quantile = |low: f64, high: f64| low + 0.95 * (high - low);
    let (short, long) = (quantile(0.025, 0.05), quantile(0.1, 0.25));
    BTreeMap::from([
        ("Calls", vec![("success", 457.0 * 4.0), ("failure", 43.0 * 4.0)]),
        ("Success only after retries", vec![("flaky", 0.3), ("hopeless", 5.0 / 95.0)]),
        (
            "Calls that give up, by reason",
            vec![("hopeless: max_tries", 0.05), ("locked: not_retryable", 0.3)],
        ),
        (
            "Attempts per call",
            vec![("calm", 1.0), ("flaky", 1.4), ("hopeless", 1.15), ("locked", 1.0)],
        ),
        (
            "Calls saved by each try",
            vec![
                ("calm: second try", 0.0),
                ("flaky: second try", 0.2),
                ("flaky: third try", 0.1),
                ("hopeless: second try", 0.05),
                ("hopeless: third try", 0.0),
                ("locked: second try", 0.0),
            ],
        ),
        (
            "Delay added by retrying",
            vec![
                ("flaky", 0.2 * (0.1 + 0.12) + 0.1 * (0.3 + 0.24)),
                ("hopeless", 0.05 * (0.1 + 0.04) + 0.05 * (0.3 + 0.08)),
            ],
        ),
        (
            "Duration of an attempt",
            vec![
                ("calm", short),
                ("flaky", long),
                ("hopeless", short),
                ("locked", short),
                ("drained", short),
            ],
        ),
        ("Retry budgets", vec![("calm", 1.0)]),
    ])
}

/// Which alerts fire, and for which service.
const FIRING: [(&str, &str); 4] = [
    ("RelentBudgetBelowHalf", "drained"),
    ("RelentGivesUp", "locked"),
    ("RelentSuccessNeedsRetries", "flaky"),
    ("RelentThirdTryNeverHelps", "hopeless"),
];

// -- the program ---------------------------------------------------------------------------------

fn recorder() -> Result<PrometheusBuilder, BuildError> {
    const TRIES: [f64; 10] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
    const SECONDS: [f64; 12] =
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("relent_call_tries".to_owned()), &TRIES)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let clock = TestClock::new();
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let handle = recorder()?.install_recorder()?;
            Metrics::describe();
            tick(&clock, true);
            let text = handle.render();
            for series in named(DASHBOARD).union(&named(ALERTS)) {
                assert!(
                    text.contains(&format!("\n{series}{{")),
                    "there is no {series} in:\n{text}"
                );
            }
            println!("dashboard and alerts use series that exist");
            Ok(())
        }
        ["prometheus"] => watched(&clock, None).await,
        ["prometheus", picture] => watched(&clock, Some(Path::new(picture))).await,
        _ => Err("usage: 6_dashboard [prometheus [PICTURE.svg]]".into()),
    }
}

/// The names of this crate's series in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_name(c)).filter(|word| word.starts_with("relent_")).collect()
}

async fn watched(clock: &TestClock, picture: Option<&Path>) -> Result<()> {
    let address = free_address()?;
    recorder()?.with_http_listener(address).install()?;
    Metrics::describe();
    Metrics::watch(&CALM).set();
    Metrics::watch(&DRAINED).set();
    let prometheus = Prometheus::start(address).await?;

    let began = now();
    let mut ticks = tokio::time::interval(TICK);
    for is_troubled in [(false, CALM_TICKS), (true, TROUBLED_TICKS)]
        .into_iter()
        .flat_map(|(is_troubled, ticks)| (0..ticks).map(move |_| is_troubled))
    {
        ticks.tick().await;
        tick(clock, is_troubled);
    }
    let ended = now();

    // From here on: what has arrived?
    let fired =
        prometheus.query("count_over_time(ALERTS{alertstate=\"firing\"}[1m])", ended).await?;
    let fired: Vec<(&str, &str)> = fired
        .iter()
        .map(|series| {
            let labels = &series["metric"];
            let service = labels["target"].as_str().or(labels["budget"].as_str());
            (labels["alertname"].as_str().unwrap_or_default(), service.unwrap_or_default())
        })
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(fired, FIRING, "the alerts that have fired");

    let dashboard: Value = serde_json::from_str(DASHBOARD)?;
    let panels = dashboard["panels"].as_array().ok_or("no panels")?;
    let mut expected = expected();
    let mut drawn = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().ok_or("a panel without a title")?;
        let mut found = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for target in panel["targets"].as_array().ok_or("a panel without queries")? {
            let query = target["expr"].as_str().ok_or("no query")?;
            let query = query.replace("$__rate_interval", WINDOW).replace("$target", ".*");
            let legend = |series: &Value| of_series(&target["legendFormat"], &series["metric"]);
            for series in prometheus.query(&query, ended).await? {
                found.insert(legend(&series), number(&series["value"][1])?);
            }
            for series in prometheus.range(&query, began, ended).await? {
                let points = series["values"].as_array().ok_or("no values")?;
                let point = |p: &Value| Some((p[0].as_f64()? - began, number(&p[1]).ok()?));
                lines.insert(legend(&series), points.iter().filter_map(point).collect());
            }
        }
        println!("{title}: {found:?}");
        for (legend, value) in expected.remove(title).ok_or(format!("{title} is not expected"))? {
            let shown = *found.get(legend).ok_or(format!("{title} does not show {legend}"))?;
            // A second has not always four ticks, and the rest is exact.
            let tolerance = if title == "Calls" { 0.3 } else { 0.01 };
            assert!(
                (shown - value).abs() <= tolerance * value,
                "{title}, {legend}: {shown}, not {value}"
            );
        }
        drawn.push(Panel { title, axis: axis(panel), lines });
    }
    assert!(expected.is_empty(), "there are no panels {expected:?}");
    if let Some(path) = picture {
        let svg = draw(&drawn);
        fs::write(path.with_extension("plot"), definition(&svg))?;
        fs::write(path, svg)?;
    }
    println!("every panel shows what the script did, and each alert fired for its service alone");
    Ok(())
}

fn axis(panel: &Value) -> &str {
    panel["fieldConfig"]["defaults"]["custom"]["axisLabel"].as_str().unwrap_or_default()
}

/// The legend of a series: `{{label}}` stands for the value of a label.
fn of_series(format: &Value, labels: &Value) -> String {
    let mut legend = format.as_str().unwrap_or_default().to_owned();
    for (label, value) in labels.as_object().into_iter().flatten() {
        legend = legend.replace(&format!("{{{{{label}}}}}"), value.as_str().unwrap_or_default());
    }
    legend
}

fn number(text: &Value) -> Result<f64> {
    Ok(text.as_str().ok_or("not a number")?.parse()?)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

// -- Prometheus ----------------------------------------------------------------------------------

/// A server of its own, which ends with this value.
struct Prometheus {
    process: Child,
    directory: PathBuf,
    url: String,
    client: reqwest::Client,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // There is nothing to be done about a server that has ended, or a directory that stays.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Prometheus {
    async fn start(scraped: SocketAddr) -> Result<Self> {
        let directory = env::temp_dir().join(format!("relent-dashboard-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        // The same rules, but minutes last seconds.
        let rules = ALERTS.replace("[5m]", &format!("[{WINDOW}]")).replace("for: 1m", "for: 1s");
        fs::write(directory.join("alerts.yml"), rules)?;
        let config = directory.join("prometheus.yml");
        fs::write(
            &config,
            format!(
                "global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}\n\
                 rule_files: [alerts.yml]\n\
                 scrape_configs: [{{job_name: relent, static_configs: [{{targets: [\"{scraped}\"]}}]}}]\n"
            ),
        )?;
        let address = free_address()?;
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .spawn()
            .map_err(|error| format!("prometheus cannot be started: {error}"))?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let this = Self { process, directory, url: format!("http://{address}"), client };
        // Until it is ready, and has scraped once.
        let is_up =
            || async { Ok::<_, Box<dyn Error>>(!this.query("up == 1", now()).await?.is_empty()) };
        Retry::constant(Duration::from_millis(250))
            .max_time(Duration::from_secs(30))
            .until(|is_up: &bool| *is_up)
            .run_async(is_up)
            .await?;
        Ok(this)
    }

    async fn query(&self, query: &str, time: f64) -> Result<Vec<Value>> {
        self.get("query", &[("query", query), ("time", &time.to_string())]).await
    }

    async fn range(&self, query: &str, start: f64, end: f64) -> Result<Vec<Value>> {
        let (start, end) = (start.to_string(), end.to_string());
        let arguments = [("query", query), ("start", &start), ("end", &end), ("step", "0.5")];
        self.get("query_range", &arguments).await
    }

    async fn get(&self, path: &str, arguments: &[(&str, &str)]) -> Result<Vec<Value>> {
        let url =
            reqwest::Url::parse_with_params(&format!("{}/api/v1/{path}", self.url), arguments)?;
        let answer: Value = self.client.get(url).send().await?.json().await?;
        let result = answer["data"]["result"].as_array();
        Ok(result.ok_or_else(|| format!("{arguments:?}: {answer}"))?.clone())
    }
}

// -- the picture ---------------------------------------------------------------------------------

struct Panel<'a> {
    title: &'a str,
    axis: &'a str,
    lines: BTreeMap<String, Vec<(f64, f64)>>,
}

/// Each service has its colour, in every panel.
fn colour(legend: &str) -> &'static str {
    match legend.split(':').next().unwrap_or_default() {
        "calm" | "success" => "#2ca02c",
        "flaky" => "#1f77b4",
        "hopeless" => "#9467bd",
        "drained" => "#e08000",
        _ => "#d62728",
    }
}

/// Two panels a row, each with its legend below.
fn draw(panels: &[Panel<'_>]) -> String {
    let (width, height) = (760, panels.len().div_ceil(2) * 230);
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' \
         font-family='sans-serif' font-size='11'>\n<rect width='100%' height='100%' fill='white'/>\n"
    );
    for (row, panels) in (0_u32..).zip(panels.chunks(2)) {
        for (column, panel) in (0_u32..).zip(panels) {
            panel.draw(&mut svg, f64::from(380 * column), f64::from(230 * row));
        }
    }
    svg + "</svg>\n"
}

impl Panel<'_> {
    fn draw(&self, svg: &mut String, left: f64, top: f64) {
        const WIDE: f64 = 310.0;
        const HIGH: f64 = 120.0;
        let end = f64::from(CALM_TICKS + TROUBLED_TICKS) * TICK.as_secs_f64();
        let points = || self.lines.values().flatten();
        let most = points().map(|(_, y)| *y).fold(0.0, f64::max);
        // The axis ends with a round number.
        let power = 10_f64.powf(most.max(1e-9).log10().floor());
        let most = [1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 12.0].map(|n| n * power);
        let most =
            most.into_iter().find(|round| points().all(|(_, y)| *y <= 0.97 * round)).unwrap_or(1.0);
        let x = |at: f64| left + 55.0 + WIDE * at / end;
        let y = |at: f64| top + 35.0 + HIGH * (1.0 - at / most);
        let mut line = |line: String| *svg += &(line + "\n");

        let (text, title, axis) = (left + 55.0, self.title, self.axis);
        line(format!(
            "<text x='{text}' y='{}' font-size='13' font-weight='bold'>{title}</text>",
            top + 16.0
        ));
        line(format!("<text x='{text}' y='{}' fill='#666'>{axis}</text>", top + 30.0));
        let (trouble, bottom) = (f64::from(CALM_TICKS) * TICK.as_secs_f64(), y(0.0));
        line(format!(
            "<rect x='{:.1}' y='{:.1}' width='{:.1}' height='{HIGH}' fill='#f6f0f0'/>",
            x(trouble),
            y(most),
            x(end) - x(trouble)
        ));
        for share in [0.0, 0.5, 1.0] {
            let (at, label) = (y(share * most), (share * most * 1000.0).round() / 1000.0);
            line(format!(
                "<line x1='{:.1}' x2='{:.1}' y1='{at:.1}' y2='{at:.1}' stroke='#ccc'/>",
                x(0.0),
                x(end)
            ));
            line(format!(
                "<text x='{:.1}' y='{:.1}' text-anchor='end'>{label}</text>",
                x(0.0) - 5.0,
                at + 4.0
            ));
        }
        for at in [0.0, 5.0, 10.0] {
            line(format!(
                "<text x='{:.1}' y='{:.1}' text-anchor='middle'>{at} s</text>",
                x(at),
                bottom + 14.0
            ));
        }
        let (mut column, mut row) = (text, bottom + 30.0);
        // A line that never leaves the axis shows nothing.
        let lines = self.lines.iter().filter(|(_, points)| points.iter().any(|(_, y)| *y > 0.0));
        for (n, (legend, points)) in lines.enumerate() {
            let (colour, dash) = (colour(legend), if n % 2 == 0 { "none" } else { "5 2" });
            let points: Vec<String> = points
                .iter()
                .map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)))
                .collect();
            let style = format!("stroke='{colour}' stroke-width='1.5' stroke-dasharray='{dash}'");
            line(format!("<polyline points='{}' fill='none' {style}/>", points.join(" ")));
            let wide = 28.0 + legend.chars().map(|_| 6.0).sum::<f64>();
            if column + wide > left + 375.0 {
                (column, row) = (text, row + 13.0);
            }
            line(format!(
                "<line x1='{column}' x2='{}' y1='{1:.1}' y2='{1:.1}' {style}/>",
                column + 14.0,
                row - 4.0
            ));
            line(format!("<text x='{}' y='{row:.1}'>{legend}</text>", column + 18.0));
            column += wide;
        }
    }
}

/// The picture as the definition of a link, for a page that has no file beside it.
fn definition(svg: &str) -> String {
    let mut line = String::from("[dashboard]: data:image/svg+xml,");
    for c in svg.chars() {
        match c {
            '\n' | ' ' => line.push_str("%20"),
            '<' | '>' | '#' | '%' | '(' | ')' | '"' => {
                write!(line, "%{:02X}", u32::from(c)).expect("a string takes it all");
            }
            c => line.push(c),
        }
    }
    line + "\n"
}
